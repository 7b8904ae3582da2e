"""One row of a running batch: whose tokens these are, how many, and what is done to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.interventions import Intervention, Phase
from lm_eval_ext.probing.spans import Positions, Selection, select


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row (request) of a batch.

    Positions count from the row's first token; padding has none.

    Attributes:
        key: Names the row in what was measured; unique within a run.
        given: Number of tokens given to the model. Positions below are prefill, those from here on decode.
        prompt: Number of tokens of the prompt. Where an answer is given and scored, it is less than ``given``.
        spans: Named sets of positions.
        interventions: Done to this row, in order; none for a baseline.
        measured: Whether the measurements are taken of this row.
    """

    key: str
    given: int
    prompt: int
    spans: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    interventions: tuple[Intervention, ...] = ()
    measured: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.prompt <= self.given:
            raise InputError(f"row {self.key}: a prompt of {self.prompt} tokens does not fit into {self.given} given tokens.")
        for name, span in self.spans.items():
            beyond = [position for position in span if not 0 <= position < self.given]
            if beyond:
                raise InputError(f"row {self.key}: span {name!r} holds position {beyond[0]}; there are 0 to {self.given - 1}.")

    def select(self, positions: Positions, phase: Phase, start: int, stop: int) -> Selection:
        """Those of positions ``start`` to ``stop - 1`` that are meant.

        Raises:
            InputError: A position or span does not exist in this row.
        """
        first = self.given if phase == "decode" else 0
        last = self.given if phase == "prefill" else stop
        return select(positions, prompt=self.prompt, given=self.given, spans=self.spans, start=start, stop=stop).within(
            first - start, last - start
        )
