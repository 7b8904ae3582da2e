"""Mutual information between factors and single latents, in nats."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

ROUNDING = 1e-12
"""Information below this is rounding."""


def entropy(levels: Int[np.ndarray, "n"]) -> float:
    """Plug-in entropy in nats.

    Example:
        >>> round(entropy(np.array([0, 1, 0, 1])), 4)
        0.6931
    """
    return discrete_information(levels, levels)


def discrete_information(left: Int[np.ndarray, "n"], right: Int[np.ndarray, "n"]) -> float:
    """Plug-in mutual information of two discrete variables in nats.

    Example:
        >>> discrete_information(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
        0.0
    """
    _, a = np.unique(left, return_inverse=True)
    _, b = np.unique(right, return_inverse=True)
    joint = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(joint, (a, b), 1.0 / len(a))
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0.0
    found = float((joint[seen] * np.log(joint[seen] / apart[seen])).sum())
    return found if found > ROUNDING else 0.0


def histogram_codes(latents: Float[np.ndarray, "n d"], bins: int) -> Int[np.ndarray, "n d"]:
    """Each column cut into so many bins of equal width over its range, numbered from 1.

    Source:
        disentanglement_lib, ``_histogram_discretize``.

    Example:
        >>> histogram_codes(np.array([[0.0], [0.4], [1.0]]), 2).ravel().tolist()
        [1, 1, 2]
    """
    codes = np.empty(latents.shape, dtype=np.int64)
    for column in range(latents.shape[1]):
        values = latents[:, column]
        codes[:, column] = np.digitize(values, np.histogram(values, bins)[1][:-1])
    return codes


def factor_information(
    levels: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"], *, discrete: bool, n_neighbors: int = 10, seed: int = 0
) -> Float[np.ndarray, "f d"]:
    """I(factor; latent) / H(factor), 0 to about 1.

    Args:
        levels: Factors, each with at least two levels.
        latents: Continuous values, or codes when ``discrete``.
        discrete: Codes get plug-in information, others the k-nearest-neighbour estimate, which is cut at 0.
        n_neighbors: Of the estimate.
        seed: Of the tiny noise that scikit-learn's estimate adds to break ties.

    Source:
        Hsu et al. 2023, arXiv:2305.18378; estimate of Ross 2014, doi:10.1371/journal.pone.0087357.
    """
    if discrete:
        shares = [[discrete_information(s, _codes(z)) for z in latents.T] for s in levels.T]
    else:
        shares = [_neighbour_information(s, latents, n_neighbors, seed) for s in levels.T]
    return np.array(shares) / np.array([entropy(s) for s in levels.T])[:, None]


def _neighbour_information(
    levels: Int[np.ndarray, "n"], latents: Float[np.ndarray, "n d"], n_neighbors: int, seed: int
) -> Float[np.ndarray, "d"]:
    from sklearn.feature_selection import mutual_info_classif

    spread = latents.std(axis=0)
    scaled = (latents - latents.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    columns: Any = {"discrete_features": False}  # typed as a string in scikit-learn's stubs
    return np.asarray(mutual_info_classif(scaled, levels, n_neighbors=n_neighbors, random_state=seed, **columns))


def _codes(latent: Float[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    return np.unique(latent, return_inverse=True)[1].astype(np.int64)
