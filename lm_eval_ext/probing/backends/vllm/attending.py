"""Attention patterns of requests under way in a vLLM worker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lm_eval_ext.probing.attention_statistics import BLOCK, statistics_of
from lm_eval_ext.probing.backends.vllm.keys import Keys, pattern
from lm_eval_ext.probing.backends.vllm.recording import Recorder
from lm_eval_ext.probing.backends.vllm.running import Part, Running
from lm_eval_ext.probing.backends.vllm.shards import Shards
from lm_eval_ext.probing.interventions import Phase
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.spans import Positions

if TYPE_CHECKING:
    from torch import Tensor


class Meant(NamedTuple):
    """Which queries some measurements are about."""

    positions: Positions
    phase: Phase


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


@dataclass(eq=False)
class _Waiting:
    """Queries whose pattern is still to be computed, for measurements at the same positions."""

    queries: "list[Tensor]" = field(default_factory=list["Tensor"])
    positions: list[np.ndarray] = field(default_factory=list[np.ndarray])
    ordinals: list[np.ndarray] = field(default_factory=list[np.ndarray])

    def __len__(self) -> int:
        return sum(map(len, self.positions))


@dataclass(eq=False)
class _Open:
    """One request in one layer."""

    request: Running
    attention: Any
    keys: Keys = field(default_factory=Keys)
    waiting: dict[Meant, _Waiting] = field(default_factory=dict[Meant, _Waiting])


class Attending:
    """Measures attention patterns.

    Keys of a request are kept while they may be needed. Queries wait until there are enough of them for one block, because a
    pattern of many queries costs little more than one of a single query.

    Args:
        measurements: All of a session.
        shards: This process's part of the model.
        recorder: Takes the statistics.
    """

    def __init__(self, measurements: Sequence[Measurement], shards: Shards, recorder: Recorder) -> None:
        self._groups: dict[int, dict[Meant, list[Measurement]]] = {}
        for one in measurements:
            for layer in one.layers if one.site == "attn" else ():
                self._groups.setdefault(layer, {}).setdefault(Meant(one.positions, one.phase), []).append(one)
        self._shards = shards
        self._recorder = recorder
        self._open: dict[tuple[str, int], _Open] = {}

    def look(self, layer: int, heads: Heads, parts: Sequence[Part]) -> None:
        """Take in the queries and keys of a step."""
        groups = self._groups.get(layer, {})
        for part in parts:
            if not part.request.row.measured or not any(_looks(meant, part) for meant in groups):
                continue
            key = part.request.row.key, layer
            now = self._open.setdefault(key, _Open(part.request, heads.attention))
            now.keys.store(part.start, heads.keys[part.at : part.at + part.stop - part.start])
            for meant in groups:
                selection = part.select(meant.positions, meant.phase, again=False)
                if len(selection) or not part.request.done:
                    waiting = now.waiting.setdefault(meant, _Waiting())
                    waiting.queries.append(heads.queries[part.numbers(selection, heads.queries)])
                    waiting.positions.append(selection.offsets + part.start)
                    waiting.ordinals.append(selection.ordinals)
                    if len(waiting) >= BLOCK:
                        self._compute(layer, now, meant)

    def finish(self, requests: Iterable[Running] | None = None) -> None:
        """Compute what waits and let go of some requests, or of all."""
        among = None if requests is None else {request.row.key for request in requests}
        for key, layer in list(self._open):
            if among is None or key in among:
                now = self._open.pop((key, layer))
                for meant in list(now.waiting):
                    self._compute(layer, now, meant)

    def _compute(self, layer: int, now: _Open, meant: Meant) -> None:
        import torch

        waiting, group = now.waiting.pop(meant), self._groups[layer][meant]
        names = list(dict.fromkeys(name for one in group for name in one.statistics))
        queries, positions = torch.cat(waiting.queries), torch.as_tensor(np.concatenate(waiting.positions))
        ordinals = np.concatenate(waiting.ordinals)
        for first in range(0, max(len(queries), 1), BLOCK):
            block = slice(first, first + BLOCK)
            found = self._shards.whole("attn", _statistics(now, queries[block], positions[block], names), 1)
            for one in group:
                kept = found if one.heads is None else found[:, list(one.heads)]
                kept = kept[..., [names.index(name) for name in one.statistics]]
                self._recorder.add(one.name, layer, kept, _rows(now.request.row, one, positions[block].numpy(), ordinals[block]))


def _rows(row: Row, one: Measurement, positions: np.ndarray, ordinals: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What goes in together: where a mean may be cut because an answer has ended, each token of the answer goes in alone."""
    if not one.mean:
        return [(row.key, ordinals)]
    given = int((positions < row.given).sum())
    return [(row.key, ordinals[:given]), *((row.key, ordinals[at : at + 1]) for at in range(given, len(ordinals)))]


def _looks(meant: Meant, part: Part) -> bool:
    """Whether a measurement may concern a position that runs now or later."""
    return part.start < part.request.row.given or (meant.phase != "prefill" and meant.positions in {"all", "continuation"})


def _statistics(now: _Open, queries: "Tensor", positions: "Tensor", names: Sequence[str]) -> "Tensor":
    window: int | None = now.attention.sliding_window
    lowest, highest = (int(positions.min()), int(positions.max())) if len(positions) else (0, 0)
    first = 0 if window is None else max(0, lowest - window + 1)
    positions = positions.to(queries.device)
    found = pattern(
        queries,
        now.keys.between(first, highest + 1),
        positions,
        scale=float(now.attention.impl.scale),
        softcap=float(getattr(now.attention.impl, "logits_soft_cap", None) or 0.0),
        window=window,
        first_key=first,
    )
    return statistics_of(found, positions, names, now.request.row.spans, first_key=first)
