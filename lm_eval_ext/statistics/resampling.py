"""Numbers drawn at random for nulls and intervals: seeded, by name, and by whole clusters."""

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.seeding import digest
from lm_eval_ext.statistics.spread import Bounds, check_alpha, t_quantile

LARGEST_DRAW = 1 << 22
"""Numbers held at a time while clusters are drawn."""


def generator(*parts: object) -> np.random.Generator:
    """A private generator named by its parts, for arrays; ``seeding.stream`` serves single numbers.

    Example:
        >>> bool(generator("flips", 7).random() == generator("flips", 7).random())
        True
    """
    return np.random.default_rng(int(digest(*parts), 16))


def p_at_least(observed: float, null: Float[np.ndarray, "n"]) -> float:
    """Chance of a value as large as the observed one, the observed one counted among the draws: (1 + #>=) / (1 + N).

    Values that differ by rounding count as equal.

    Source:
        Phipson & Smyth 2010, doi:10.2202/1544-6115.1585: a drawn null never gives p = 0.

    Example:
        >>> p_at_least(0.3, np.array([0.1, 0.2, 0.3]))
        0.5
    """
    slack = 1e-9 * max(1.0, abs(observed)) if np.isfinite(observed) else 0.0
    return float((1 + np.count_nonzero(null >= observed - slack)) / (1 + len(null)))


def resampled_sums(table: Float[np.ndarray, "c k"], n_resamples: int, seed: int) -> Float[np.ndarray, "r k"]:
    """Column sums of a table of clusters when its rows are drawn anew, with replacement, as many as there are.

    Args:
        table: What each cluster adds to each sum (its number of items, its sum of scores).
        n_resamples: How often to draw.
        seed: Of the draws.

    Returns:
        One row of sums per draw.

    Example:
        >>> resampled_sums(np.array([[1.0], [1.0], [1.0]]), 2, seed=0).tolist()
        [[3.0], [3.0]]
    """
    random, n_clusters = generator("resampled_sums", seed), len(table)
    even, at_once = np.full(n_clusters, 1.0 / n_clusters), max(1, LARGEST_DRAW // n_clusters)
    sums: list[Float[np.ndarray, "b k"]] = []
    for start in range(0, n_resamples, at_once):
        counts = random.multinomial(n_clusters, even, size=min(at_once, n_resamples - start))
        sums.append(counts.astype(np.float64) @ table)
    return np.concatenate(sums)


def expanded_percentiles(draws: Float[np.ndarray, "r"], n_clusters: int, *, alpha: float = 0.05) -> Bounds:
    """Interval from bootstrap draws whose tails are set wider, as Student's t is wider than the normal distribution.

    Plain percentiles are too narrow with few clusters: they use the normal quantile and a variance over C instead of C - 1.

    Args:
        draws: Statistic of each resample.
        n_clusters: Clusters that were resampled, at least 2.
        alpha: Two-sided error rate in (0, 1).

    Source:
        Hesterberg 2015, doi:10.1080/00031305.2015.1089789 (expanded percentile interval).

    Example:
        >>> low, high = expanded_percentiles(np.linspace(-1.0, 1.0, 201), 20)
        >>> round(low, 3), round(high, 3)
        (-0.968, 0.968)
    """
    from scipy.special import ndtr

    check_alpha(alpha)
    wider = (n_clusters / (n_clusters - 1.0)) ** 0.5 * t_quantile(1.0 - alpha / 2.0, n_clusters - 1.0)
    tail = float(ndtr(-wider))
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Bounds(float(low), float(high))


def cluster_table(columns: Float[np.ndarray, "n k"], cluster: Int[np.ndarray, "n"], n_clusters: int) -> Float[np.ndarray, "c k"]:
    """Sums of columns inside clusters numbered from 0; a cluster without items gives a row of zeros.

    Example:
        >>> cluster_table(np.array([[1.0], [2.0], [4.0]]), np.array([0, 0, 2]), 3).ravel().tolist()
        [3.0, 0.0, 4.0]
    """
    table = np.zeros((n_clusters, columns.shape[1]))
    np.add.at(table, cluster, columns)
    return table
