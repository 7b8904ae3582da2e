"""Ratios of means, whose intervals know that the denominator was measured too."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.statistics.spread import Bounds, check_alpha, check_values, t_quantile


class Sample(NamedTuple):
    """Values and the number of the sampled unit behind each; equal numbers in two samples mean the same unit."""

    values: Float[np.ndarray, "n"]
    cluster: Int[np.ndarray, "n"]


@dataclass(frozen=True)
class Ratio:
    """A ratio of two means.

    Attributes:
        value: Numerator over denominator; None where it is undefined, with ``reason`` set.
        low: Lower end of its interval; None where there is none.
        high: Upper end.
        numerator: Mean above the line; None without values.
        denominator: Mean below it.
        n: Values above the line.
        n_clusters: Clusters of whichever side has fewer.
        reason: ``no_samples``; ``denominator_small``: below the threshold given; ``denominator_near_zero``: its interval holds
            0; ``one_cluster`` or ``all_equal``: a value without interval. Another reason may be given by who asks for the ratio.
    """

    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    n: int
    n_clusters: int
    reason: str | None


def means_covariance(samples: list[Sample]) -> Float[np.ndarray, "k k"]:
    """Cluster-robust covariance of the means of samples that may share clusters, items or nothing.

    Each sample's deviations over its size are summed inside clusters; products of these sums, with the C/(C-1) factor of either
    sample, are the entries. The diagonal is the squared clustered standard error of ``measure_spread``.

    Args:
        samples: At least two clusters in each.

    Example:
        >>> one = Sample(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]))
        >>> other = Sample(np.array([0.0, 1.0]), np.array([7, 8]))
        >>> means_covariance([one, other]).round(9).tolist()
        [[0.25, 0.0], [0.0, 0.25]]
    """
    names, index = np.unique(np.concatenate([sample.cluster for sample in samples]), return_inverse=True)
    pushes = np.zeros((len(names), len(samples)))
    start = 0
    for column, sample in enumerate(samples):
        rows = index[start : start + len(sample.values)]
        n_clusters = len(np.unique(rows))
        share = (sample.values - sample.values.mean()) / len(sample.values)
        np.add.at(pushes[:, column], rows, share * (n_clusters / (n_clusters - 1.0)) ** 0.5)
        start += len(sample.values)
    return pushes.T @ pushes


def fieller(
    numerator: float, denominator: float, covariance: Float[np.ndarray, "2 2"], degrees: float, *, alpha: float = 0.05
) -> Bounds | None:
    """Interval of a ratio of two means; None where the denominator's own interval holds 0 and every ratio is possible.

    Far from 0 it is the interval of the delta method; close to 0 it is wider, and its middle is not the ratio.

    Args:
        numerator: Mean above the line.
        denominator: Mean below it.
        covariance: Of the two means.
        degrees: Degrees of freedom of the t quantile.
        alpha: Two-sided error rate in (0, 1).

    Source:
        Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x.

    Example:
        >>> low, high = fieller(1.0, 2.0, np.array([[0.01, 0.0], [0.0, 0.01]]), 1e9)
        >>> round(low, 3), round(high, 3), fieller(1.0, 0.1, np.eye(2), 9.0)
        (0.395, 0.615, None)
    """
    check_alpha(alpha)
    quantile = t_quantile(1.0 - alpha / 2.0, degrees)
    (above, shared), (_, below) = covariance.tolist()
    if denominator == 0.0 or quantile**2 * below >= denominator**2:
        return None
    curve = denominator**2 - quantile**2 * below
    middle = (numerator * denominator - quantile**2 * shared) / curve
    spread = above * denominator**2 - 2.0 * shared * numerator * denominator + below * numerator**2
    spread -= quantile**2 * (above * below - shared**2)
    reach = quantile * max(0.0, spread) ** 0.5 / curve
    return Bounds(middle - reach, middle + reach)


def ratio_of_means(numerator: Sample, *denominators: Sample, smallest: float = 0.0, alpha: float = 0.05) -> Ratio:
    """Mean of one sample over the mean of another, or over the sum of the means of several, with Fieller's clustered interval.

    Args:
        numerator: Sample above the line.
        denominators: Samples below it; they may share items or clusters with it, or not.
        smallest: Absolute denominator below which the ratio is undefined.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: Lengths differ, or a value is not finite.

    Example:
        >>> cluster = np.arange(4)
        >>> half = Sample(np.array([1.0, 0.9, 1.1, 1.0]), cluster)
        >>> found = ratio_of_means(half, Sample(np.array([2.0, 2.1, 1.9, 2.0]), cluster))
        >>> round(found.value, 3), found.reason
        (0.5, None)
    """
    samples = [numerator, *denominators]
    for sample in samples:
        check_values(sample.values, sample.cluster)
    n, n_clusters = len(numerator.values), min(len(np.unique(sample.cluster)) for sample in samples)
    if not n_clusters:
        return Ratio(None, None, None, None, None, n, 0, "no_samples")
    above, below = float(numerator.values.mean()), float(sum(float(sample.values.mean()) for sample in denominators))
    if below == 0.0 or abs(below) < smallest:
        return Ratio(None, None, None, above, below, n, n_clusters, "denominator_small")
    if n_clusters < 2:
        return Ratio(above / below, None, None, above, below, n, n_clusters, "one_cluster")
    sides = np.ones((len(samples), 2)) * [0.0, 1.0]
    sides[0] = [1.0, 0.0]
    covariance = sides.T @ means_covariance(samples) @ sides
    bounds = fieller(above, below, covariance, n_clusters - 1.0, alpha=alpha)
    if bounds is None:
        return Ratio(None, None, None, above, below, n, n_clusters, "denominator_near_zero")
    if bounds.high - bounds.low <= 1e-7 * max(1.0, abs(above / below)):  # every item has this ratio; rounding, not knowledge
        return Ratio(above / below, None, None, above, below, n, n_clusters, "all_equal")
    return Ratio(above / below, bounds.low, bounds.high, above, below, n, n_clusters, None)
