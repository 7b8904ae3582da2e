"""Parts of an embedding space: spans of directions, what they share, and what is left."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lm_eval_ext.errors import InputError

ENERGY = 0.95
MOST_RANK = 32
SHARED_COSINE = 0.9
SHARED = "shared"
RESIDUAL = "residual"
FULL = "full"


@dataclass(frozen=True)
class Blocks:
    """Mutually orthogonal subspaces with orthonormal columns; together with ``residual`` they fill the space.

    Attributes:
        bases: Name -> basis; ``shared`` only where spans overlap; ``residual`` only where something is left.
        cosines: Pair of names -> cosines of the principal angles between the spans as given, largest first.
    """

    bases: dict[str, Float[np.ndarray, "d _"]]
    cosines: dict[tuple[str, str], Float[np.ndarray, "_"]]

    def features(self, embeddings: Float[np.ndarray, "n d"]) -> dict[str, Float[np.ndarray, "n _"]]:
        """Coordinates of every row in each block, and the rows themselves as ``full``."""
        return {FULL: embeddings} | {name: embeddings @ basis for name, basis in self.bases.items()}


def span(directions: Float[np.ndarray, "m d"], *, energy: float = ENERGY, most: int = MOST_RANK) -> Float[np.ndarray, "d r"]:
    """Orthonormal basis of the leading singular directions that hold this share of the squared length.

    Args:
        directions: One per row, for example differences of text embeddings.
        energy: Share in (0, 1].
        most: Largest rank.

    Raises:
        InputError: Directions are not finite or all zero.

    Example:
        >>> span(np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])).shape
        (3, 2)
    """
    if not np.isfinite(directions).all() or not np.any(directions):
        raise InputError("directions are finite and not all zero. Check the texts they come from.")
    _, sizes, axes = np.linalg.svd(directions, full_matrices=False)
    share = np.cumsum(sizes**2) / np.sum(sizes**2)
    rank = min(most, int(np.searchsorted(share, energy - 1e-12)) + 1)
    return axes[:rank].T


def principal_cosines(left: Float[np.ndarray, "d a"], right: Float[np.ndarray, "d b"]) -> Float[np.ndarray, "_"]:
    """Cosines of the principal angles between two subspaces given by orthonormal columns, largest first.

    Source:
        Björck & Golub 1973, doi:10.1090/S0025-5718-1973-0348991-3.
    """
    return np.clip(np.linalg.svd(left.T @ right, compute_uv=False), 0.0, 1.0)


def make_blocks(directions: Mapping[str, Float[np.ndarray, "_ d"]], *, energy: float = ENERGY, most: int = MOST_RANK) -> Blocks:
    """Orthogonal blocks from directions: their spans, less what two of them share, and what none of them holds.

    Where two spans meet at a principal cosine above .9, the bisectors go to ``shared`` and leave both. The rest is orthogonalised
    symmetrically (Löwdin: the orthonormal vectors nearest to the given ones), so the order of the blocks does not matter.

    Args:
        directions: Name -> directions, one per row.
        energy: See ``span``.
        most: Largest rank of a span.

    Raises:
        InputError: Directions are empty, or the spans fill more than the space holds.

    Source:
        Löwdin 1950, doi:10.1063/1.1747632.

    Example:
        >>> made = make_blocks({"a": np.eye(4)[:1], "b": np.array([[1.0, 1.0, 0.0, 0.0]])})
        >>> sorted(made.bases), round(float(abs(made.bases["a"].T @ made.bases["b"])[0, 0]), 6)
        (['a', 'b', 'residual'], 0.0)
    """
    spans = {name: span(rows, energy=energy, most=most) for name, rows in directions.items()}
    names = list(spans)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    cosines = {pair: principal_cosines(spans[pair[0]], spans[pair[1]]) for pair in pairs}
    common = [_common(spans[a], spans[b]) for a, b in pairs]
    shared = _merge(np.concatenate(common, axis=1)) if common else np.zeros((len(spans[names[0]]), 0))
    left = {name: _without(basis, shared) for name, basis in spans.items()}
    return Blocks(_orthogonal(left, shared), cosines)


def _common(left: Float[np.ndarray, "d a"], right: Float[np.ndarray, "d b"]) -> Float[np.ndarray, "d s"]:
    """Bisectors of the principal directions that nearly agree."""
    u, cosines, v = np.linalg.svd(left.T @ right, full_matrices=False)
    close = cosines > SHARED_COSINE
    middle = left @ u[:, close] + right @ v[close].T
    return middle / np.linalg.norm(middle, axis=0, keepdims=True)


def _merge(vectors: Float[np.ndarray, "d m"]) -> Float[np.ndarray, "d s"]:
    """Orthonormal basis of bisectors of several pairs; those that nearly repeat another are one direction."""
    u, sizes, _ = np.linalg.svd(vectors, full_matrices=False)
    return u[:, sizes > (1.0 - SHARED_COSINE**2) ** 0.5]


def _without(basis: Float[np.ndarray, "d r"], shared: Float[np.ndarray, "d s"]) -> Float[np.ndarray, "d q"]:
    """The part of a span that is left when the shared directions are taken out; those mostly within them go."""
    u, sizes, _ = np.linalg.svd(basis - shared @ (shared.T @ basis), full_matrices=False)
    return u[:, sizes > (1.0 - SHARED_COSINE**2) ** 0.5]


def _orthogonal(
    left: Mapping[str, Float[np.ndarray, "d _"]], shared: Float[np.ndarray, "d s"]
) -> dict[str, Float[np.ndarray, "d _"]]:
    joined = np.concatenate(list(left.values()), axis=1)
    d = len(joined)
    if joined.shape[1] + shared.shape[1] > d:
        raise InputError(
            f"spans of {joined.shape[1] + shared.shape[1]} directions do not fit {d} dimensions. Lower the largest rank."
        )
    u, sizes, v = np.linalg.svd(joined, full_matrices=False)
    if joined.shape[1] and sizes[-1] < 1e-6:
        raise InputError("directions of three or more blocks depend on each other. Remove one of the spans, or lower the energy.")
    even = u @ v
    bases: dict[str, Float[np.ndarray, "d _"]] = {}
    start = 0
    for name, basis in left.items():
        stop = start + basis.shape[1]
        if start == stop:
            raise InputError(
                f"block {name!r} lies within what it shares with others, so nothing of its own is left. Merge the two."
            )
        bases[name] = even[:, start:stop]
        start = stop
    if shared.shape[1]:
        bases[SHARED] = shared
    rest = _complement(np.concatenate([even, shared], axis=1))
    return bases | ({RESIDUAL: rest} if rest.shape[1] else {})


def _complement(basis: Float[np.ndarray, "d r"]) -> Float[np.ndarray, "d q"]:
    return np.linalg.svd(basis, full_matrices=True)[0][:, basis.shape[1] :]


def match_rank(
    bases: Mapping[str, Float[np.ndarray, "d _"]], embeddings: Float[np.ndarray, "n d"]
) -> dict[str, Float[np.ndarray, "d r"]]:
    """Each subspace cut to the smallest rank among them: the directions in which the embeddings vary most inside it.

    A wide block says more than a narrow one for its width alone; only blocks of one rank are compared.
    """
    rank = min(basis.shape[1] for basis in bases.values())
    centred = embeddings - embeddings.mean(axis=0)
    cut: dict[str, Float[np.ndarray, "d r"]] = {}
    for name, basis in bases.items():
        _, _, axes = np.linalg.svd(centred @ basis, full_matrices=False)
        cut[name] = basis @ axes[:rank].T
    return cut
