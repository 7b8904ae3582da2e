"""Where in a model, as vLLM builds it, the sites are."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lm_eval_ext.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

_HOPE = "probes on vLLM do not cover it. Use the Hugging Face backend."
_LAYER = re.compile(r"(.+?\.(\d+))\.")
_NOT_MLP = re.compile(r"attn|attention|expert|gate\b|router")


class Seam(NamedTuple):
    """Modules of one layer on which probes act.

    Attributes:
        layer: Its input and output are the residual stream.
        attention: vLLM's ``Attention``: takes queries, keys and values of each head, gives what each head reads.
        down: The MLP's output projection, whose input are the neurons; None when there is no such one (mixtures of experts).
    """

    layer: "Module"
    attention: "Module"
    down: "Module | None"


class _Classes(NamedTuple):
    attention: type[Any]
    output_projection: type[Any]


def _vllm() -> _Classes:
    from vllm.model_executor.layers.attention import Attention  # pyright: ignore[reportMissingImports]
    from vllm.model_executor.layers.linear import RowParallelLinear  # pyright: ignore[reportMissingImports]

    return _Classes(Attention, RowParallelLinear)


def seams(model: "Module") -> list[Seam]:
    """The layers of a model's text decoder, in order.

    Args:
        model: As vLLM's model runner holds it.

    Raises:
        InputError: Not every layer has exactly one attention of the kind that decoders have.
    """
    attention = _vllm().attention
    modules = dict(model.named_modules())
    found: dict[int, Seam] = {}
    for name, module in modules.items():
        match = _LAYER.match(name)
        # Vision towers use another class, so these are the text decoder's.
        if match is None or not isinstance(module, attention):
            continue
        index = int(match[2])
        if index in found:
            raise InputError(f"{type(model).__name__} has more than one attention in layer {index}; {_HOPE}")
        layer = modules[match[1]]
        found[index] = Seam(layer, module, _down_projection(layer))
    if not found or sorted(found) != list(range(len(found))):
        raise InputError(f"{type(model).__name__} has no plain attention in every layer (found in {sorted(found)}); {_HOPE}")
    return [found[index] for index in range(len(found))]


def _down_projection(layer: "Module") -> "Module | None":
    """The one linear layer outside attention that gathers what was split over processes."""
    kind = _vllm().output_projection
    chosen = [module for name, module in layer.named_modules() if isinstance(module, kind) and not _NOT_MLP.search(name)]
    return chosen[0] if len(chosen) == 1 else None


def without_pattern(attention: Any) -> str | None:
    """Why the pattern of this attention cannot be computed again from its queries and keys; None when it can."""
    impl = attention.impl
    reasons = {
        f"its attention is a {type(attention).__name__}": type(attention) is not _vllm().attention,
        "its attention is not causal": getattr(attention.attn_type, "value", attention.attn_type) != "decoder",
        "positions of a picture attend to later ones": attention.use_mm_prefix,
        "it has attention sinks": getattr(impl, "sinks", None) is not None,
        "it has ALiBi slopes": getattr(impl, "alibi_slopes", None) is not None,
        "its layers share keys": attention.kv_sharing_target_layer_name is not None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
