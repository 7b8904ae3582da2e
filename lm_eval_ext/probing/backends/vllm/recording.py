"""Where the measurements of a vLLM worker go."""

from typing import TYPE_CHECKING

import numpy as np

from lm_eval_ext.probing.backends.vllm.shards import Shards

if TYPE_CHECKING:
    from torch import Tensor

    from lm_eval_ext.probing.captures import Captures


class Recorder:
    """Takes in measured values, in one of the processes that share a model.

    Args:
        captures: Where they go.
        shards: This process's part of the model.
    """

    def __init__(self, captures: "Captures", shards: Shards) -> None:
        self.captures = captures
        self._keeps = shards.rank == 0

    def add(self, name: str, layer: int, values: "Tensor", rows: list[tuple[str, np.ndarray]]) -> None:
        """Take in what was measured of some rows.

        Args:
            name: Of the measurement.
            layer: Where.
            values: Shape (positions, …), row after row.
            rows: Key of each, and the numbers of its positions among all that are selected.
        """
        if not self._keeps:
            return
        array, begin = values.cpu().numpy(), 0
        for key, ordinals in rows:
            # positions in any order may come in several steps; what lies together goes in together
            for together in _runs(ordinals):
                stop = begin + len(together)
                first = int(together[0]) if len(together) else 0
                self.captures.add(name, key, layer, array[begin:stop].copy(), first=first)
                begin = stop


def _runs(ordinals: np.ndarray) -> list[np.ndarray]:
    if len(ordinals) < 2:
        return [ordinals]
    return np.split(ordinals, np.flatnonzero(np.diff(ordinals) != 1) + 1)
