"""What the loop needs to know of an episode."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

RULES_VERSION = 1
"""Raised when an episode's prompts or rules change; a journal of another version is not continued."""


@dataclass(frozen=True)
class Request:
    """What the model is asked next.

    Attributes:
        prompt: The whole text; it depends on nothing but the item and the outputs so far.
        until: Texts at which the output ends.
        max_tokens: Most tokens of the output.
    """

    prompt: str
    until: tuple[str, ...]
    max_tokens: int

    @property
    def generation(self) -> dict[str, Any]:
        """lm-eval's generation arguments: greedy."""
        return {"until": list(self.until), "max_gen_toks": self.max_tokens, "do_sample": False}


@runtime_checkable
class Episode(Protocol):
    """One item while it is played."""

    @property
    def finished(self) -> bool:
        """Whether no further turn follows."""
        ...

    def request(self) -> Request:
        """What the model is asked in the turn at hand."""
        ...

    def advance(self, output: str) -> None:
        """Take the model's output of this turn."""
        ...


class Turn(NamedTuple):
    """One turn of one episode, as it was."""

    prompt: str
    output: str


@dataclass
class Transcript:
    """All turns of one episode; as JSON it is what lm-eval logs as the model's response."""

    turns: list[Turn] = field(default_factory=list[Turn])

    def dump(self) -> str:
        """JSON text: a list of objects with ``prompt`` and ``output``."""
        return json.dumps([turn._asdict() for turn in self.turns], ensure_ascii=False)


def read_outputs(text: str) -> list[str]:
    """The model's outputs out of ``Transcript.dump``.

    Example:
        >>> read_outputs('[{"prompt": "a", "output": "b"}]')
        ['b']
    """
    return [turn["output"] for turn in json.loads(text)]


def replay(episode: Episode, outputs: Sequence[str]) -> None:
    """Bring an episode to the state after some outputs."""
    for output in outputs:
        episode.advance(output)


Doc = Mapping[str, Any]
"""An item's columns, as lm-eval hands them over."""
