"""The gap: how much a score changes inside twins when one factor changes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.statistics.spread import (
    Bounds,
    Reason,
    Spread,
    around,
    check_unit,
    check_values,
    constant_bounds,
    measure_spread,
    t_quantile,
)

SIGNED_UNIT = Bounds(-1.0, 1.0)


@dataclass(frozen=True)
class Gap:
    """A mean paired difference with its interval, on the score scale (-1..1), not percent.

    Attributes:
        value: Mean of arm 1 minus arm 0 within twins; None without twins.
        low: Lower end of the interval; None below two clusters, with ``reason`` set.
        high: Upper end.
        stderr: Clustered standard error; None where it cannot be known, never 0.
        n_twins: Twins that count.
        n_clusters: Clusters that count.
        reason: Why the interval is absent or needs care; None when nothing is special.
        n_unpaired: Items left out because their twin is missing.
    """

    value: float | None
    low: float | None
    high: float | None
    stderr: float | None
    n_twins: int
    n_clusters: int
    reason: Reason | None
    n_unpaired: int = 0


def paired_gap(
    scores: Float[np.ndarray, "n"],
    twin: Int[np.ndarray, "n"],
    arm: Bool[np.ndarray, "n"],
    cluster: Int[np.ndarray, "n"],
    *,
    alpha: float = 0.05,
) -> Gap:
    """Mean within-twin difference (arm 1 minus arm 0) with a cluster-robust interval.

    Each twin must hold exactly one item per arm. The interval is t with C-1 degrees of freedom over the C clusters,
    so it stays valid when many twins come from one image, page or world.

    Args:
        scores: Item scores in [0, 1].
        twin: Twin number of each item; two items share one number.
        arm: False for the reference arm (real-mapped, clean), True for the changed arm.
        cluster: Number of the sampled unit behind each item; constant within a twin.
        alpha: Two-sided error rate in (0, 1).

    Returns:
        Gap(value, low, high, stderr, n_twins, n_clusters, reason), Python floats. value is on the score scale (-1..1), not
        percent. low and high are None, with `reason` set, when fewer than two clusters remain.

    Raises:
        ValueError: A twin has not exactly one item per arm, a twin spans clusters, or a score is not finite or outside [0, 1].

    Source:
        Miller 2024, arXiv:2411.00640, clustered standard errors; paired form by this package.

    Example:
        >>> gap = paired_gap(np.array([1., 0., 1., 1.]), np.array([0, 0, 1, 1]),
        ...                  np.array([False, True, False, True]), np.array([0, 0, 1, 1]))
        >>> round(gap.value, 2), gap.n_clusters
        (-0.5, 2)
    """
    check_values(scores, cluster)
    check_unit(scores, alpha)
    order = np.lexsort((arm, twin))
    _check_twins(twin[order], arm[order], cluster[order])
    sorted_scores = scores[order]
    return _gap(measure_spread(sorted_scores[1::2] - sorted_scores[::2], cluster[order][::2]), alpha)


def twin_gap(
    scores: Float[np.ndarray, "n"],
    twin: Int[np.ndarray, "n"],
    arm: Bool[np.ndarray, "n"],
    cluster: Int[np.ndarray, "n"],
    *,
    alpha: float = 0.05,
) -> Gap:
    """``paired_gap`` for twins with any number of items per arm, or with an arm missing.

    Items of one arm are averaged inside their twin first (several synthetic worlds per real one), so every twin weighs the
    same. Twins without both arms do not count; ``n_unpaired`` says how many items that leaves out.

    Args:
        scores: Item scores in [0, 1].
        twin: Twin number of each item.
        arm: False for the reference arm, True for the changed arm.
        cluster: Number of the sampled unit behind each item; constant within a twin.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: A twin spans clusters, or a score is not finite or outside [0, 1].

    Example:
        >>> gap = twin_gap(np.array([1., 0., 1., 1.]), np.array([0, 0, 0, 1]),
        ...                np.array([False, True, True, False]), np.array([0, 0, 0, 1]))
        >>> gap.value, gap.n_twins, gap.n_unpaired, gap.reason
        (-0.5, 1, 1, 'one_sample')
    """
    check_values(scores, cluster)
    check_unit(scores, alpha)
    twins, first, index = np.unique(twin, return_index=True, return_inverse=True)
    _check_clusters(twin, cluster, cluster[first][index])
    arms = [np.bincount(index[side], minlength=len(twins)) for side in (~arm, arm)]
    whole = (arms[0] > 0) & (arms[1] > 0)
    means = [
        np.bincount(index[side], weights=scores[side], minlength=len(twins))[whole] / count[whole]
        for side, count in zip((~arm, arm), arms, strict=True)
    ]
    unpaired = int(arms[0][~whole].sum() + arms[1][~whole].sum())
    return _gap(measure_spread(means[1] - means[0], cluster[first][whole]), alpha, unpaired)


def _gap(found: Spread, alpha: float, n_unpaired: int = 0) -> Gap:
    if found.mean is None or found.n_clusters < 2:
        return Gap(found.mean, None, None, None, found.n, found.n_clusters, found.reason, n_unpaired)
    if found.stderr is None:  # every difference is the same
        bounds = constant_bounds(found.mean, found.n_clusters, alpha, SIGNED_UNIT)
    else:
        bounds = around(found.mean, found.stderr, t_quantile(1.0 - alpha / 2.0, found.n_clusters - 1.0), SIGNED_UNIT)
    return Gap(found.mean, bounds.low, bounds.high, found.stderr, found.n, found.n_clusters, found.reason, n_unpaired)


def _check_twins(twin: Int[np.ndarray, "n"], arm: Bool[np.ndarray, "n"], cluster: Int[np.ndarray, "n"]) -> None:
    """Refuse anything but one item per arm and one cluster per twin; the arrays are sorted by twin, then arm."""
    numbers, counts = np.unique(twin, return_counts=True)
    uneven = numbers[counts != 2]
    if not len(uneven):
        uneven = twin[::2][arm[::2] | ~arm[1::2]]
    if len(uneven):
        held = arm[twin == uneven[0]].tolist()
        what = f"twin {uneven[0]} has items in arms {held}"
        raise ValueError(f"{what}; a twin holds one item in each arm. Use twin_gap, which averages and leaves out.")
    _check_clusters(twin[1::2], cluster[1::2], cluster[::2])


def _check_clusters(twin: Int[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], other: Int[np.ndarray, "n"]) -> None:
    torn = np.flatnonzero(cluster != other)
    if len(torn):
        raise ValueError(
            f"twin {twin[torn[0]]} spans clusters {other[torn[0]]} and {cluster[torn[0]]}; a twin lies in one cluster. "
            "Number clusters by what was sampled (world, object, image)."
        )
