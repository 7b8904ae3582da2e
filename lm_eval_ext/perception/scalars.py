"""Single numbers read off the matrix R[block, factor]."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

FAINT = 0.02
"""Blocks with less information than this over all factors are left out of B-InfoM, factors likewise of B-InfoC."""
LEAK_FLOOR = 0.05
"""Leakage of a factor is defined only where the whole embedding says at least this much about it."""


def separation(matrix: Float[np.ndarray, "b f"], own: Sequence[int]) -> float:
    """SEP: mean over factors of R[own block] less the largest R of another block, -1..1.

    Args:
        matrix: Rows are the blocks that compete.
        own: Row that should hold each factor.

    Example:
        >>> round(separation(np.array([[0.9, 0.2], [0.1, 0.8]]), [0, 1]), 3)
        0.7
    """
    columns = np.arange(matrix.shape[1])
    others = matrix.copy()
    others[np.asarray(own), columns] = -np.inf
    return float((matrix[np.asarray(own), columns] - others.max(axis=0)).mean())


def block_modularity(matrix: Float[np.ndarray, "b f"]) -> float:
    """B-InfoM: how far each block says only one thing, ~0..1; NaN when no block says anything or there is one factor.

    Example:
        >>> block_modularity(np.eye(3)), round(block_modularity(np.ones((2, 2))), 3)
        (1.0, 0.0)
    """
    return _peaks(np.maximum(matrix, 0.0))


def block_compactness(matrix: Float[np.ndarray, "b f"]) -> float:
    """B-InfoC: how far each factor is in only one block, ~0..1; NaN when no factor is anywhere or there is one block.

    Example:
        >>> block_compactness(np.array([[1.0, 1.0], [0.0, 0.0]]))
        1.0
    """
    return _peaks(np.maximum(matrix, 0.0).T)


def _peaks(table: Float[np.ndarray, "rows columns"]) -> float:
    total, width = table.sum(axis=1), table.shape[1]
    said = total >= FAINT
    if not said.any() or width < 2:
        return float("nan")
    share = float((table[said].max(axis=1) / total[said]).mean())
    return (share - 1.0 / width) / (1.0 - 1.0 / width)


def leakage(matrix: Float[np.ndarray, "b f"], full: Float[np.ndarray, "f"]) -> Float[np.ndarray, "b f"]:
    """LEAK: R[b, f] / R[whole embedding, f]; NaN where the whole embedding says less than .05.

    It is concave in leaked variance (10 % of it read .3 in simulations), so it is not a share of variance.

    Example:
        >>> leakage(np.array([[0.4, 0.1]]), np.array([0.8, 0.01])).tolist()
        [[0.5, nan]]
    """
    return matrix / np.where(full >= LEAK_FLOOR, full, np.nan)
