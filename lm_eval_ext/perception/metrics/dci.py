"""Disentanglement, completeness and informativeness (DCI)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.perception.folds import make_folds
from lm_eval_ext.perception.metrics._inputs import as_levels, check_latents


@dataclass(frozen=True)
class DCI:
    """How much of the importance of each latent goes to one factor, and of each factor to one latent.

    Attributes:
        disentanglement: 0..1; NaN when no latent has importance.
        completeness: 0..1; NaN likewise.
        informativeness: Accuracy on the held-out fold, mean over factors.
        chance: Accuracy of the most frequent level of the training folds on the same rows.
        importance: Importance of each latent for each factor.
        null_disentanglement: With rows of the latents permuted.
        null_completeness: Likewise.
        null_informativeness: Likewise.
        seed: Of folds, trees and permutation.
        reason: Why a value is undefined.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    chance: float
    importance: Float[np.ndarray, "d f"]
    null_disentanglement: float
    null_completeness: float
    null_informativeness: float
    seed: int
    reason: str | None


def dci_from_importance(importance: Float[np.ndarray, "d f"]) -> tuple[float, float]:
    """Disentanglement and completeness of a table of importances; NaN where all are 0.

    Example:
        >>> dci_from_importance(np.eye(3))
        (1.0, 1.0)
        >>> [round(value, 3) for value in dci_from_importance(np.ones((3, 3)))]
        [0.0, 0.0]
    """
    return _weighted_purity(importance), _weighted_purity(importance.T)


def _weighted_purity(table: Float[np.ndarray, "rows columns"]) -> float:
    """Mean over rows, by their share of importance, of 1 - entropy of the row to the base of its length."""
    total = table.sum()
    if total <= 0.0 or table.shape[1] < 2:
        return float("nan")
    weight = table.sum(axis=1)
    share = table / np.where(weight > 0.0, weight, 1.0)[:, None]
    purity = 1.0 + (share * np.log(np.where(share > 0.0, share, 1.0))).sum(axis=1) / np.log(table.shape[1])
    return float((weight / total * purity).sum())


def dci(
    factors: Int[np.ndarray, "n f"],
    latents: Float[np.ndarray, "n d"],
    *,
    groups: Int[np.ndarray, "n"] | None = None,
    n_trees: int = 100,
    seed: int = 0,
) -> DCI:
    """DCI with gradient-boosted trees, fitted on four fifths of the groups and scored on the rest.

    Args:
        factors: Integer levels.
        latents: Any number of columns; the fits take seconds per ten columns and thousand rows.
        groups: Rows held out together; each row alone by default.
        n_trees: Boosting steps.
        seed: Of the fold, the trees and the null.

    Raises:
        InputError: A constant factor, latents that are not finite, or too few groups.

    Source:
        Eastwood & Williams 2018, openreview By-7dz-AZ; trees as in disentanglement_lib.
    """
    check_latents(latents)
    levels = as_levels(factors, len(latents))
    fold = make_folds(np.arange(len(latents)) if groups is None else groups, 5, "dci", seed, levels=list(levels.T))
    importance, accuracy = _boost(latents, levels, fold, n_trees=n_trees, seed=seed)
    null, null_accuracy = _boost(
        latents[np.random.default_rng(seed).permutation(len(latents))], levels, fold, n_trees=n_trees, seed=seed
    )
    value, null_value = dci_from_importance(importance), dci_from_importance(null)
    train = fold != 0
    usual = [np.bincount(s[train]).argmax() == s[~train] for s in levels.T]
    undefined = not all(np.isfinite(value))
    reason = "no latent has importance, or there is only one latent or factor" if undefined else None
    return DCI(*value, accuracy, float(np.mean(usual)), importance, *null_value, null_accuracy, seed, reason)


def _boost(
    latents: Float[np.ndarray, "n d"], levels: Int[np.ndarray, "n f"], fold: Int[np.ndarray, "n"], *, n_trees: int, seed: int
) -> tuple[Float[np.ndarray, "d f"], float]:
    from sklearn.ensemble import GradientBoostingClassifier

    train = fold != 0
    importance, accuracy = np.empty((latents.shape[1], levels.shape[1])), []
    for f in range(levels.shape[1]):
        model = GradientBoostingClassifier(n_estimators=n_trees, random_state=seed).fit(latents[train], levels[train, f])
        importance[:, f] = np.abs(model.feature_importances_)
        accuracy.append(float(model.score(latents[~train], levels[~train, f])))
    return importance, float(np.mean(accuracy))
