"""How long a random walk over links takes to reach a page, on average and exactly: the difficulty of a target."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from lm_eval_ext.worlds.links import LinkGraph

Matrix = Any
"""``scipy.sparse.csr_array``, whose types are incomplete; shape (n, n)."""
Vector = Float[np.ndarray, "n"]
Solve = Callable[[Vector], Vector]

TOLERANCE = 1e-8
"""Largest relative error of a hitting time."""
_DENSE_PAGES = 2_000
"""Most densely linked pages for which the matrix is factored at once; its factors may hold the square of that many numbers."""
_ROUNDS = 3
"""Solutions are improved this many times at most; one is nearly always enough."""


class HittingTimes:
    """Expected number of clicks of a random walk from every page to any target.

    h solves (I - P') h = 1, where P' is the transition matrix without the target's row and column. Instead of one matrix per
    target a single one is factored, that without the most linked page r. From its solutions u (right side 1) and y (1 at the
    target) h follows: with f = y / y(t), the probability to meet the target before r,
    h = u - u(t) + a (f - 1), where a = -(1 + P(r) u) / (P(r) f).

    The residual of that system bounds the relative error of every h, since its inverse is positive and turns 1 into h. It is
    checked for each target, and the solution is refined until it is within ``TOLERANCE``.

    Source:
        Hitting probabilities and times of a finite chain: Norris 1997, Markov Chains, theorem 1.3.5.
    """

    def __init__(self, graph: LinkGraph) -> None:
        self._graph = graph
        self._steps = graph.steps
        self._root = int(np.bincount(graph.adjacency.indices, minlength=len(graph.pages)).argmax())
        self._from_root = self._steps[[self._root], :].toarray()[0]
        self._solve = _solver(self._steps, self._root)
        self._ones = self._grounded(np.ones(len(graph.pages)))

    def to(self, target: str) -> Float[np.ndarray, "pages"]:
        """Expected clicks from every page to the target; 0.0 at the target itself.

        Raises:
            ArithmeticError: The tolerance can't be met.
        """
        place = self._graph.number[target]
        unit = np.zeros(len(self._graph.pages))
        unit[place] = 1.0
        before = self._grounded(unit) if place != self._root else unit
        before /= before[place]
        found, missing = np.zeros_like(unit), self._missing(np.zeros_like(unit), place)
        solved = self._ones
        for _ in range(_ROUNDS):
            found += self._shifted(solved, missing, before, place)
            missing = self._missing(found, place)
            if np.abs(missing).max() <= TOLERANCE:
                return found
            solved = self._grounded(missing)
        raise ArithmeticError(f"The hitting times of page {target} are off by {np.abs(missing).max():.1e} of their value.")

    def _shifted(self, solved: Vector, right: Vector, before: Vector, place: int) -> Vector:
        """A solution that is 0 at the root turned into the one that is 0 at the target, for the right side ``right``."""
        if place == self._root:
            return solved.copy()
        slope = -(right[self._root] + self._from_root @ solved) / (self._from_root @ before)
        return solved - solved[place] + slope * (before - 1.0)

    def _missing(self, found: Vector, place: int) -> Vector:
        """1 - (I - P') h: what the solution lacks."""
        missing = 1.0 + self._steps @ found - found
        missing[place] = 0.0
        return missing

    def _grounded(self, right: Vector) -> Vector:
        """Solution of (I - P) u = right outside the root, u = 0 at the root."""
        solved = np.zeros_like(right)
        others = np.arange(len(right)) != self._root
        solved[others] = self._solve(right[others])
        return solved


def _solver(steps: Matrix, root: int) -> Solve:
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    others = np.flatnonzero(np.arange(steps.shape[0]) != root)
    matrix = (eye_array(steps.shape[0]) - steps).tocsr()[others, :][:, others]
    if _densely_linked(steps) <= _DENSE_PAGES:
        return splu(matrix.tocsc()).solve
    return _Iterative(matrix).solve


class _Iterative:
    """For large graphs without hierarchy, whose factors are full: random walks mix there in a few clicks, and so it converges.

    Where it does not, the matrix is factored after all, which takes longer.
    """

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._factors: Any = None

    def solve(self, right: Vector) -> Vector:
        """Solution for one right side."""
        from scipy.sparse.linalg import gmres, splu

        if self._factors is None:
            solved, failed = gmres(self._matrix, right, rtol=1e-12, atol=0.0, restart=100, maxiter=5)
            if not failed:
                return solved
            self._factors = splu(self._matrix.tocsc())
        return self._factors.solve(right)


def _densely_linked(steps: Matrix) -> int:
    """Pages that remain when pages with at most two neighbours are taken away again and again: those cause no fill."""
    both = (steps + steps.T).tocsr()
    while True:
        stay = np.flatnonzero(np.diff(both.indptr) > 2)
        if len(stay) == both.shape[0]:
            return len(stay)
        both = both[stay, :][:, stay]
