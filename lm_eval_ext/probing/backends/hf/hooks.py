"""Hooks on the modules of a decoder; all of them are gone when the context ends."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from lm_eval_ext.probing.backends.hf.attention import Call, listening
from lm_eval_ext.probing.backends.hf.locate import Located
from lm_eval_ext.probing.interventions import Place

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


class Listener(Protocol):
    """What is told of a forward pass."""

    def begin(self, rows: int, tokens: int) -> None:
        """A forward pass of so many rows and tokens starts."""

    def passes(self, place: Place, x: "Tensor") -> "Tensor":
        """``x`` (rows, tokens, …) passes a place; what is returned goes on."""
        ...

    def attends(self, layer: int, call: Call) -> None:
        """A layer's attention was computed."""


@contextmanager
def hooked(located: Located, current: Callable[[], Listener | None], *, attention: bool) -> Generator[None]:
    """Tell a listener of every forward pass.

    Args:
        located: The decoder.
        current: Gives the listener of this moment, or None to leave the model alone.
        attention: Whether attention is listened to as well (sites ``z`` and ``attn``).

    Raises:
        InputError: Attention is wanted, and its implementation is none that can be listened to.
    """
    sizes: list[int] = [0, 0]  # rows and tokens of the pass that is under way
    with ExitStack() as stack:
        if attention:
            stack.enter_context(listening(located.decoder, _attention_listener(located, current)))
        for number, layer in enumerate(located.layers):
            stack.callback(layer.register_forward_pre_hook(_before_layer(number, current, sizes), with_kwargs=True).remove)
            stack.callback(layer.register_forward_hook(_after_layer(number, current)).remove)
        for number, down in enumerate(located.downs):
            stack.callback(down.register_forward_pre_hook(_before_down(number, current, sizes)).remove)
        yield


def _attention_listener(located: Located, current: Callable[[], Listener | None]) -> Any:
    layer_of = located.layer_of()

    def listen(module: "Module", call: Call, output: "Tensor") -> "Tensor":
        listener = current()
        if listener is None or module not in layer_of:
            return output
        listener.attends(layer_of[module], call)
        return listener.passes(Place("z", layer_of[module]), output)

    return listen


def _before_layer(number: int, current: Callable[[], Listener | None], sizes: list[int]) -> Any:
    def hook(_: "Module", args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        listener = current()
        if listener is None:
            return None
        x = args[0] if args else kwargs["hidden_states"]
        if number == 0:
            sizes[:] = x.shape[:2]
            listener.begin(*sizes)
        changed = listener.passes(Place("resid_pre", number), x)
        if changed is x:
            return None
        return ((changed, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": changed})

    return hook


def _after_layer(number: int, current: Callable[[], Listener | None]) -> Any:
    def hook(_module: "Module", _args: Any, output: Any) -> Any:
        listener = current()
        if listener is None:
            return None
        x = output[0] if isinstance(output, tuple) else output
        changed = listener.passes(Place("resid_post", number), x)
        if changed is x:
            return None
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    return hook


def _before_down(number: int, current: Callable[[], Listener | None], sizes: list[int]) -> Any:
    def hook(_: "Module", args: tuple[Any, ...]) -> Any:
        listener = current()
        if listener is None:
            return None
        x = args[0]
        rows = x.reshape(*sizes, x.shape[-1])  # OPT hands its MLP the tokens of all rows in one
        changed = listener.passes(Place("neuron", number), rows)
        return None if changed is rows else (changed.view(x.shape), *args[1:])

    return hook
