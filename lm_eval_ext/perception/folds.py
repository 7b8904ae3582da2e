"""Splits that keep a group (an object, a scene, a picture) on one side."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream

MOST_DEALS = 50


def deal_groups(
    groups: Int[np.ndarray, "n"], n_parts: int, *name: object, levels: Sequence[Int[np.ndarray, "n"]] = ()
) -> Int[np.ndarray, "n"]:
    """Part (0 … n_parts-1) of every row; a group's rows share one part, and the levels of a factor are spread over the parts.

    Groups are shuffled, sorted by the factors that are constant within groups, and dealt out in turn.

    Args:
        groups: Group of each row.
        n_parts: Parts, 2 up to the number of groups.
        name: What the random stream is called, for example a seed and a repeat.
        levels: Factors whose levels should be spread.

    Raises:
        InputError: Fewer groups than parts.

    Example:
        >>> parts = deal_groups(np.array([0, 0, 1, 1, 2, 2]), 3, "doc", 0)
        >>> parts[0] == parts[1], sorted(set(parts.tolist()))
        (np.True_, [0, 1, 2])
    """
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    if not 2 <= n_parts <= len(first):
        raise InputError(
            f"{len(first)} groups cannot be dealt into {n_parts} parts. Give more groups or fewer folds (at least 2)."
        )
    order = list(range(len(first)))
    rng = stream("deal", *name)
    rng.shuffle(order)
    constant = [level for level in levels if constant_within(level, groups)]
    order.sort(key=lambda group: tuple(int(level[first[group]]) for level in constant))
    offset = rng.randrange(n_parts)
    part = np.empty(len(first), dtype=np.int64)
    part[order] = (np.arange(len(first)) + offset) % n_parts
    return part[number]


def constant_within(levels: Int[np.ndarray, "n"], groups: Int[np.ndarray, "n"]) -> bool:
    """Whether every group has one level.

    Example:
        >>> constant_within(np.array([3, 3, 4]), np.array([0, 0, 1])), constant_within(np.array([3, 4]), np.array([0, 0]))
        (True, False)
    """
    return len(np.unique(np.stack([groups, levels]), axis=1).T) == len(np.unique(groups))


def make_folds(
    groups: Int[np.ndarray, "n"], n_folds: int, *name: object, levels: Sequence[Int[np.ndarray, "n"]] = ()
) -> Int[np.ndarray, "n"]:
    """Fold of every row such that each level is still seen in training when any two neighbouring folds are held out.

    Raises:
        InputError: No such folds in 50 deals.
    """
    for deal in range(MOST_DEALS):
        fold = deal_groups(groups, n_folds, *name, deal, levels=levels)
        if all(_seen_in_training(level, fold, n_folds) for level in levels):
            return fold
    raise InputError(
        f"no split into {n_folds} folds keeps every level of every factor in training: a level has too few groups. "
        "Merge rare levels, or leave the factor out."
    )


def _seen_in_training(levels: Int[np.ndarray, "n"], fold: Int[np.ndarray, "n"], n_folds: int) -> bool:
    present = np.zeros((int(levels.max()) + 1, n_folds), dtype=bool)
    present[levels, fold] = True
    present = present[np.unique(levels)]
    pairs = [np.delete(present, [k, (k + 1) % n_folds], axis=1) for k in range(n_folds)]
    return all(bool(kept.any(axis=1).all()) for kept in pairs)
