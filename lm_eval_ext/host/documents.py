"""Which documents the running batch asks, known inside the model.

lm-eval's model classes sort and batch bare prompts, and so lose which document a row belongs to. Here a prompt is a string that
carries its request: sorting and batching stay lm-eval's, and a model (or a probe on it) finds ``current_documents[i]`` for row
``i``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

    Model = Any
else:
    Model = object


class Document(NamedTuple):
    """A document of a task.

    Attributes:
        task_name: The leaf task.
        doc_id: Its number there, as in lm-eval's logged samples.
    """

    task_name: str
    doc_id: int


class Prompt(str):
    """Text of a prompt that carries the request it came from; equal to the bare text in every way."""

    request: "Instance"


class Tokens(list[int]):
    """Tokens of a prompt that carry its request; parts of them (lm-eval shortens long prompts) carry it too."""

    request: "Instance"

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        part = super().__getitem__(key)
        return carrying(Tokens(part), self) if isinstance(part, list) else part

    def __add__(self, other: list[Any]) -> "Tokens":
        return carrying(Tokens(super().__add__(other)), self)


def carrying(made: Any, source: Any) -> Any:
    """Pass the request on from ``source`` to ``made``, if it has one."""
    request = getattr(source, "request", None)
    if request is not None:
        made.request = request
    return made


def tagged(request: "Instance") -> "Instance":
    """The same request, with a prompt that carries it."""
    context, *others = request.args
    prompt = Prompt(context)
    prompt.request = request
    return replace(request, arguments=(prompt, *others))


def documents_of(rows: Iterable[object]) -> tuple[Document, ...]:
    """Documents of a batch's prompts or token lists, row by row; empty when a row carries none."""
    requests: list[Any] = [getattr(row, "request", None) for row in rows]
    if any(request is None for request in requests):
        return ()
    return tuple(Document(request.task_name, request.doc_id) for request in requests)


class FullKeys:
    """lm-eval's cache hook, given the whole request as the key.

    lm-eval stores an answer under its text alone, also when there was a picture: a later run without pictures would then read
    answers that were given with them, and an interrupted run with pictures would not find its own.
    """

    def __init__(self, hook: Any) -> None:
        self._hook = hook
        self.dbdict = hook.dbdict

    def add_partial(self, attr: str, req: Sequence[Any], res: Any) -> None:
        """Store one answer; ``req`` is what lm-eval would use as the key."""
        request = getattr(req[0], "request", None)
        self._hook.add_partial(attr, req if request is None else request.args, res)


class KnowsDocuments(Model):
    """Mixin for lm-eval's model classes, placed before them."""

    current_documents: tuple[Document, ...] = ()
    """Documents of the batch that is generated at this moment, row by row; empty at other times."""

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """Lm-eval's own generation, on prompts that carry their requests."""
        try:
            return super().generate_until([tagged(request) for request in requests], disable_tqdm=disable_tqdm)
        finally:
            self.current_documents = ()

    def set_cache_hook(self, cache_hook: Any) -> None:
        """Have answers cached under their whole request."""
        super().set_cache_hook(FullKeys(cache_hook))
