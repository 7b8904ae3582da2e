"""Intervals from refits without a part of the groups at a time."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from lm_eval_ext.perception.folds import deal_groups
from lm_eval_ext.perception.information import Questions, principal, refit
from lm_eval_ext.statistics import t_quantile

PARTS = 20


class Interval(NamedTuple):
    """Value with its 95 % interval; NaN where a refit was undefined."""

    value: float
    low: float
    high: float
    stderr: float


def refit_matrices(
    features: Mapping[str, Float[np.ndarray, "n _"]], questions: Questions, *, parts: int = PARTS, repeats: int = 1, seed: int = 0
) -> Float[np.ndarray, "p b f"]:
    """R[block, factor] without each part of the groups, probes fitted anew.

    Folds of the groups that stay and C are those of the whole data. Were the folds drawn anew, the noise of the split, which the
    formula multiplies by parts - 1, would make intervals about twice as wide as they should be.

    Args:
        features: Block -> features.
        questions: Factors and splits.
        parts: Parts of the groups, each left out once; at most the number of groups.
        repeats: Splits averaged over, the first ones of ``questions``.
        seed: Of the parts.
    """
    groups = questions.groups
    parts = min(parts, len(np.unique(groups)))
    part = deal_groups(groups, parts, "jackknife", seed, levels=[factor.levels for factor in questions.factors])
    found = np.empty((parts, len(features), len(questions.factors)))
    for b, (name, block) in enumerate(features.items()):
        turned = principal(name, block, len(groups))
        whole = questions.fits(name, block, slice(repeats))
        for k in range(parts):
            keep = part != k
            rows = [
                [refit(turned, factor, fold, keep=keep, before=fit) for factor, fit in zip(questions.factors, fits, strict=True)]
                for fold, fits in zip(questions.splits[:repeats], whole, strict=True)
            ]
            found[k, b] = np.mean(rows, axis=0)
    return found


def jackknife_interval(value: float, without: Float[np.ndarray, "p"], *, alpha: float = 0.05) -> Interval:
    """Value ± t · stderr, stderr² = (p-1)/p Σ (without - mean)², p - 1 degrees of freedom.

    Args:
        value: On all groups.
        without: The same without each part.
        alpha: Two-sided error rate.

    Source:
        Delete-a-group jackknife: Kott 2001, Journal of Official Statistics 17(4).

    Example:
        >>> round(jackknife_interval(0.5, np.array([0.4, 0.5, 0.6])).stderr, 4)
        0.1155
    """
    parts = len(without)
    stderr = float(np.sqrt((parts - 1) / parts * ((without - without.mean()) ** 2).sum()))
    reach = t_quantile(1.0 - alpha / 2.0, parts - 1.0) * stderr
    return Interval(value, value - reach, value + reach, stderr)
