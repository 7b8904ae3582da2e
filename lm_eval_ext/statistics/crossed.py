"""The error of a mean over two things that were sampled at once: every question was asked in every world."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.statistics.spread import check_values, measure_spread, t_quantile


@dataclass(frozen=True)
class Crossed:
    """A mean with its error over clusters, and over clusters and worlds together; on the scale of the values.

    Attributes:
        value: Mean; None without values.
        stderr_clusters: Standard error over clusters, the worlds taken as given; None below two clusters.
        stderr: Standard error over clusters and worlds; None below two of either.
        low: Lower end of the interval over both; None where there is none.
        high: Upper end.
        n: Values.
        n_clusters: Clusters.
        n_worlds: Worlds.
    """

    value: float | None
    stderr_clusters: float | None
    stderr: float | None
    low: float | None
    high: float | None
    n: int
    n_clusters: int
    n_worlds: int


def crossed_mean(
    values: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], world: Int[np.ndarray, "n"], *, alpha: float = 0.05
) -> Crossed:
    """Mean of values that vary by cluster and by world, with an interval that holds for new clusters and new worlds.

    The variance is V(clusters) + V(worlds) - V(cluster and world), each cluster-robust with the C/(C-1) factor; it is never taken
    to be less than the larger of the first two. The quantile is Student's t with one degree of freedom less than there are
    clusters or worlds, whichever are fewer: with two worlds the interval is wide, and honestly so.

    Args:
        values: One per question and world, on any scale.
        cluster: Number of the sampled unit behind each question.
        world: Number of the world.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: Lengths differ, or a value is not finite.

    Source:
        Two-way clustering: Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136.

    Example:
        >>> found = crossed_mean(np.array([0.9, 0.5, 0.8, 0.6]), np.array([0, 0, 1, 1]), np.array([1, 2, 1, 2]))
        >>> round(found.value, 2), found.n_worlds, found.stderr > found.stderr_clusters
        (0.7, 2, True)
    """
    check_values(values, cluster)
    check_values(values, world)
    by_cluster, by_world = measure_spread(values, cluster), measure_spread(values, world)
    counts = (by_cluster.n, by_cluster.n_clusters, by_world.n_clusters)
    if by_cluster.clustered is None or by_world.clustered is None:
        return Crossed(by_cluster.mean, by_cluster.clustered, None, None, None, *counts)
    _, both = np.unique(np.stack([cluster, world]), axis=1, return_inverse=True)
    shared = measure_spread(values, both.reshape(-1)).clustered or 0.0
    variances = by_cluster.clustered**2, by_world.clustered**2
    stderr = max(sum(variances) - shared**2, *variances) ** 0.5
    reach = t_quantile(1.0 - alpha / 2.0, min(counts[1:]) - 1.0) * stderr
    mean = float(values.mean())
    return Crossed(mean, by_cluster.clustered, stderr, mean - reach, mean + reach, *counts)
