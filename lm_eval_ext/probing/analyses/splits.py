"""Items divided so that nothing shared stands on both sides: units are selected on one part and judged on another."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import digest


@dataclass(frozen=True)
class NestedFold:
    """One outer part held out, and the rest divided again.

    Attributes:
        held_out: Items to judge on, once.
        inner: Part of every other item, from 0, for choices; -1 for the items held out.
    """

    held_out: Bool[np.ndarray, "n"]
    inner: Int[np.ndarray, "n"]


def split(
    groups: Mapping[str, Sequence[Hashable]], stratum: Sequence[Hashable] | None = None, *, parts: int = 2, seed: int = 0
) -> Int[np.ndarray, "n"]:
    """Part of every item, from 0, such that items with an equal cluster, entity or template lie in one part.

    Items linked through any of the groups, also by way of others, stay together. Linked sets are dealt to parts from the largest
    on, each to the part that is then most even in every stratum; sets of one size in an order that depends on the seed and on the
    names in them, not on the place of the items.

    Args:
        groups: By name ("entity", "template"), the group of every item.
        stratum: What all parts shall hold alike (suite, arm); None: only their size counts.
        parts: How many.
        seed: Of the order.

    Raises:
        InputError: Lengths differ, or the groups link all items into fewer sets than there are parts.

    Example:
        >>> split({"entity": ["Oslo", "Oslo", "Rome", "Rome"]}, parts=2).tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
        True
    """
    sizes = {name: len(names) for name, names in groups.items()}
    n = next(iter(sizes.values()), 0)
    if len(set(sizes.values())) != 1 or (stratum is not None and len(stratum) != n):
        raise InputError(f"groups of {sizes} items came with {n if stratum is None else len(stratum)} strata. Give one per item.")
    linked = _linked(list(groups.values()), n)
    if len(linked) < parts:
        raise InputError(
            f"{' and '.join(groups)} link {n} items into {len(linked)} sets, too few for {parts} parts. "
            "Split by fewer groups, or add items that share nothing with the others."
        )
    names = [(-len(members), min(_name(item, groups, seed) for item in members)) for members in linked]
    order = sorted(range(len(linked)), key=names.__getitem__)
    return _dealt([linked[place] for place in order], ["" for _ in range(n)] if stratum is None else stratum, parts)


def nested_folds(
    groups: Mapping[str, Sequence[Hashable]],
    stratum: Sequence[Hashable] | None = None,
    *,
    outer: int = 2,
    inner: int = 2,
    seed: int = 0,
) -> list[NestedFold]:
    """Every part of a split held out in turn, the rest split again, both by groups.

    Args:
        groups: As for ``split``.
        stratum: As for ``split``.
        outer: Parts to hold out, at least 2.
        inner: Parts of the rest.
        seed: Of the order.

    Raises:
        InputError: As for ``split``.

    Example:
        >>> folds = nested_folds({"fact": list("aabbccdd")}, outer=2, inner=2)
        >>> [int(fold.held_out.sum()) for fold in folds], sorted(set(folds[0].inner.tolist()))
        ([4, 4], [-1, 0, 1])
    """
    outer_part = split(groups, stratum, parts=outer, seed=seed)
    folds: list[NestedFold] = []
    for part in range(outer):
        rest = np.flatnonzero(outer_part != part).tolist()
        kept = {name: [names[item] for item in rest] for name, names in groups.items()}
        inside = np.full(len(outer_part), -1, dtype=np.int64)
        inside[rest] = split(kept, None if stratum is None else [stratum[item] for item in rest], parts=inner, seed=seed)
        folds.append(NestedFold(outer_part == part, inside))
    return folds


def _name(item: int, groups: Mapping[str, Sequence[Hashable]], seed: int) -> str:
    return digest(seed, *(str(names[item]) for names in groups.values()))


def _linked(groups: list[Sequence[Hashable]], n: int) -> list[list[int]]:
    """Items in sets that share no group with another set."""
    parent = list(range(n))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for names in groups:
        first: dict[Hashable, int] = {}
        for item, name in enumerate(names):
            parent[root(item)] = root(first.setdefault(name, item))
    members: defaultdict[int, list[int]] = defaultdict(list)
    for item in range(n):
        members[root(item)].append(item)
    return list(members.values())


def _dealt(sets: list[list[int]], stratum: Sequence[Hashable], parts: int) -> Int[np.ndarray, "n"]:
    known = sorted(set(stratum), key=str)
    column = np.array([known.index(name) for name in stratum], dtype=np.int64)
    share = np.bincount(column, minlength=len(known)) / parts
    held, where = np.zeros((parts, len(known))), np.zeros(len(stratum), dtype=np.int64)
    empty = parts
    for left, members in zip(range(len(sets), 0, -1), sets, strict=True):
        added = np.bincount(column[members], minlength=len(known))
        cost = ((held + added - share) ** 2 - (held - share) ** 2).sum(axis=1)
        if left <= empty:  # no part may stay empty
            cost[held.sum(axis=1) > 0] = np.inf
        part = int(np.argmin(np.round(cost, 9)))
        empty -= int(held[part].sum() == 0)
        held[part] += added
        where[members] = part
    return where
