"""One batch of requests under probe in a vLLM worker."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm.attending import Attending, Heads
from lm_eval_ext.probing.backends.vllm.hooks import attach
from lm_eval_ext.probing.backends.vllm.locate import Seam
from lm_eval_ext.probing.backends.vllm.measuring import Measurer
from lm_eval_ext.probing.backends.vllm.recording import Recorder
from lm_eval_ext.probing.backends.vllm.running import Part, Roster, end_step
from lm_eval_ext.probing.backends.vllm.shards import Shards
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.backends.vllm.writing import Writer
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.interventions import Place
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.sites import Architecture

if TYPE_CHECKING:
    from torch import Tensor


class Model(NamedTuple):
    """A model inside a worker.

    Attributes:
        runner: vLLM's V1 model runner, which holds it.
        seams: Its layers.
        architecture: What it has to measure.
        shards: This process's part of it.
    """

    runner: Any
    seams: Sequence[Seam]
    architecture: Architecture
    shards: Shards


class Session:
    """Hooks on a model, from when it is made until ``remove``.

    An engine whose worker raises is lost with all its requests. So what is wrong with a request is kept as ``complaint``, the
    batch runs to its end without the probe, and the driver raises it.

    Args:
        model: What is probed.
        requests: Those that will come.
        measurements: Taken of those that are measured.
    """

    def __init__(self, model: Model, requests: Sequence[Request], measurements: Sequence[Measurement]) -> None:
        self.complaint: str | None = None
        self._model = model
        self._roster = Roster(requests, measurements)
        self._writer = Writer(model.architecture, model.shards)
        self.captures = Captures(tuple(measurements))
        recorder = Recorder(self.captures, model.shards)
        self._measurer = Measurer(measurements, model.architecture, model.shards, recorder)
        self._attending = Attending(measurements, model.shards, recorder)
        self._parts: list[Part] = []
        self._wanted = _places(requests, measurements)
        self._reached: set[Place] = set()
        self._undo = attach(model.runner.model, model.seams, self._wanted, self)

    def finish(self, made: Mapping[str, int]) -> None:
        """Compute what is still to be computed, and forget what was computed after an answer had ended.

        Args:
            made: Tokens of the answers to some requests; the last one of each never had to run.
        """
        self._guarded(self._attending.finish)
        measured = {*self.captures.keys()}
        for key in made.keys() & measured:
            row = self._roster.row(key)
            stop = row.given + max(made[key] - 1, 0)
            for one in self.captures.measurements:
                if one.positions in {"all", "continuation"} and one.phase != "prefill":
                    self.captures.cut(one.name, key, len(row.select(one.positions, one.phase, 0, stop)))

    def missed(self) -> list[Place]:
        """Selected places that no step has passed."""
        return sorted(self._wanted - self._reached)

    def unseen(self) -> list[str]:
        """Requests that have not come."""
        return self._roster.unseen()

    def remove(self) -> None:
        """Take all hooks off."""
        while self._undo:
            self._undo.pop()()

    def begin(self) -> None:
        """A step begins: find out whose tokens it runs, and let go of requests that have ended."""
        self._guarded(lambda: self._attending.finish(self._roster.ended(self._model.runner)))
        self._parts = self._guarded(lambda: self._roster.parts(self._model.runner)) or []

    def end(self) -> None:
        """A step has ended."""
        end_step(self._parts)
        self._writer.forget()
        self._parts = []

    def visit(self, place: Place, value: "Tensor") -> "tuple[Tensor, Tensor] | None":
        """Change a site of all tokens, and measure what it has become."""
        if not self._parts:
            return None
        self._reached.add(place)
        change = self._guarded(lambda: self._writer.write(place, value, self._parts))
        self._guarded(lambda: self._measurer.look(place, value if change is None else change[0], self._parts))
        return change

    def attend(self, layer: int, queries: "Tensor", keys: "Tensor") -> None:
        """Measure attention patterns."""
        if self._parts:
            self._reached.add(Place("attn", layer))
            heads = Heads(self._model.seams[layer].attention, queries, keys)
            self._guarded(lambda: self._attending.look(layer, heads, self._parts))

    def _guarded(self, act: Callable[[], Any]) -> Any:
        if self.complaint is not None:
            return None
        try:
            return act()
        except InputError as error:
            self.complaint = str(error)
            self._parts = []
            return None


def _places(requests: Sequence[Request], measurements: Sequence[Measurement]) -> set[Place]:
    places = {Place(one.site, layer) for one in measurements for layer in one.layers}
    for intervention in {id(one): one for request in requests for one in request.interventions}.values():
        places.add(intervention.place)
        if intervention.same_run is not None:
            places.add(intervention.same_run)
    return places
