"""Measurements on the flat batch of a vLLM step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lm_eval_ext.probing.attention_statistics import BLOCK, statistics_of
from lm_eval_ext.probing.backends.vllm.keys import Keys, pattern
from lm_eval_ext.probing.backends.vllm.running import Part
from lm_eval_ext.probing.backends.vllm.shards import Shards
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.interventions import Place
from lm_eval_ext.probing.measurements import Measurement, reduce_values
from lm_eval_ext.probing.sites import Architecture
from lm_eval_ext.probing.spans import Selection

if TYPE_CHECKING:
    from torch import Tensor


class Heads(NamedTuple):
    """What one attention is given: this process's heads.

    Attributes:
        attention: vLLM's module.
        queries: Of all tokens of the step, shape (tokens, heads, head_dim).
        keys: Shape (tokens, kv_heads, head_dim).
    """

    attention: Any
    queries: "Tensor"
    keys: "Tensor"

    def statistics(self, part: Part, block: Selection, names: Sequence[str]) -> "Tensor":
        """Statistics of some tokens of a request, whose keys from its beginning on ``keys`` are; (tokens, heads, statistics)."""
        import torch

        positions = torch.as_tensor(block.offsets + part.start, device=self.queries.device)
        window: int | None = self.attention.sliding_window
        lowest, highest = (int(positions.min()), int(positions.max())) if len(block) else (0, 0)
        first = 0 if window is None else max(0, lowest - window + 1)
        found = pattern(
            self.queries[part.numbers(block, self.queries)],
            self.keys[first : highest + 1],
            positions,
            scale=float(self.attention.impl.scale),
            softcap=float(getattr(self.attention.impl, "logits_soft_cap", None) or 0.0),
            window=window,
            first_key=first,
        )
        return statistics_of(found, positions, names, part.request.row.spans, first_key=first)


class Measurer:
    """Takes the measurements of all measured requests.

    Args:
        measurements: What is measured.
        architecture: Of the model.
        shards: This process's part of it.
    """

    def __init__(self, measurements: Sequence[Measurement], architecture: Architecture, shards: Shards) -> None:
        self.captures = Captures(tuple(measurements))
        self._at: dict[Place, list[Measurement]] = {}
        for one in measurements:
            for layer in one.layers:
                self._at.setdefault(Place(one.site, layer), []).append(one)
        self._architecture = architecture
        self._shards = shards

    def look(self, place: Place, value: "Tensor", parts: Sequence[Part]) -> None:
        """Measure a site of all tokens, (tokens, width of this process's part)."""
        for one in self._at.get(place, ()):
            chosen = [(part, part.select(one.positions, one.phase, again=False)) for part in parts if part.request.row.measured]
            chosen = [(part, selection) for part, selection in chosen if len(selection) or not part.request.done]
            if chosen:
                self._take(one, place.layer, self._values(one, value, chosen), chosen)

    def attend(self, layer: int, heads: Heads, parts: Sequence[Part]) -> None:
        """Measure the pattern of all tokens."""
        measurements = self._at.get(Place("attn", layer), [])
        for part in parts:
            if not part.request.row.measured:
                continue
            if not any(_looks(one, part) for one in measurements):
                part.request.keys.pop(layer, None)
                continue
            store = part.request.keys.setdefault(layer, Keys())
            known = store.upto(part.start, heads.keys[part.at : part.at + part.stop - part.start])
            self._attend(layer, heads._replace(keys=known), part, measurements)

    def _attend(self, layer: int, heads: Heads, part: Part, measurements: Sequence[Measurement]) -> None:
        shared: dict[Any, list[Measurement]] = {}
        for one in measurements:
            shared.setdefault((one.positions, one.phase), []).append(one)
        for (positions, phase), group in shared.items():
            selection = part.select(positions, phase, again=False)
            if not len(selection) and part.request.done:
                continue
            names = list(dict.fromkeys(name for one in group for name in one.statistics))
            for first in range(0, max(len(selection), 1), BLOCK):
                block = Selection(selection.offsets[first : first + BLOCK], selection.ordinals[first : first + BLOCK])
                found = self._shards.whole("attn", heads.statistics(part, block, names), 1)
                for one in group:
                    kept = found if one.heads is None else found[:, list(one.heads)]
                    self._take(one, layer, kept[..., [names.index(name) for name in one.statistics]], [(part, block)])

    def _values(self, one: Measurement, value: "Tensor", chosen: Sequence[tuple[Part, Selection]]) -> "Tensor":
        import torch

        numbers = torch.cat([part.numbers(selection, value) for part, selection in chosen])
        x = self._shards.whole(one.site, value[numbers])
        if one.site == "z":
            x = x.view(len(x), self._architecture.heads, self._architecture.head_dim)
            x = x if one.heads is None else x[:, list(one.heads)]
        elif one.neurons is not None:
            x = x[:, list(one.neurons)]
        return reduce_values(x, one.statistics)

    def _take(self, one: Measurement, layer: int, values: "Tensor", chosen: Sequence[tuple[Part, Selection]]) -> None:
        if self._shards.rank:
            return
        array, begin = values.cpu().numpy(), 0
        for part, selection in chosen:
            # positions in any order may come in several steps; what lies together goes in together
            breaks = np.flatnonzero(np.diff(selection.ordinals) != 1) + 1
            for ordinals in np.split(selection.ordinals, breaks):
                first = int(ordinals[0]) if len(ordinals) else 0
                stop = begin + len(ordinals)
                self.captures.add(one.name, part.request.row.key, layer, array[begin:stop].copy(), first=first)
                begin = stop


def _looks(one: Measurement, part: Part) -> bool:
    """Whether a measurement may concern a position that runs now or later."""
    if part.start < part.request.row.given:
        return True
    return one.phase != "prefill" and one.positions in {"all", "continuation"}
