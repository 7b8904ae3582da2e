"""Interventions on the flat batch of a vLLM step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lm_eval_ext.probing.backends.vllm.running import Part
from lm_eval_ext.probing.backends.vllm.shards import Shards
from lm_eval_ext.probing.interventions import Intervention, Place, changed, columns
from lm_eval_ext.probing.sites import Architecture

if TYPE_CHECKING:
    from torch import Tensor


class Writer:
    """Does to every request what its own interventions say.

    Args:
        architecture: Of the model.
        shards: This process's part of it.
    """

    def __init__(self, architecture: Architecture, shards: Shards) -> None:
        self._architecture = architecture
        self._shards = shards
        self._kept: dict[Place, Tensor] = {}

    def write(self, place: Place, value: "Tensor", parts: Sequence[Part]) -> "tuple[Tensor, Tensor] | None":
        """Values of all tokens with what the interventions change, and the tokens where they change something; else None.

        Args:
            place: Where the run is.
            value: This process's part of it, shape (tokens, width); it is left as it is.
            parts: What runs in this step.
        """
        import torch

        edited, touched = value, list["Tensor"]()
        for part in parts:
            for intervention in part.request.at.get(place, ()):
                selection = part.select(intervention.positions, intervention.phase, again=True)
                if not len(selection):
                    continue
                if edited is value:
                    edited = value.clone()
                numbers = part.numbers(selection, value)
                x = self._shards.whole(place.site, edited[numbers])
                chosen = self._columns(intervention)
                source = self._source(intervention, numbers, chosen)
                if chosen is None:
                    x = changed(intervention, x, selection, source)
                else:
                    x[:, chosen] = changed(intervention, x[:, chosen], selection, source)
                edited[numbers] = self._shards.own(place.site, x)
                touched.append(numbers)
        if any(place in part.request.sources for part in parts):
            # vLLM adds to the residual stream in place
            self._kept[place] = edited.clone()
        return (edited, torch.cat(touched)) if touched else None

    def forget(self) -> None:
        """Let go of what a step has kept."""
        self._kept.clear()

    def _columns(self, intervention: Intervention) -> "np.ndarray | None":
        return columns(intervention, self._architecture)

    def _source(self, intervention: Intervention, numbers: "Tensor", chosen: "np.ndarray | None") -> "Tensor | None":
        if intervention.same_run is None:
            return None
        source = self._shards.whole(intervention.same_run.site, self._kept[intervention.same_run][numbers])
        return source if chosen is None else source[:, chosen]
