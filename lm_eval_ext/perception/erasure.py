"""Least-squares concept erasure: embeddings changed as little as possible so that no linear probe finds a factor."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.logistic import one_hot


@dataclass(frozen=True)
class Eraser:
    """An affine map x -> x - P (x - mean).

    Attributes:
        mean: Of the embeddings it was fitted on.
        projection: P, an oblique projection whose rank is that of the concept.
    """

    mean: Float[np.ndarray, "d"]
    projection: Float[np.ndarray, "d d"]

    def __call__(self, embeddings: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        """Erased embeddings."""
        return embeddings - (embeddings - self.mean) @ self.projection.T


def fit_eraser(embeddings: Float[np.ndarray, "n d"], levels: Int[np.ndarray, "n"]) -> Eraser:
    """LEACE of a factor: P = W⁺ (W Σxz)(W Σxz)⁺ W with W = Σxx^(-1/2), the whitening of the embeddings.

    On the rows it was fitted on, every level has the same mean afterwards, so no linear probe does better there than the prior.

    Args:
        embeddings: Any number of rows; with fewer rows than dimensions, directions that do not vary stay.
        levels: 0 … K-1.

    Raises:
        InputError: Embeddings are not finite, or the factor is constant.

    Source:
        Belrose et al. 2023, arXiv:2306.03819, theorem 4.3 (closed form).

    Example:
        >>> levels = np.arange(40) % 2
        >>> x = np.random.default_rng(0).normal(size=(40, 3)) + levels[:, None]
        >>> erased = fit_eraser(x, levels)(x)
        >>> bool(np.allclose(erased[levels == 0].mean(axis=0), erased[levels == 1].mean(axis=0)))
        True
    """
    if not np.isfinite(embeddings).all():
        raise InputError("embeddings to erase from are not finite. Embed these pictures again.")
    if np.ptp(levels) == 0:
        raise InputError("the factor to erase is constant, so there is nothing to erase.")
    mean = embeddings.mean(axis=0)
    centred = embeddings - mean
    targets = one_hot(levels, int(levels.max()) + 1).T
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    moving = values > 1e-10 * values[-1]
    root, axes = np.sqrt(values[moving]), vectors[:, moving]
    whitened = (axes / root).T @ (centred.T @ (targets - targets.mean(axis=0)) / len(centred))
    found, sizes, _ = np.linalg.svd(whitened, full_matrices=False)
    found = found[:, sizes > 1e-10]
    return Eraser(mean, (axes * root) @ found @ found.T @ (axes / root).T)
