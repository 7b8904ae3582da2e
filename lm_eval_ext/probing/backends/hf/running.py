"""One batch while a model runs it: which token is where, what is changed and what is measured."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.attention_statistics import BLOCK, statistics_of
from lm_eval_ext.probing.backends.hf.patterns import pattern
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.interventions import Intervention, Phase, Place, changed, columns
from lm_eval_ext.probing.measurements import Measurement, reduce_values
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.sites import Architecture
from lm_eval_ext.probing.spans import Positions, Selection

if TYPE_CHECKING:
    from torch import Tensor

    from lm_eval_ext.probing.backends.hf.attention import Call

Padding = Literal["left", "right"]


class Running:
    """A batch of rows under way.

    Every forward pass appends its tokens to the *slots* of the batch; padding takes slots and has no positions.

    Args:
        rows: In the order of the batch.
        captures: Takes what is measured.
        architecture: Of the model.
        padding: On which side shorter rows are padded.
    """

    def __init__(self, rows: Sequence[Row], captures: Captures, architecture: Architecture, padding: Padding) -> None:
        self.rows = rows
        self.captures = captures
        self.fired: set[Place] = set()
        self._architecture = architecture
        self._right = padding == "right"
        self._first_slot = self._next_slot = self._width = 0
        self._edits: dict[Place, list[tuple[int, Intervention]]] = defaultdict(list)
        self._measures: dict[Place, list[Measurement]] = defaultdict(list)
        for number, row in enumerate(rows):
            for intervention in row.interventions:
                self._edits[intervention.place].append((number, intervention))
        for measurement in captures.measurements:
            for layer in measurement.layers:
                self._measures[Place(measurement.site, layer)].append(measurement)
        self._sources = {one.same_run for row in rows for one in row.interventions if one.same_run is not None}
        self._kept: dict[Place, Tensor] = {}
        self._selected: dict[tuple[int, Positions, Phase], Selection] = {}

    @property
    def places(self) -> set[Place]:
        """Where something is changed or measured."""
        return {*self._edits, *self._measures, *self._sources}

    def begin(self, rows: int, tokens: int) -> None:
        """Take note of a forward pass.

        Args:
            rows: Of the batch that runs.
            tokens: That each row appends, padding included.

        Raises:
            InputError: The batch is not the one that was announced.
        """
        if rows != len(self.rows):
            raise InputError(
                f"the model runs {rows} rows where {len(self.rows)} were announced. "
                "Beam search and several answers per prompt (num_beams, num_return_sequences) cannot be probed."
            )
        self._first_slot, self._next_slot = self._next_slot, self._next_slot + tokens
        self._selected.clear()
        self._kept.clear()
        if self._first_slot == 0:
            self._width = tokens
            longest = max(self.rows, key=lambda row: row.given)
            if longest.given > tokens:
                raise InputError(f"row {longest.key} has {longest.given} tokens, and the model got {tokens} of each row at once.")
        elif self._right and any(row.given < self._width for row in self.rows):
            raise InputError("rows that are padded on the right cannot go on. Pad on the left to generate.")

    def passes(self, place: Place, x: "Tensor") -> "Tensor":
        """Change and measure what passes a place.

        Args:
            place: Any site but ``attn``.
            x: Shape (rows, tokens, …); it is left as it is.

        Returns:
            What goes on: ``x`` itself when nothing is changed here.
        """
        self.fired.add(place)
        x = self._edit(place, x)
        if place in self._sources:
            self._kept[place] = x
        self._measure(place, x)
        return x

    def attends(self, layer: int, call: "Call") -> None:
        """Measure the pattern of a layer's attention.

        Raises:
            InputError: The cache holds other tokens than those that have run.
        """
        import torch

        place = Place("attn", layer)
        self.fired.add(place)
        if place not in self._measures:
            return
        if call.sliding_window is None and call.key.shape[2] != self._next_slot:
            raise InputError(
                f"layer {layer} sees {call.key.shape[2]} tokens after {self._next_slot} have run. "
                "Probes need a plain growing cache: no static cache, no assisted generation, and use_cache=True."
            )
        with torch.no_grad():
            for measurement in self._measures[place]:
                for number, selection in self._chosen(measurement):
                    values = self._statistics(call, number, selection, measurement)
                    first = int(selection.ordinals[0]) if len(selection) else 0
                    self.captures.add(measurement.name, self.rows[number].key, layer, values.cpu().numpy(), first=first)

    def _statistics(self, call: "Call", number: int, selection: Selection, measurement: Measurement) -> "Tensor":
        import torch

        row, padding = self.rows[number], self._padding(number)
        # ascending, so that a block's last query sees all that the others see
        order = selection.offsets.argsort()
        index = torch.as_tensor(selection.offsets[order] + self._shift(number), device=call.query.device)
        heads = slice(None) if measurement.heads is None else list(measurement.heads)
        parts = [call.query.new_zeros((0, call.query.shape[1], len(measurement.statistics)), dtype=torch.float32)]
        for part in index.split(BLOCK):
            if not len(part):
                continue
            block = pattern(call, number, part, padding=padding, next_slot=self._next_slot)
            positions = part + (self._first_slot - padding)
            parts.append(statistics_of(block.weights, positions, measurement.statistics, row.spans, first_key=block.first_key))
        return torch.cat(parts)[torch.as_tensor(order.argsort(), device=index.device)][:, heads]

    def _edit(self, place: Place, x: "Tensor") -> "Tensor":
        import torch

        edits = [(number, one, chosen) for number, one in self._edits.get(place, ()) if len(chosen := self._select(number, one))]
        if not edits:
            return x
        flat = x.reshape(*x.shape[:2], -1).clone()
        for number, one, selection in edits:
            index = torch.as_tensor(selection.offsets + self._shift(number), device=x.device)
            entries = columns(one, self._architecture)
            here = (number, index) if entries is None else (number, index[:, None], torch.as_tensor(entries, device=x.device))
            source = None if one.same_run is None else self._kept[one.same_run].reshape(*x.shape[:2], -1)[here]
            flat[here] = changed(one, flat[here], selection, source)
        return flat.view(x.shape)

    def _measure(self, place: Place, x: "Tensor") -> None:
        import torch

        for measurement in self._measures.get(place, ()):
            chosen = list(self._chosen(measurement))
            rows = [number for number, selection in chosen for _ in selection.offsets]
            index = [offset + self._shift(number) for number, selection in chosen for offset in selection.offsets.tolist()]
            with torch.no_grad():
                values = reduce_values(_components(x[rows, index], measurement), measurement.statistics).cpu().numpy()
            start = 0
            for number, selection in chosen:
                first = int(selection.ordinals[0]) if len(selection) else 0
                part = values[start : start + len(selection)]
                self.captures.add(measurement.name, self.rows[number].key, place.layer, part, first=first)
                start += len(selection)

    def _chosen(self, measurement: Measurement) -> Iterator[tuple[int, Selection]]:
        for number, row in enumerate(self.rows):
            if row.measured:
                yield number, self._select(number, measurement)

    def _select(self, number: int, what: Intervention | Measurement) -> Selection:
        """Positions of a row that run now and are meant."""
        key = (number, what.positions, what.phase)
        if key not in self._selected:
            row, padding = self.rows[number], self._padding(number)
            stop = self._next_slot - padding
            if self._first_slot == 0:
                stop = min(stop, row.given)
            self._selected[key] = row.select(what.positions, what.phase, max(self._first_slot - padding, 0), stop)
        return self._selected[key]

    def _padding(self, number: int) -> int:
        """Slots before the row's first token."""
        return 0 if self._right else self._width - self.rows[number].given

    def _shift(self, number: int) -> int:
        """Padding that runs now before the row's first token."""
        return max(self._padding(number) - self._first_slot, 0)


def _components(x: "Tensor", measurement: Measurement) -> "Tensor":
    chosen = measurement.heads if measurement.site == "z" else measurement.neurons
    return x if chosen is None else x[:, list(chosen)]
