"""How much of what a corruption takes away a patch brings back."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.statistics import Bounds, Estimate, Ratio, Sample, clustered_mean, holm, measure_spread, ratio_of_means

OPEN = Bounds(-np.inf, np.inf)
"""Scale of outcomes without ends, such as logit differences."""


@dataclass(frozen=True)
class Recovery:
    """Share of the clean run's excess over the corrupted run that a patch restores.

    Attributes:
        ratio: (patched - corrupted) / (clean - corrupted), means over items, with both of them and Fieller's interval; undefined
            where the excess is below the threshold or its interval holds 0.
        null: The same ratio for the control patch; None without one.
        p_value: That the patch does no more than its control, or than nothing; two-sided; None where it cannot be known.
        above_clean: The ratio exceeds 1: the patch does more than undo the corruption, which calls for an explanation.
    """

    ratio: Ratio
    null: Ratio | None
    p_value: float | None
    above_clean: bool


@dataclass(frozen=True)
class RecoveryMap:
    """Recoveries of many sites: layers by positions, layers by heads, or any other shape.

    Attributes:
        value: Ratios; nan where undefined.
        low: Lower ends; nan where there is none.
        high: Upper ends.
        numerator: Mean of patched - corrupted.
        denominator: Mean of clean - corrupted, the same for all sites.
        null: Ratios of the control patches; None without them.
        p_value: Of each site alone; 1 where it cannot be known.
        p_adjusted: Holm over all sites.
        above_clean: Ratios above 1.
        n: Items.
        n_clusters: Clusters.
        reason: Why all ratios are undefined, or None.
    """

    value: Float[np.ndarray, "..."]
    low: Float[np.ndarray, "..."]
    high: Float[np.ndarray, "..."]
    numerator: Float[np.ndarray, "..."]
    denominator: float | None
    null: Float[np.ndarray, "..."] | None
    p_value: Float[np.ndarray, "..."]
    p_adjusted: Float[np.ndarray, "..."]
    above_clean: Bool[np.ndarray, "..."]
    n: int
    n_clusters: int
    reason: str | None


def recovery(
    clean: Float[np.ndarray, "n"],
    corrupted: Float[np.ndarray, "n"],
    patched: Float[np.ndarray, "n"],
    cluster: Int[np.ndarray, "n"],
    *,
    control: Float[np.ndarray, "n"] | None = None,
    smallest: float = 0.0,
    alpha: float = 0.05,
) -> Recovery:
    """Recovery of one patch, as a ratio of means: the mean of ratios per item has no moments where a denominator nears 0.

    Args:
        clean: Outcome (logit difference of the two answers) of each item's clean run.
        corrupted: Of its corrupted run.
        patched: Of the corrupted run with the site's clean value.
        cluster: Number of the sampled unit behind each item.
        control: Of the corrupted run with the same site's value from an unrelated clean run.
        smallest: Absolute mean of clean - corrupted below which the ratio is undefined, on the scale of the outcomes.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        InputError: Lengths differ.
        ValueError: A value is not finite.

    Example:
        >>> clean, corrupted = np.array([2.0, 3.0, 2.5, 3.5]), np.array([0.0, 0.5, 0.2, 0.4])
        >>> found = recovery(clean, corrupted, corrupted + 0.5 * (clean - corrupted), np.arange(4))
        >>> round(found.ratio.value, 3), found.above_clean
        (0.5, False)
    """
    runs = {"clean": clean, "corrupted": corrupted, "patched": patched, "cluster": cluster}
    if control is not None:
        runs["control"] = control
    lengths = {name: len(run) for name, run in runs.items()}
    if len(set(lengths.values())) != 1:
        raise InputError(f"runs differ in length: {lengths}. Give the same items in the same order in each.")
    excess = Sample(clean - corrupted, cluster)
    ratio = ratio_of_means(Sample(patched - corrupted, cluster), excess, smallest=smallest, alpha=alpha)
    null, beyond = None, patched - corrupted
    if control is not None:
        null = ratio_of_means(Sample(control - corrupted, cluster), excess, smallest=smallest, alpha=alpha)
        beyond = patched - control
    above = ratio.value is not None and ratio.value > 1.0
    return Recovery(ratio, null, p_of_mean(beyond, cluster), above)


def recovery_map(
    clean: Float[np.ndarray, "n"],
    corrupted: Float[np.ndarray, "n"],
    patched: Float[np.ndarray, "*sites n"],
    cluster: Int[np.ndarray, "n"],
    *,
    control: Float[np.ndarray, "*sites n"] | None = None,
    smallest: float = 0.0,
    alpha: float = 0.05,
) -> RecoveryMap:
    """Recovery of every site of a sweep, with Holm's correction over all of them.

    Args:
        clean: As for ``recovery``.
        corrupted: As for ``recovery``.
        patched: Outcomes by site and item.
        cluster: As for ``recovery``.
        control: Outcomes of the control patches, in the shape of ``patched``.
        smallest: As for ``recovery``.
        alpha: As for ``recovery``.

    Raises:
        InputError: Lengths or shapes differ, or there is no site.
        ValueError: A value is not finite.
    """
    shape = patched.shape[:-1]
    rows = patched.reshape(-1, patched.shape[-1])
    if not len(rows) or (control is not None and control.shape != patched.shape):
        raise InputError(
            f"patched has shape {patched.shape}, control {getattr(control, 'shape', None)}. Give both for every site."
        )
    controls = [None] * len(rows) if control is None else list(control.reshape(rows.shape))
    found = [
        recovery(clean, corrupted, row, cluster, control=other, smallest=smallest, alpha=alpha)
        for row, other in zip(rows, controls, strict=True)
    ]
    p_values = _numbers([one.p_value for one in found], 1.0)
    ratios = [one.ratio for one in found]
    nulls = None if control is None else _numbers([one.null.value if one.null else None for one in found])
    return RecoveryMap(
        value=_numbers([one.value for one in ratios]).reshape(shape),
        low=_numbers([one.low for one in ratios]).reshape(shape),
        high=_numbers([one.high for one in ratios]).reshape(shape),
        numerator=_numbers([one.numerator for one in ratios]).reshape(shape),
        denominator=ratios[0].denominator,
        null=None if nulls is None else nulls.reshape(shape),
        p_value=p_values.reshape(shape),
        p_adjusted=holm(p_values).reshape(shape),
        above_clean=np.array([one.above_clean for one in found]).reshape(shape),
        n=ratios[0].n,
        n_clusters=ratios[0].n_clusters,
        reason=ratios[0].reason if all(one.value is None for one in ratios) else None,
    )


def open_mean(values: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], *, alpha: float = 0.05) -> Estimate:
    """Mean of outcomes on a scale without ends, with its clustered t interval.

    Args:
        values: One per item.
        cluster: Number of the sampled unit behind each.
        alpha: Two-sided error rate in (0, 1).

    Example:
        >>> round(open_mean(np.array([1.0, 3.0, 2.0]), np.arange(3)).value, 2)
        2.0
    """
    return clustered_mean(values, cluster, scale=OPEN, alpha=alpha)


def p_of_mean(values: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"]) -> float | None:
    """Two-sided p of a mean of 0, clustered; None below two clusters; 1 where all values are 0.

    Where all are equal and not 0 there is no t; the clusters then all show one sign, which has chance 2 / 2^C.

    Example:
        >>> p_of_mean(np.zeros(5), np.arange(5)), p_of_mean(np.ones(5), np.arange(5))
        (1.0, 0.0625)
    """
    from scipy.special import stdtr

    found = measure_spread(values, cluster)
    if found.mean is None or found.n_clusters < 2:
        return None
    if found.mean == 0.0:
        return 1.0
    if found.stderr is None:
        return 2.0 ** (1 - found.n_clusters)
    return float(2.0 * stdtr(found.n_clusters - 1.0, -abs(found.mean) / found.stderr))


def _numbers(found: list[float | None], empty: float = np.nan) -> Float[np.ndarray, "s"]:
    return np.array([empty if one is None else one for one in found], dtype=np.float64)
