"""Modularity and explicitness of Ridgeway and Mozer."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.folds import make_folds
from lm_eval_ext.perception.metrics._inputs import as_levels, check_latents
from lm_eval_ext.perception.metrics.information import discrete_information, histogram_codes


@dataclass(frozen=True)
class Modularity:
    """Whether each latent serves one factor.

    Attributes:
        value: Mean over informative latents, 0..1; NaN when there is none.
        per_latent: NaN for a latent without information.
        null: The value with rows permuted. Plug-in information is never 0, so this is not 0 either.
        n_dropped: Latents without information.
        seed: Of the permutation.
        reason: Why the value is undefined.
    """

    value: float
    per_latent: Float[np.ndarray, "d"]
    null: float
    n_dropped: int
    seed: int
    reason: str | None


def modularity(
    factors: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"], *, bins: int = 20, seed: int = 0
) -> Modularity:
    """Mean over latents of 1 - (squared information on other factors) / (squared information on the best one · (F - 1)).

    Raises:
        InputError: A constant factor, fewer than two factors, or latents that are not finite.

    Source:
        Ridgeway & Mozer 2018, arXiv:1802.05312, on histogram codes.

    Example:
        >>> s = np.stack([np.arange(64) % 4, np.arange(64) // 4 % 4], axis=1)
        >>> round(modularity(s, s.astype(float)).value, 3)
        1.0
    """
    check_latents(latents)
    levels = as_levels(factors, len(latents))
    if levels.shape[1] < 2:
        raise InputError("modularity needs at least 2 factors, 1 was given.")
    per_latent = _per_latent(levels, latents, bins)
    null = _per_latent(levels, latents[np.random.default_rng(seed).permutation(len(latents))], bins)
    informative = np.isfinite(per_latent)
    reason = None if informative.any() else "no latent carries information on any factor"
    return Modularity(_mean(per_latent), per_latent, _mean(null), int((~informative).sum()), seed, reason)


def _per_latent(levels: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"], bins: int) -> Float[np.ndarray, "d"]:
    square = np.array([[discrete_information(s, z) for z in histogram_codes(latents, bins).T] for s in levels.T]) ** 2
    best = square.max(axis=0)
    rest = square.sum(axis=0) - best
    return 1.0 - rest / (np.where(best > 0.0, best, np.nan) * (levels.shape[1] - 1))


def _mean(values: Float[np.ndarray, "d"]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


@dataclass(frozen=True)
class Explicitness:
    """How well a linear classifier ranks the levels, all latents together.

    Attributes:
        value: Mean over factors and levels of 2 · AUROC - 1; 0 is chance.
        auroc: Mean one-vs-rest AUROC of each factor; .5 is chance.
        null: The value with rows permuted.
        seed: Of folds and permutation.
    """

    value: float
    auroc: Float[np.ndarray, "f"]
    null: float
    seed: int


def explicitness(
    factors: Int[np.ndarray, "n f"],
    latents: Float[np.ndarray, "n d"],
    *,
    groups: Int[np.ndarray, "n"] | None = None,
    n_folds: int = 5,
    seed: int = 0,
) -> Explicitness:
    """One-vs-rest AUROC of a logistic regression (C = 1 on standardised latents), on held-out folds.

    The published form scores the rows it was fitted on; this one never does.

    Args:
        factors: Integer levels.
        latents: Any number of columns.
        groups: Rows that belong together and are held out together; each row alone by default.
        n_folds: Folds.
        seed: Of folds and permutation.

    Raises:
        InputError: A constant factor, latents that are not finite, or too few groups.

    Source:
        Ridgeway & Mozer 2018, arXiv:1802.05312; held-out form by this package.
    """
    check_latents(latents)
    levels = as_levels(factors, len(latents))
    groups = np.arange(len(latents)) if groups is None else groups
    fold = make_folds(groups, n_folds, "explicitness", seed, levels=list(levels.T))
    auroc = np.array([_auroc(latents, s, fold) for s in levels.T])
    mixed = latents[np.random.default_rng(seed).permutation(len(latents))]
    null = np.array([_auroc(mixed, s, fold) for s in levels.T])
    return Explicitness(float(2.0 * auroc.mean() - 1.0), auroc, float(2.0 * null.mean() - 1.0), seed)


def _auroc(latents: Float[np.ndarray, "n d"], levels: Int[np.ndarray, "n"], fold: Int[np.ndarray, "n"]) -> float:
    from sklearn.metrics import roc_auc_score

    from lm_eval_ext.perception.logistic import fit_logistic, log_softmax, one_hot
    from lm_eval_ext.perception.probe import ridge, scaled_design

    targets = one_hot(levels, int(levels.max()) + 1)
    found: list[float] = []
    for k in np.unique(fold):
        train, test = fold != k, fold == k
        design = scaled_design(latents, train, "columns")
        weights = fit_logistic(design[train], targets[:, train], ridge(np.ones(1), latents.shape[1]))[0]
        probabilities = np.exp(log_softmax(weights @ design[test].T))
        for level, probability in enumerate(probabilities):
            truth = levels[test] == level
            if truth.any() and not truth.all():
                found.append(float(roc_auc_score(truth, probability)))
    return float(np.mean(found))
