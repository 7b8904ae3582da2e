"""Whether the same units would be selected from other items."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses.measured import Items, Measured
from lm_eval_ext.probing.analyses.shuffling import observe
from lm_eval_ext.statistics import generator


@dataclass(frozen=True)
class Stability:
    """Agreement of selections made from halves of the clusters.

    Attributes:
        value: Mean Jaccard overlap of the selected set with the sets of the same size selected from halves; None without a set.
        null: The same for sets of that size drawn at random.
        frequency: Share of the halves that select each unit.
        size: Units in the set.
        n_resamples: Halves drawn.
        reason: ``nothing_selected``, or None.
    """

    value: float | None
    null: float | None
    frequency: Float[np.ndarray, "u"]
    size: int
    n_resamples: int
    reason: str | None


def jaccard(one: Bool[np.ndarray, "u"], other: Bool[np.ndarray, "u"]) -> float:
    """Units in both sets over units in either; 1 for two empty sets.

    Example:
        >>> jaccard(np.array([True, True, False]), np.array([False, True, False]))
        0.5
    """
    either = int((one | other).sum())
    return float((one & other).sum() / either) if either else 1.0


def stability(
    selected: Bool[np.ndarray, "u"], main: Measured, control: Measured | None = None, *, n_resamples: int = 50, seed: int = 0
) -> Stability:
    """Select as many units again, those with the largest t, from random halves of the clusters.

    Halves, not bootstrap samples: items drawn twice would pass for two that agree.

    Args:
        selected: The set in question.
        main: The contrast that it was selected from.
        control: Its control, halved too.
        n_resamples: Halves to draw.
        seed: Of the draws.

    Raises:
        InputError: A half has too few clusters for a contrast.

    Source:
        Subsampling of halves: Meinshausen & Buehlmann 2010, doi:10.1111/j.1467-9868.2010.00740.x.
    """
    size, n_units = int(selected.sum()), len(selected)
    if not size:
        return Stability(None, None, np.zeros(n_units), 0, n_resamples, "nothing_selected")
    frequency, overlaps, by_chance = np.zeros(n_units), [], []
    random = generator("halves", seed)
    for _ in range(n_resamples):
        halves = [None if one is None else _half(one, random) for one in (main, control)]
        assert halves[0] is not None  # noqa: S101
        strength = observe(halves[0], halves[1]).tests.joint()
        again = np.zeros(n_units, dtype=bool)
        again[np.argsort(-strength, kind="stable")[:size]] = True
        drawn = np.zeros(n_units, dtype=bool)
        drawn[random.permutation(n_units)[:size]] = True
        frequency += again / n_resamples
        overlaps.append(jaccard(selected, again))
        by_chance.append(jaccard(selected, drawn))
    return Stability(float(np.mean(overlaps)), float(np.mean(by_chance)), frequency, size, n_resamples, None)


def _half(one: Measured, random: np.random.Generator) -> Measured:
    """Items of a random half of the clusters; of groups, of each arm and block."""
    items = one.items
    strata = np.zeros(len(items.label), dtype=np.int64) if items.pair is not None else _arms(items)
    kept: list[np.ndarray] = []
    for stratum in np.unique(strata):
        clusters = np.unique(items.cluster[strata == stratum])
        kept.append(random.permutation(clusters)[: (len(clusters) + 1) // 2])
    mask = np.isin(items.cluster, np.concatenate(kept))
    if len(np.unique(items.cluster[mask])) < 2:
        raise InputError(
            f"half of {len(np.unique(items.cluster))} clusters is no contrast; stability needs at least 4. Measure more."
        )
    return Measured(np.asarray(one.values)[:, mask], items.part(mask))


def _arms(items: Items) -> np.ndarray:
    return items.label + 2 * (np.zeros(len(items.label), dtype=np.int64) if items.block is None else items.block)
