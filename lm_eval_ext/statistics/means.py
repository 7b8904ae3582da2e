"""Means on any scale, over observations or over strata, clustered by what was really sampled."""

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.statistics.intervals import UNIT, Estimate
from lm_eval_ext.statistics.spread import (
    Bounds,
    around,
    check_alpha,
    check_unit,
    check_values,
    constant_bounds,
    measure_spread,
    t_quantile,
)


def number(names: Sequence[Hashable]) -> Int[np.ndarray, "n"]:
    """A whole number for every name, the same for equal names, in the order in which they first come.

    Example:
        >>> number(["car-1", "cup-7", "car-1"]).tolist()
        [0, 1, 0]
    """
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


def clustered_mean(
    values: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], *, scale: Bounds, alpha: float = 0.05
) -> Estimate:
    """Mean on any scale with a t interval over clusters; ``clustered_interval`` is kinder to 0/1 scores.

    Args:
        values: Observations within ``scale``.
        cluster: Number of the sampled unit behind each value.
        scale: Lowest and highest possible value; the interval is cut to it.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: Lengths differ, a value is not finite or outside the scale, or alpha is outside (0, 1).

    Example:
        >>> found = clustered_mean(np.array([0.0, 45.0, 90.0, 45.0]), np.arange(4), scale=Bounds(0.0, 180.0))
        >>> found.value, round(found.low, 1), round(found.high, 1), found.reason
        (45.0, 0.0, 103.5, 'few_clusters')
    """
    check_alpha(alpha)
    found = measure_spread(values, cluster)
    outside = np.flatnonzero((values < scale.low - 1e-9) | (values > scale.high + 1e-9))
    if len(outside):
        raise ValueError(f"value {outside[0]} is {values[outside[0]]}; values lie in [{scale.low}, {scale.high}].")
    if found.mean is None or found.n_clusters < 2:
        return Estimate(found.mean, None, None, None, found.n, found.n_clusters, found.reason)
    if found.stderr is None:  # every value is the same
        bounds = constant_bounds(found.mean, found.n_clusters, alpha, scale)
    else:
        bounds = around(found.mean, found.stderr, t_quantile(1.0 - alpha / 2.0, found.n_clusters - 1.0), scale)
    return Estimate(found.mean, bounds.low, bounds.high, found.stderr, found.n, found.n_clusters, found.reason)


def macro_mean(
    scores: Float[np.ndarray, "n"], stratum: Int[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], *, alpha: float = 0.05
) -> Estimate:
    """Unweighted mean of the means of strata (source datasets, questions), every stratum weighing the same.

    Its error is that of the linear form sum(w_i (x_i - m_s)), w_i = 1 / (S n_s), summed within clusters, so a cluster may
    reach into several strata. The strata are taken as given: no other datasets are thought of.

    Args:
        scores: Item scores in [0, 1].
        stratum: Number of the stratum of each item.
        cluster: Number of the sampled unit behind each item.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: Lengths differ, a score is not finite or outside [0, 1], or alpha is outside (0, 1).

    Source:
        Variance of a linear form over clusters: Cochran, Sampling Techniques, 1977, chapters 5 and 9.

    Example:
        >>> found = macro_mean(np.array([1., 1., 1., 0.]), np.array([0, 0, 0, 1]), np.arange(4))
        >>> found.value
        0.5
    """
    check_values(scores, cluster)
    check_unit(scores, alpha)
    if len(stratum) != len(scores):
        raise ValueError(f"{len(scores)} scores came with {len(stratum)} strata. Give one stratum number per score.")
    if not len(scores):
        return clustered_mean(scores, cluster, scale=UNIT, alpha=alpha)
    _, index, sizes = np.unique(stratum, return_inverse=True, return_counts=True)
    means = np.bincount(index, weights=scores) / sizes
    weight = len(scores) / (len(sizes) * sizes[index])  # times 1/n, so that the mean of what follows is the macro mean
    macro = float(means.mean())
    found = clustered_mean(macro + weight * (scores - means[index]), cluster, scale=Bounds(-np.inf, np.inf), alpha=alpha)
    return _within_unit(found, macro, alpha)


def _within_unit(found: Estimate, macro: float, alpha: float) -> Estimate:
    """The interval, cut to [0, 1]; where no stratum varies inside, from the number of clusters."""
    if found.low is None or found.high is None:
        return Estimate(macro, None, None, None, found.n, found.n_clusters, found.reason)
    if found.stderr is None:
        bounds = constant_bounds(macro, found.n_clusters, alpha, UNIT)
    else:
        bounds = Bounds(max(0.0, found.low), min(1.0, found.high))
    return Estimate(macro, bounds.low, bounds.high, found.stderr, found.n, found.n_clusters, found.reason)
