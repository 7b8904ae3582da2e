"""What the numbers read where there is nothing to find: random subspaces and shuffled labels."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.perception.factors import Factor
from lm_eval_ext.perception.folds import constant_within
from lm_eval_ext.perception.information import Questions
from lm_eval_ext.seeding import stream


def generator(*name: object) -> np.random.Generator:
    """A private numpy generator named by its parts."""
    return np.random.default_rng(stream(*name).getrandbits(128))


def random_bases(dimensions: int, rank: int, count: int, *name: object) -> list[Float[np.ndarray, "d r"]]:
    """So many mutually orthogonal subspaces of one rank, uniformly random."""
    basis = np.linalg.qr(generator("subspace", *name).normal(size=(dimensions, rank * count)))[0]
    return [basis[:, k * rank : (k + 1) * rank] for k in range(count)]


def null_matrices(
    embeddings: Float[np.ndarray, "n d"], questions: Questions, rank: int, count: int, *, draws: int, seed: int
) -> Float[np.ndarray, "draws count f"]:
    """R of random subspaces in place of the blocks, each draw on one of the grouped splits in turn.

    One split per draw leaves the noise of the split in the null, which makes it a little wider than that of the score.
    """
    splits = len(questions.splits)
    found = np.empty((draws, count, len(questions.factors)))
    for draw in range(draws):
        turn = slice(draw % splits, draw % splits + 1)
        for k, basis in enumerate(random_bases(embeddings.shape[1], rank, count, seed, draw)):
            found[draw, k] = questions.ask("random", embeddings @ basis, turn)[0]
    return found


def control_factors(factors: Sequence[Factor], groups: Int[np.ndarray, "n"], seed: int) -> list[Factor]:
    """The factors with shuffled values: whole groups where a factor is constant within groups, rows within groups elsewhere."""
    return [replace(factor, values=_shuffled(factor, groups, seed)) for factor in factors]


def _shuffled(factor: Factor, groups: Int[np.ndarray, "n"], seed: int) -> np.ndarray:
    rng = generator("control", factor.name, seed)
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    if constant_within(np.unique(factor.values, return_inverse=True)[1].astype(np.int64), groups):
        return factor.values[first][rng.permutation(len(first))][number]
    shuffled = factor.values.copy()
    for group in range(len(first)):
        rows = np.flatnonzero(number == group)
        shuffled[rows] = shuffled[rng.permutation(rows)]
    return shuffled
