"""Requests that are under way in a vLLM worker, and the part of each that runs in a step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm import step
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.interventions import Intervention, Phase, Place
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.spans import Positions, Selection

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(eq=False)
class Running:
    """A request whose tokens are known.

    Attributes:
        row: The row it is.
        end: Positions from here on are not measured; None for no such end.
        at: Its interventions, by place.
        sources: Places that these take values from.
        done: Positions that have run. A request that vLLM puts off begins again from 0.
    """

    row: Row
    end: int | None = None
    at: dict[Place, list[Intervention]] = field(default_factory=dict[Place, list[Intervention]])
    sources: set[Place] = field(default_factory=set[Place])
    done: int = 0

    def __post_init__(self) -> None:
        for one in self.row.interventions:
            self.at.setdefault(one.place, []).append(one)
            if one.same_run is not None:
                self.sources.add(one.same_run)


class Part(NamedTuple):
    """Tokens of one request that run in this step.

    Attributes:
        request: Whose they are.
        at: Number of the first one in the flat batch.
        start: Its position in the request.
        stop: One past the position of the last.
    """

    request: Running
    at: int
    start: int
    stop: int

    def select(self, positions: Positions, phase: Phase, *, again: bool) -> Selection:
        """Tokens that are meant; those that ran before only if ``again``. Offsets count from ``at``."""
        start, stop, end = self.start, self.stop, self.request.end
        if not again:
            start, stop = max(start, self.request.done), stop if end is None else min(stop, end)
        if start >= stop:
            return self.request.row.select((), phase, start, start)
        found = self.request.row.select(positions, phase, start, stop)
        return Selection(found.offsets + (start - self.start), found.ordinals)

    def numbers(self, selection: Selection, like: "Tensor") -> "Tensor":
        """Numbers of selected tokens in the flat batch."""
        import torch

        return torch.as_tensor(selection.offsets + self.at, device=like.device)


class Roster:
    """All requests of a session, by the name of their plan.

    Args:
        requests: What is to come.
        measurements: Taken of those that are measured.
    """

    def __init__(self, requests: Iterable[Request], measurements: Sequence[Measurement]) -> None:
        self._expected = {request.key: request for request in requests}
        self._measurements = measurements
        self._running: dict[str, Running] = {}
        self._names: dict[str, str] = {}

    def unseen(self) -> list[str]:
        """Requests that have not come."""
        return [key for key in self._expected if key not in self._running]

    def ended(self, runner: Any) -> list[Running]:
        """Requests that the model runner has dropped since this was last asked."""
        gone = [key for key, name in self._names.items() if name not in runner.requests]
        for key in gone:
            del self._names[key]
        return [self._running[key] for key in gone]

    def row(self, key: str) -> Row:
        """The row of a request that has come."""
        return self._running[key].row

    def parts(self, runner: Any) -> list[Part]:
        """What runs in this step, as vLLM's model runner has it.

        Raises:
            InputError: A request has no plan here, or names positions that it does not have.
        """
        return [
            Part(self._request(row, runner.requests[row.request]), row.start, row.first, row.first + row.stop - row.start)
            for row in step.rows(runner)
        ]

    def _request(self, part: step.Row, told: Any) -> Running:
        key = part.plan
        if key not in self._running:
            if key not in self._expected:
                raise InputError(f"request {key!r} has no plan here. Plans: {', '.join(self._expected)}.")
            if told.prompt_token_ids is None:
                raise InputError(f"request {key!r} gives embeddings in place of tokens, so its positions are unknown.")
            request = self._expected[key]
            row = request.row(told.prompt_token_ids)
            meant: list[Intervention | Measurement] = [*row.interventions, *(self._measurements if row.measured else ())]
            for one in meant:
                row.select(one.positions, one.phase, 0, row.given)
            self._running[key] = Running(row, row.given - request.unmeasured if request.unmeasured else None)
            self._names[key] = part.request
        return self._running[key]


def end_step(parts: Iterable[Part]) -> None:
    """Count what has run."""
    for part in parts:
        part.request.done = max(part.request.done, part.stop)
