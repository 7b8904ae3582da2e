"""The residual stream as vLLM hands it from layer to layer: one tensor, or two whose sum it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Stream:
    """The residual stream of all tokens of a step.

    Attributes:
        hidden: Shape (…, tokens, hidden).
        residual: The other summand, of the same shape; None when ``hidden`` is all of it.
    """

    hidden: "Tensor"
    residual: "Tensor | None"

    def value(self) -> "Tensor":
        """The stream itself, shape (tokens, hidden)."""
        whole = self.hidden if self.residual is None else self.hidden + self.residual
        return whole.reshape(-1, whole.shape[-1])

    def replaced(self, value: "Tensor", rows: "Tensor") -> "Stream":
        """A copy with another value of some tokens.

        Args:
            value: Of all tokens, shape (tokens, hidden); only ``rows`` of it are taken.
            rows: Numbers of the tokens that get it. All of it goes into ``hidden``, so that the sum is exact.
        """
        hidden = self.hidden.clone()
        hidden.reshape(-1, hidden.shape[-1])[rows] = value[rows].to(hidden.dtype)
        if self.residual is None:
            return Stream(hidden, None)
        residual = self.residual.clone()
        residual.reshape(-1, residual.shape[-1])[rows] = 0
        return Stream(hidden, residual)


def entering(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Stream:
    """What a layer is called with: the first tensor of real numbers, and the one after it if there is one."""
    given: list[Any] = [value for value in (*args, kwargs.get("hidden_states"), kwargs.get("residual")) if _is_real(value)]
    return Stream(given[0], given[1] if len(given) > 1 else None)


def with_entering(
    args: Sequence[Any], kwargs: Mapping[str, Any], old: Stream, new: Stream
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The layer's arguments with the stream exchanged."""

    def exchanged(value: Any) -> Any:
        if value is old.hidden:
            return new.hidden
        return new.residual if value is not None and value is old.residual else value

    return tuple(map(exchanged, args)), {name: exchanged(value) for name, value in kwargs.items()}


def leaving(output: Any) -> Stream:
    """What a layer returns: one tensor, or (hidden, residual)."""
    if isinstance(output, tuple):
        return Stream(output[0], output[1] if len(output) > 1 and _is_real(output[1]) else None)
    return Stream(output, None)


def with_leaving(output: Any, new: Stream) -> Any:
    """The layer's output with the stream exchanged."""
    if not isinstance(output, tuple):
        return new.hidden
    return (new.hidden, *output[1:]) if new.residual is None else (new.hidden, new.residual, *output[2:])


def _is_real(value: Any) -> bool:
    return getattr(value, "is_floating_point", lambda: False)()
