"""How far a mean can be trusted when the observations come in clusters."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

Reason = Literal["no_samples", "one_sample", "one_cluster", "all_equal", "equal_clusters", "few_clusters", "large_cluster"]
"""Why an interval is absent or needs care; ``docs/statistics.md`` has the table."""

FEW_CLUSTERS = 10
"""Fewer clusters than this are marked ``few_clusters``."""
LARGE_SHARE = 0.2
"""A cluster with more than this share of the observations is marked ``large_cluster``."""


class Bounds(NamedTuple):
    """Both ends of an interval, on the scale of the scores."""

    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """Mean of some observations and its standard error, with and without clusters.

    Attributes:
        mean: Mean over observations; None when there is none.
        clustered: Cluster-robust standard error; None below two clusters.
        independent: Standard error that treats observations as independent; None below two observations.
        n: Observations.
        n_clusters: Clusters.
        reason: What is special about these observations; None when nothing is.
    """

    mean: float | None
    clustered: float | None
    independent: float | None
    n: int
    n_clusters: int
    reason: Reason | None

    @property
    def stderr(self) -> float | None:
        """Standard error to print: clustered, or independent when all clusters happen to have the same sum; never 0."""
        if self.reason == "all_equal":
            return None
        return self.independent if self.reason == "equal_clusters" else self.clustered

    @property
    def effective(self) -> float:
        """How many independent observations would tell as much: n / max(1, design effect); the clusters if all are equal."""
        if self.clustered is None or not self.independent or self.reason == "all_equal":
            return float(self.n_clusters)
        return self.n / max(1.0, (self.clustered / self.independent) ** 2)


def measure_spread(values: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"]) -> Spread:
    """Mean with its cluster-robust and its independent standard error.

    With s_c the sum of deviations from the mean inside cluster c, the variance is C/(C-1) * sum(s_c^2) / n^2.
    It needs no range of values and allows clusters of unequal size.

    Args:
        values: Observations on any scale.
        cluster: Number of the sampled unit behind each observation.

    Raises:
        ValueError: The lengths differ, or a value is not finite.

    Source:
        Miller 2024, arXiv:2411.00640; CR1 of Cameron & Miller 2015, doi:10.3368/jhr.50.2.317, with an intercept only.

    Example:
        >>> found = measure_spread(np.array([1., 1., 0., 0.]), np.array([0, 0, 1, 1]))
        >>> found.mean, found.clustered, round(found.independent, 3)
        (0.5, 0.5, 0.289)
    """
    check_values(values, cluster)
    if len(values) == 0:
        return Spread(None, None, None, 0, 0, "no_samples")
    n, mean = len(values), float(values.mean())
    _, index, sizes = np.unique(cluster, return_inverse=True, return_counts=True)
    n_clusters, deviation = len(sizes), values - mean
    if n_clusters < 2:
        alone = float(values.std(ddof=1) / n**0.5) if n > 1 else None
        return Spread(mean, None, alone, n, 1, "one_sample" if n == 1 else "one_cluster")
    sums = np.bincount(index, weights=deviation)
    clustered = float((n_clusters / (n_clusters - 1) * (sums @ sums)) ** 0.5 / n)
    independent = float((deviation @ deviation / (n - 1) / n) ** 0.5)
    tiny = 1e-12 * max(1.0, float(np.abs(values).max()))  # rounding, not variation
    constant = float(np.ptp(values)) <= tiny
    reason = _reason(constant, clustered <= tiny, n_clusters, float(sizes.max()) / n)
    return Spread(float(values[0]) if constant else mean, clustered, independent, n, n_clusters, reason)


def _reason(constant: bool, equal: bool, n_clusters: int, largest: float) -> Reason | None:
    if constant:
        return "all_equal"
    if equal:
        return "equal_clusters"
    if n_clusters < FEW_CLUSTERS:
        return "few_clusters"
    return "large_cluster" if largest > LARGE_SHARE else None


def t_quantile(probability: float, degrees: float) -> float:
    """Value that a Student t variable with that many degrees of freedom stays below with this probability.

    Example:
        >>> round(t_quantile(0.975, 9.0), 6)
        2.262157
    """
    from scipy.special import stdtrit  # a third of the import time of scipy.stats

    return float(stdtrit(degrees, probability))


def constant_bounds(value: float, n_clusters: int, alpha: float, scale: Bounds) -> Bounds:
    """Where the mean may still lie when every observation had the same value.

    If a share q of the units differed, none would be seen in C clusters with probability (1-q)^C, so q is at most
    1 - alpha^(1/C), and each of those could lie at an end of the scale.

    Args:
        value: The value that all observations have.
        n_clusters: Clusters, at least 1.
        alpha: Error rate in (0, 1).
        scale: Lowest and highest possible value.

    Example:
        >>> round(constant_bounds(0.0, 50, 0.05, Bounds(-1.0, 1.0)).high, 4)
        0.0582
    """
    unseen = 1.0 - alpha ** (1.0 / n_clusters)
    return Bounds(value - unseen * (value - scale.low), value + unseen * (scale.high - value))


def around(mean: float, stderr: float, quantile: float, scale: Bounds) -> Bounds:
    """Mean ± quantile * stderr, cut to the scale, which holds the true mean in any case."""
    return Bounds(max(scale.low, mean - quantile * stderr), min(scale.high, mean + quantile * stderr))


def check_values(values: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"]) -> None:
    """Refuse observations that no formula can use.

    Raises:
        ValueError: The lengths differ, or a value is not finite.
    """
    if len(values) != len(cluster):
        raise ValueError(f"{len(values)} scores came with {len(cluster)} clusters. Give one cluster number per score.")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        where = f"score {bad[0]} is {values[bad[0]]} ({len(bad)} of {len(values)} like it)"
        raise ValueError(f"{where}; scores are finite numbers. Repair or remove it first.")


def check_alpha(alpha: float) -> None:
    """Refuse error rates outside (0, 1).

    Raises:
        ValueError: alpha is out of range.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha={alpha} is not accepted. Give an error rate between 0 and 1, for example 0.05.")


def check_unit(scores: Float[np.ndarray, "n"], alpha: float) -> None:
    """Refuse scores outside [0, 1] and error rates outside (0, 1).

    Raises:
        ValueError: A score or alpha is out of range.
    """
    check_alpha(alpha)
    bad = np.flatnonzero((scores < 0.0) | (scores > 1.0))
    if len(bad):
        raise ValueError(f"score {bad[0]} is {scores[bad[0]]}; scores lie in [0, 1]. Divide them by their range first.")
