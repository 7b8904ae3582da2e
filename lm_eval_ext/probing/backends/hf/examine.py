"""What a model has to probe, seen in a forward pass of three tokens."""

from typing import TYPE_CHECKING, Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.hf.hooks import hooked
from lm_eval_ext.probing.backends.hf.locate import Located
from lm_eval_ext.probing.interventions import Place
from lm_eval_ext.probing.sites import Architecture, Site

if TYPE_CHECKING:
    from torch import Tensor

    from lm_eval_ext.probing.backends.hf.attention import Call

_TOKENS = 3


class _Seen:
    """Sizes of what passed each place, and the last attention call of each layer."""

    def __init__(self) -> None:
        self.passed: dict[Place, list[tuple[int, ...]]] = {}
        self.calls: dict[int, Call] = {}

    def begin(self, rows: int, tokens: int) -> None:
        pass

    def passes(self, place: Place, x: "Tensor") -> "Tensor":
        self.passed.setdefault(place, []).append(tuple(x.shape))
        return x

    def attends(self, layer: int, call: "Call") -> None:
        self.calls[layer] = call

    def everywhere(self, site: Site, layers: int) -> tuple[int, ...] | None:
        """Size of what passed a site, when it passed once in each layer, of one size, with all tokens."""
        found = [self.passed.get(Place(site, layer), []) for layer in range(layers)]
        sizes = {size for one in found for size in one}
        alike = len(sizes) == 1 and all(len(one) == 1 for one in found)
        size = next(iter(sizes), ())
        return size if alike and size[:2] == (1, _TOKENS) else None


def examine(model: Any, located: Located) -> Architecture:
    """Run three tokens and see which sites every layer passes, and how large they are.

    Raises:
        InputError: The layers do not pass a residual stream, or the attention implementation is none that can be listened to.
    """
    import torch

    seen = _Seen()
    with hooked(located, lambda: seen, attention=True), torch.inference_mode():
        device = next(model.parameters()).device
        model(input_ids=torch.arange(1, 1 + _TOKENS, device=device)[None], use_cache=False)
    layers, name = len(located.layers), type(model).__name__
    stream = seen.everywhere("resid_pre", layers)
    if stream is None or stream != seen.everywhere("resid_post", layers):
        raise InputError(f"{name}: not every one of its {layers} layers passes on one residual stream, so it cannot be probed.")
    heads, neurons = seen.everywhere("z", layers), seen.everywhere("neuron", layers)
    call = seen.calls.get(0)
    missing: dict[Site, str] = {}
    if heads is None or call is None:
        missing["z"] = missing["attn"] = (
            f"its attention went through the attention interface of transformers in {len(seen.calls)} of {layers} layers"
        )
    elif any(one.sinks for one in seen.calls.values()):
        missing["attn"] = "its softmax has a learned part that belongs to no token (attention sinks)"
    if neurons is None:
        missing["neuron"] = "not every layer has one down projection of an MLP (experts are fused)"
    return Architecture(
        name=name,
        layers=layers,
        heads=0 if heads is None else heads[2],
        kv_heads=0 if call is None else call.key.shape[1],
        head_dim=0 if heads is None else heads[3],
        hidden=stream[2],
        neurons=0 if neurons is None else neurons[2],
        missing=missing,
    )
