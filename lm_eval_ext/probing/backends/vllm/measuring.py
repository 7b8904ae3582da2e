"""Measurements on the flat batch of a vLLM step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lm_eval_ext.probing.backends.vllm.recording import Recorder
from lm_eval_ext.probing.backends.vllm.running import Part
from lm_eval_ext.probing.backends.vllm.shards import Shards
from lm_eval_ext.probing.interventions import Place
from lm_eval_ext.probing.measurements import Measurement, reduce_values
from lm_eval_ext.probing.sites import Architecture
from lm_eval_ext.probing.spans import Selection

if TYPE_CHECKING:
    from torch import Tensor


class Measurer:
    """Measures the values at sites.

    Args:
        measurements: All of a session.
        architecture: Of the model.
        shards: This process's part of it.
        recorder: Takes the values.
    """

    def __init__(
        self, measurements: Sequence[Measurement], architecture: Architecture, shards: Shards, recorder: Recorder
    ) -> None:
        self._at: dict[Place, list[Measurement]] = {}
        for one in measurements:
            for layer in one.layers:
                self._at.setdefault(Place(one.site, layer), []).append(one)
        self._architecture = architecture
        self._shards = shards
        self._recorder = recorder

    def look(self, place: Place, value: "Tensor", parts: Sequence[Part]) -> None:
        """Measure a site of all tokens, (tokens, width of this process's part)."""
        for one in self._at.get(place, ()):
            chosen = [(part, part.select(one.positions, one.phase, again=False)) for part in parts if part.request.row.measured]
            chosen = [(part, selection) for part, selection in chosen if len(selection) or not part.request.done]
            if chosen:
                rows = [(part.request.row.key, selection.ordinals) for part, selection in chosen]
                self._recorder.add(one.name, place.layer, self._values(one, value, chosen), rows)

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
