"""Held-out log-probabilities of a factor's levels under a linear probe, its strength chosen inside each training fold."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.perception.logistic import fit_logistic, log_softmax, one_hot

GRID = (1e-3, 1e-2, 1e-1, 1.0)
"""Inverse penalties C among which the inner split chooses."""
CHOOSING = 1e-6
"""Tolerance, in nats per row, of the fits that only choose C."""

Scale = Literal["overall", "columns"]


@dataclass(frozen=True)
class HeldOutProbe:
    """Log-probabilities of what each row really has, by probes that saw neither the row nor its group.

    Attributes:
        log_probs: Natural log of the probe's probability, per row.
        log_prior: The same of the level's share in the training folds.
        chosen: C of each fold's probe.
        weights: Coefficients of each fold's probe, intercept last, on scaled features.
    """

    log_probs: Float[np.ndarray, "n"]
    log_prior: Float[np.ndarray, "n"]
    chosen: Float[np.ndarray, "f"]
    weights: Float[np.ndarray, "f k p"]

    @property
    def information(self) -> float:
        """1 - NLL/NLL of the prior: 1 is certain and right, 0 no better than the prior, negative worse."""
        return 1.0 - float(self.log_probs.sum() / self.log_prior.sum())


def scaled_design(features: Float[np.ndarray, "n d"], train: Bool[np.ndarray, "n"], scale: Scale) -> Float[np.ndarray, "n p"]:
    """Features less the training mean, over the training spread, with a column of ones.

    Args:
        features: Rows to scale.
        train: Rows that give mean and spread.
        scale: ``columns`` divides each column by its standard deviation (depends on the basis), ``overall`` all columns by
            one root mean square (does not).
    """
    centred = features - features[train].mean(axis=0)
    seen = centred[train]
    if scale == "columns":
        spread = seen.std(axis=0)
        spread = np.where(spread > 1e-12 * max(1e-300, float(np.abs(seen).max())), spread, 1.0)
    else:
        spread = max(float(np.sqrt(np.mean(seen * seen))), 1e-300)
    return np.concatenate([centred / spread, np.ones((len(features), 1))], axis=1)


def held_out_probe(
    features: Float[np.ndarray, "n d"],
    levels: Int[np.ndarray, "n"],
    fold: Int[np.ndarray, "n"],
    *,
    scale: Scale = "overall",
    grid: tuple[float, ...] = GRID,
    tolerance: float = 1e-7,
) -> HeldOutProbe:
    """Probe every fold with what was learnt from the others.

    C is chosen for each fold without it: probes that leave out this fold and one of its two neighbours are scored on the
    neighbour. A probe without folds k and k+1 serves both.

    Args:
        features: Any basis.
        levels: 0 … K-1.
        fold: From ``make_folds``, at least 3 folds.
        scale: See ``scaled_design``.
        grid: Values of C.
        tolerance: Of the fits, in nats per row; see ``fit_logistic``.
    """
    n_folds, n_levels = int(fold.max()) + 1, int(levels.max()) + 1
    targets = one_hot(levels, n_levels)
    chosen = _choose(features, targets, fold, scale=scale, grid=np.array(grid))
    log_probs, log_prior = np.empty(len(levels)), np.empty(len(levels))
    weights = np.empty((n_folds, n_levels, features.shape[1] + 1))
    for k in range(n_folds):
        train, test = fold != k, fold == k
        design = scaled_design(features, train, scale)
        weights[k] = fit_logistic(
            design[train], targets[:, train], ridge(chosen[k : k + 1], features.shape[1]), tolerance=tolerance
        )[0]
        log_probs[test] = true_log_probs(weights[k], design[test], levels[test])
        log_prior[test] = np.log(targets[:, train].mean(axis=1))[levels[test]]
    return HeldOutProbe(log_probs, log_prior, chosen, weights)


def ridge(inverse: Float[np.ndarray, "c"], n_features: int) -> Float[np.ndarray, "c p"]:
    """Penalties 1/C of every feature, none of the intercept."""
    penalty = np.repeat(1.0 / inverse[:, None], n_features + 1, axis=1)
    penalty[:, -1] = 0.0
    return penalty


def true_log_probs(
    weights: Float[np.ndarray, "k p"], design: Float[np.ndarray, "n p"], levels: Int[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    """Log-probability of each row's own level."""
    return log_softmax(weights @ design.T)[levels, np.arange(len(levels))]


def _choose(
    features: Float[np.ndarray, "n d"],
    targets: Float[np.ndarray, "k n"],
    fold: Int[np.ndarray, "n"],
    *,
    scale: Scale,
    grid: Float[np.ndarray, "c"],
) -> Float[np.ndarray, "f"]:
    n_folds = int(fold.max()) + 1
    loss = np.zeros((n_folds, len(grid)))
    for k in range(n_folds):
        after = (k + 1) % n_folds
        train = (fold != k) & (fold != after)
        design = scaled_design(features, train, scale)
        weights = fit_logistic(design[train], targets[:, train], ridge(grid, features.shape[1]), tolerance=CHOOSING)
        for test, serves in ((k, after), (after, k)):
            rows = fold == test
            loss[serves] -= (log_softmax(weights @ design[rows].T) * targets[:, rows]).sum(axis=(1, 2))
    return grid[loss.argmin(axis=1)]
