"""Held-out squared error of an angle under a ridge regression on its cosine and sine."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.perception.probe import GRID, scaled_design


@dataclass(frozen=True)
class HeldOutRidge:
    """Squared errors of each row, by fits that saw neither the row nor its group.

    Attributes:
        errors: (cos error)² + (sin error)² of the fit, per row.
        prior_errors: The same of the training mean.
        chosen: Inverse penalty of each fold.
    """

    errors: Float[np.ndarray, "n"]
    prior_errors: Float[np.ndarray, "n"]
    chosen: Float[np.ndarray, "f"]

    @property
    def information(self) -> float:
        """1 - error/error of the mean (held-out R²)."""
        return 1.0 - float(self.errors.sum() / self.prior_errors.sum())


def held_out_ridge(
    features: Float[np.ndarray, "n d"],
    circle: Float[np.ndarray, "n 2"],
    fold: Int[np.ndarray, "n"],
    *,
    keep: Bool[np.ndarray, "n"] | None = None,
    chosen: Float[np.ndarray, "f"] | None = None,
) -> HeldOutRidge:
    """Ridge regression on the other folds; the penalty is chosen as in ``held_out_probe``.

    Args:
        features: Any basis; scaled as a whole in each training fold.
        circle: (cos, sin).
        fold: Fold of each row.
        keep: Rows that exist; all by default. Errors of others are 0.
        chosen: Inverse penalty of each fold; chosen inside the training folds by default.
    """
    keep = np.ones(len(fold), dtype=bool) if keep is None else keep
    n_folds = int(fold.max()) + 1
    grid = np.array(GRID)
    if chosen is None:
        loss = np.zeros((n_folds, len(grid)))
        for k in range(n_folds):
            after = (k + 1) % n_folds
            errors = _errors(features, circle, keep & (fold != k) & (fold != after), grid)
            loss[after] += errors[:, keep & (fold == k)].sum(axis=1)
            loss[k] += errors[:, keep & (fold == after)].sum(axis=1)
        chosen = grid[loss.argmin(axis=1)]
    found, prior = np.zeros(len(fold)), np.zeros(len(fold))
    for k in range(n_folds):
        train, test = keep & (fold != k), keep & (fold == k)
        found[test] = _errors(features, circle, train, chosen[k : k + 1])[0, test]
        prior[test] = ((circle[test] - circle[train].mean(axis=0)) ** 2).sum(axis=1)
    return HeldOutRidge(found, prior, chosen)


def _errors(
    features: Float[np.ndarray, "n d"],
    circle: Float[np.ndarray, "n 2"],
    train: Bool[np.ndarray, "n"],
    grid: Float[np.ndarray, "c"],
) -> Float[np.ndarray, "c n"]:
    design = scaled_design(features, train, "overall")[:, :-1]
    mean = circle[train].mean(axis=0)
    values, vectors = np.linalg.eigh(design[train].T @ design[train])
    projected = vectors.T @ (design[train].T @ (circle[train] - mean))
    turned = design @ vectors
    fits = [turned @ (projected / (values + 1.0 / c)[:, None]) for c in grid]
    return np.stack([((circle - mean - fit) ** 2).sum(axis=1) for fit in fits])
