"""The interval of one score."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

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

UNIT = Bounds(0.0, 1.0)


@dataclass(frozen=True)
class Estimate:
    """A mean score with what is known about its error, all on the score scale (0..1), not percent.

    Attributes:
        value: Mean score; None without samples.
        low: Lower end of the interval; None when there is none, with ``reason`` set.
        high: Upper end.
        stderr: Standard error that allows for clusters; None where it cannot be known, never 0.
        n: Scores.
        n_clusters: Clusters.
        reason: Why the interval is absent or needs care; None when nothing is special.
    """

    value: float | None
    low: float | None
    high: float | None
    stderr: float | None
    n: int
    n_clusters: int
    reason: Reason | None


def wilson(share: float, n: float, quantile: float) -> Bounds:
    """Wilson score interval of a share.

    Args:
        share: Observed share in [0, 1].
        n: Number of observations behind it, > 0; may be fractional (an effective number).
        quantile: Normal or t quantile of the two-sided level.

    Source:
        Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Example:
        >>> low, high = wilson(1.0, 50.0, 1.959964)
        >>> round(low, 3), round(high, 3)
        (0.929, 1.0)
    """
    square = quantile * quantile
    centre = share + square / (2.0 * n)
    reach = quantile * (share * (1.0 - share) / n + square / (4.0 * n * n)) ** 0.5
    shrink = 1.0 + square / n
    return Bounds(max(0.0, (centre - reach) / shrink), min(1.0, (centre + reach) / shrink))


def clustered_interval(scores: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], *, alpha: float = 0.05) -> Estimate:
    """Mean score with an interval that allows for clusters.

    0/1 scores get a Wilson interval over n / max(1, design effect) observations, other scores a t interval; both use the
    t quantile with C-1 degrees of freedom. The design effect is the clustered variance over the independent one.

    Args:
        scores: Item scores in [0, 1].
        cluster: Number of the sampled unit (image, page, world) behind each score.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: Lengths differ, a score is not finite or outside [0, 1], or alpha is outside (0, 1).

    Source:
        Design effect: Kish 1965; clustered standard errors of evaluations: Miller 2024, arXiv:2411.00640.

    Example:
        >>> found = clustered_interval(np.array([1., 1., 0., 1.] * 10), np.arange(40) // 2)
        >>> found.value, round(found.low, 3), round(found.high, 3), found.n_clusters
        (0.75, 0.587, 0.864, 20)
    """
    check_values(scores, cluster)
    check_unit(scores, alpha)
    found = measure_spread(scores, cluster)
    if found.mean is None or found.n_clusters < 2:
        return Estimate(found.mean, None, None, None, found.n, found.n_clusters, found.reason)
    binary = bool(np.all((scores == 0.0) | (scores == 1.0)))
    bounds = _bounds(found.mean, found, binary, alpha)
    return Estimate(found.mean, bounds.low, bounds.high, found.stderr, found.n, found.n_clusters, found.reason)


def _bounds(mean: float, found: Spread, binary: bool, alpha: float) -> Bounds:
    quantile = t_quantile(1.0 - alpha / 2.0, found.n_clusters - 1.0)
    if binary:
        return wilson(mean, found.effective, quantile)
    if found.stderr is None:  # every score is the same
        return constant_bounds(mean, found.n_clusters, alpha, UNIT)
    return around(mean, found.stderr, quantile, UNIT)
