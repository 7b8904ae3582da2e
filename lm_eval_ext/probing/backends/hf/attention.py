"""The seam in a model's attention: its own implementation computes, and a listener sees what goes in and may change what comes
out.

transformers calls attention by a name in the model's configuration. While a probe is attached this name leads here; the work is
done by the implementation that the model had, with the mask that it had, so that results are the same bit by bit.
"""  # noqa: D205

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from lm_eval_ext.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

_SUPPORTED = ("sdpa", "eager")
_NUMBERS = count()


class Call(NamedTuple):
    """One call of a layer's attention.

    Attributes:
        query: After rotary embedding; shape (rows, heads, tokens, head_dim).
        key: Likewise, with those of the cache; shape (rows, kv_heads, keys, head_dim).
        mask: True or 0 where a query may look; None where only later tokens are hidden.
        scaling: Factor of the scores.
        softcap: Scores s become ``softcap * tanh(s / softcap)``; None for none.
        sliding_window: How far back a query sees; None for all.
        sinks: Whether the softmax has a learned part that belongs to no token.
    """

    query: "Tensor"
    key: "Tensor"
    mask: "Tensor | None"
    scaling: float
    softcap: float | None
    sliding_window: int | None
    sinks: bool


Listener = Callable[["Module", Call, "Tensor"], "Tensor"]
"""Gets the module, its call, and the heads' outputs (rows, tokens, heads, head_dim); gives the outputs that go on."""


@contextmanager
def listening(decoder: Any, listener: Listener) -> Generator[None]:
    """Let a listener take part in every attention of a text decoder.

    Raises:
        InputError: The model's attention implementation is none that can be listened to.
    """
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    previous: str = decoder.config._attn_implementation  # noqa: SLF001  # transformers has no public way to read it
    if previous not in _SUPPORTED:
        raise InputError(
            f"attn_implementation={previous} cannot be probed. Load the model with attn_implementation=sdpa or eager "
            "(--model_args …,attn_implementation=sdpa)."
        )
    if previous == "eager" and getattr(decoder.config, "reorder_and_upcast_attn", False):
        raise InputError("a model with reorder_and_upcast_attn computes attention in its own way; load it without.")
    name = f"lm_eval_ext_probe_{next(_NUMBERS)}"
    ALL_ATTENTION_FUNCTIONS[name] = _through(previous, listener)
    # a name gets a mask only when it stands in this mapping of the class
    masks: dict[str, Any] = vars(type(ALL_MASK_ATTENTION_FUNCTIONS))["_global_mapping"]
    masks[name] = ALL_MASK_ATTENTION_FUNCTIONS[previous]
    try:
        decoder.set_attn_implementation(name)
        yield
    finally:
        decoder.set_attn_implementation(previous)
        del ALL_ATTENTION_FUNCTIONS[name], masks[name]


def _through(previous: str, listener: Listener) -> Callable[..., Any]:
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    def attend(module: "Module", query: "Tensor", key: "Tensor", *rest: Any, **others: Any) -> Any:
        own: Any = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
        output, weights = ALL_ATTENTION_FUNCTIONS.get_interface(previous, own)(module, query, key, *rest, **others)
        scaling = others.get("scaling")
        call = Call(
            query=query,
            key=key,
            mask=rest[1] if len(rest) > 1 else others.get("attention_mask"),
            scaling=query.shape[-1] ** -0.5 if scaling is None else scaling,
            softcap=others.get("softcap"),
            sliding_window=others.get("sliding_window"),
            sinks=others.get("s_aux") is not None,
        )
        return listener(module, call, output), weights

    return attend
