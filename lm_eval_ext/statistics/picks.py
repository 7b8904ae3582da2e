"""Whether options are picked for the place where they stand."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.statistics.intervals import Estimate
from lm_eval_ext.statistics.means import clustered_mean
from lm_eval_ext.statistics.paired import SIGNED_UNIT
from lm_eval_ext.statistics.spread import check_alpha


@dataclass(frozen=True)
class PickBias:
    """How far the picks are from an even spread over places.

    Attributes:
        estimate: Total variation distance, 0 (even) to 1, with its interval; the lower end is 0 unless ``p_value`` < alpha.
        shares: Share of the picks at each place, first place first.
        even: Share that an even spread puts there.
        null: Distance that even picks show on average with so few of them.
        p_value: Of an even spread; None where it can't be known.
    """

    estimate: Estimate
    shares: tuple[float, ...]
    even: tuple[float, ...]
    null: float | None
    p_value: float | None


def pick_bias(
    place: Int[np.ndarray, "n"], options: Int[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], *, alpha: float = 0.05
) -> PickBias:
    """Distance of the places picked from an even spread, with a chi-square test that allows for clusters.

    Questions may differ in their number of options: an even spread puts 1/k of a question's picks at each of its k places. The
    test is Rao and Scott's second-order correction of Pearson's chi-square, with an F quantile over the clusters. The interval
    is that of a mean (each place counted as above or below even, as it was seen), which is too narrow close to 0; there the
    test decides about the lower end.

    Args:
        place: Place picked, from 0.
        options: Options of that question, above ``place``.
        cluster: Number of the sampled unit behind each pick.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: A place is outside its options, lengths differ, or alpha is outside (0, 1).

    Source:
        Rao & Scott 1984, doi:10.1214/aos/1176346391; Thomas & Rao 1987, J. Am. Stat. Assoc. 82 (F).

    Example:
        >>> found = pick_bias(np.array([0, 0, 0, 1] * 25), np.full(100, 4), np.arange(100))
        >>> found.estimate.value, found.shares, found.p_value < 0.001
        (0.5, (0.75, 0.25, 0.0, 0.0), True)
    """
    check_alpha(alpha)
    if not len(place) == len(options) == len(cluster):
        raise ValueError(f"{len(place)} picks came with {len(options)} numbers of options and {len(cluster)} clusters.")
    wrong = np.flatnonzero((place < 0) | (place >= options))
    if len(wrong):
        raise ValueError(f"pick {wrong[0]} is place {place[wrong[0]]} of {options[wrong[0]]} options. Count places from 0.")
    if not len(place):
        return PickBias(Estimate(None, None, None, None, 0, 0, "no_samples"), (), (), None, None)
    places = np.arange(options.max())
    even = (places < options[:, None]) / options[:, None]
    deviation = (places == place[:, None]) - even
    mean, expected = deviation.mean(axis=0), even.mean(axis=0)
    above_even = 0.5 * (deviation @ np.sign(mean))
    found = clustered_mean(above_even, cluster, scale=SIGNED_UNIT, alpha=alpha)
    shares, spread = tuple((mean + expected).tolist()), tuple(expected.tolist())
    if found.n_clusters < 2:
        return PickBias(found, shares, spread, None, None)
    covariance = _covariance(deviation, even, cluster)
    p_value = _p_value(mean, expected, covariance, found.n_clusters)
    null = float(np.sqrt(2.0 / np.pi * np.diag(covariance)).sum() / 2.0)
    return PickBias(_cut(found, p_value, alpha), shares, spread, null, p_value)


def _cut(found: Estimate, p_value: float, alpha: float) -> Estimate:
    """The interval within [0, 1], reaching 0 unless an even spread is refuted."""
    low = 0.0 if found.low is None or p_value >= alpha else max(0.0, found.low)
    high = None if found.high is None else min(1.0, found.high)
    return Estimate(found.value, low, high, found.stderr, found.n, found.n_clusters, found.reason)


def _covariance(
    deviation: Float[np.ndarray, "n k"], even: Float[np.ndarray, "n k"], cluster: Int[np.ndarray, "n"]
) -> Float[np.ndarray, "k k"]:
    """Clustered covariance of the mean deviation; without any variation, that of even picks made once per cluster."""
    _, index = np.unique(cluster, return_inverse=True)
    n, n_clusters = len(deviation), int(index.max()) + 1
    sums = np.zeros((n_clusters, deviation.shape[1]))
    np.add.at(sums, index, deviation - deviation.mean(axis=0))
    if np.abs(sums).max() > 1e-9:
        return n_clusters / (n_clusters - 1) * (sums.T @ sums) / n**2
    return (np.diag(even.mean(axis=0)) - even.T @ even / n) / n_clusters


def _p_value(
    mean: Float[np.ndarray, "k"], expected: Float[np.ndarray, "k"], covariance: Float[np.ndarray, "k k"], n_clusters: int
) -> float:
    """Chance that even picks are at least as uneven."""
    from scipy.special import fdtrc

    scale = 1.0 / np.sqrt(expected)
    weights = np.clip(np.linalg.eigvalsh(covariance * np.outer(scale, scale)), 0.0, None)
    statistic = float((mean**2 / expected).sum())
    degrees = float(weights.sum() ** 2 / (weights**2).sum())
    return float(fdtrc(degrees, degrees * (n_clusters - 1.0), statistic / weights.sum()))
