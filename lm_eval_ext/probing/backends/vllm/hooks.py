"""What is attached to the modules of a model inside a vLLM worker, and how it comes off again."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from lm_eval_ext.probing.backends.vllm.locate import Seam
from lm_eval_ext.probing.backends.vllm.residual import entering, leaving, with_entering, with_leaving
from lm_eval_ext.probing.interventions import Place

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


@runtime_checkable
class Visitor(Protocol):
    """Is shown every selected site in the course of a step."""

    def begin(self) -> None:
        """A step begins."""
        ...

    def end(self) -> None:
        """A step has ended."""
        ...

    def visit(self, place: Place, value: "Tensor") -> "tuple[Tensor, Tensor] | None":
        """Look at a site of all tokens, (tokens, width); give what it shall be and the tokens where it differs, or None."""
        ...

    def attend(self, layer: int, queries: "Tensor", keys: "Tensor") -> None:
        """Look at the queries and keys of all tokens, (tokens, heads, head_dim)."""
        ...


Undo = Callable[[], object]


def attach(model: "Module", seams: Sequence[Seam], places: set[Place], visitor: Visitor) -> list[Undo]:
    """Show ``visitor`` some places of a model in every step.

    Args:
        model: The whole of it.
        seams: Its layers.
        places: Those that are shown.
        visitor: Who looks.

    Returns:
        Calls that take all off again, in this order.
    """
    undo: list[Undo] = [
        model.register_forward_pre_hook(lambda *_: visitor.begin()).remove,
        model.register_forward_hook(lambda *_: visitor.end()).remove,
    ]
    for layer, seam in enumerate(seams):
        here = {place.site for place in places if place.layer == layer}
        if "resid_pre" in here:
            undo.append(
                seam.layer.register_forward_pre_hook(_before(Place("resid_pre", layer), visitor), with_kwargs=True).remove
            )
        if "resid_post" in here:
            undo.append(seam.layer.register_forward_hook(_after(Place("resid_post", layer), visitor)).remove)
        if "neuron" in here and seam.down is not None:
            undo.append(seam.down.register_forward_pre_hook(_input(Place("neuron", layer), visitor)).remove)
        if here & {"z", "attn"}:
            undo.append(_wrap_attention(seam.attention, layer, here, visitor))
    return undo


def _before(place: Place, visitor: Visitor) -> Callable[..., Any]:
    def hook(_: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        stream = entering(args, kwargs)
        change = visitor.visit(place, stream.value())
        return None if change is None else with_entering(args, kwargs, stream, stream.replaced(*change))

    return hook


def _after(place: Place, visitor: Visitor) -> Callable[..., Any]:
    def hook(_: object, __: object, output: Any) -> Any:
        stream = leaving(output)
        change = visitor.visit(place, stream.value())
        return None if change is None else with_leaving(output, stream.replaced(*change))

    return hook


def _input(place: Place, visitor: Visitor) -> Callable[..., Any]:
    def hook(_: object, args: tuple[Any, ...]) -> Any:
        value = args[0]
        change = visitor.visit(place, value.reshape(-1, value.shape[-1]))
        return None if change is None else (change[0].view(value.shape), *args[1:])

    return hook


def _wrap_attention(attention: Any, layer: int, sites: set[str], visitor: Visitor) -> Undo:
    """Put a function in front of the instance's ``forward``, which vLLM's Transformers backend calls without ``__call__``."""
    inner = attention.forward

    def forward(query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if "attn" in sites:
            visitor.attend(
                layer,
                query.view(-1, attention.num_heads, attention.head_size),
                key.view(-1, attention.num_kv_heads, attention.head_size),
            )
        output = inner(query, key, value, *args, **kwargs)
        if "z" not in sites:
            return output
        change = visitor.visit(Place("z", layer), output.reshape(-1, attention.num_heads * attention.head_size_v))
        return output if change is None else change[0].view(output.shape)

    attention.forward = forward
    return lambda: attention.__dict__.pop("forward", None)
