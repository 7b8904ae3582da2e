"""A connected part of the fact graph: what a world is about."""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.facts import FactTable, is_literal
from lm_eval_ext.worlds.facts.table import Fact

_CAP = 250
"""Neighbours by one relation that may join soon; as many more wait until nothing nearer is left, and so on."""


@dataclass(frozen=True)
class Universe:
    """What a world is about.

    Attributes:
        entities: Those with a page, in the order in which they joined.
        facts: All facts among them, and those that give them a value, sorted.
        literals: The values, in the order in which they are first given.
    """

    entities: tuple[str, ...]
    facts: tuple[Fact, ...]
    literals: tuple[str, ...] = ()


class _Links(NamedTuple):
    """Neighbours of all entities in one place, each entity's in the order of the facts.

    Attributes:
        ids: Entity of each number.
        first: Where the neighbours of an entity begin; one number more than entities.
        other: Neighbours.
        group: Relation and direction of each neighbour.
        reluctance: How late it joins: an object of one's own facts sooner, so that a page keeps most of its facts.
    """

    ids: list[str]
    first: Int[np.ndarray, "n_plus_1"]
    other: Int[np.ndarray, "two_facts"]
    group: Int[np.ndarray, "two_facts"]
    reluctance: Float[np.ndarray, "two_facts"]


_links_of: WeakKeyDictionary[FactTable, _Links] = WeakKeyDictionary()
"""Made once per table, which outlives it in no case."""


def _links(table: FactTable) -> _Links:
    if table not in _links_of:
        _links_of[table] = _link(table)
    return _links_of[table]


def _link(table: FactTable) -> _Links:
    number = {entity: i for i, entity in enumerate(one for one in table.entities if not is_literal(one))}
    relation = {name: i for i, name in enumerate(table.relations)}
    flat = np.fromiter(
        (
            one
            for fact in table.facts
            if fact.object in number
            for one in (number[fact.subject], relation[fact.relation], number[fact.object])
        ),
        np.int64,
    ).reshape(-1, 3)
    own = np.array([1.0 if one.many else 0.2 for one in table.relations.values()])
    source = flat[:, (0, 2)].ravel()
    order = np.argsort(source, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=len(number)))])
    group = np.stack([2 * flat[:, 1], 2 * flat[:, 1] + 1], axis=1).ravel()[order]
    reluctance = np.stack([own[flat[:, 1]], np.ones(len(flat))], axis=1).ravel()[order]
    return _Links(list(number), first, flat[:, (2, 0)].ravel()[order], group, reluctance)


def _starts(table: FactTable, links: _Links) -> list[int]:
    """Where a world may begin: at any linked entity of the table's start type, or anywhere in the largest connected part."""
    if table.start_type:
        linked = np.diff(links.first) > 0
        return [i for i, entity in enumerate(links.ids) if linked[i] and table.entities[entity].type == table.start_type]
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    size = len(links.ids)
    graph = csr_array((np.ones(len(links.other), np.int8), links.other, links.first), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    return np.flatnonzero(part == np.bincount(part).argmax()).tolist() if size else []


def sample_universe(table: FactTable, *, pages: int, seed: int) -> Universe:
    """Grow a connected set of ``pages`` entities; fewer pages give the first ones of more.

    Time and memory grow with the number of facts.

    Raises:
        InputError: The table has fewer connected entities than asked for.
    """
    links = _links(table)
    rng = stream("universe", seed)
    starts = _starts(table, links)
    joined = _grow(links, rng.choice(starts), pages, rng) if starts else []
    if len(joined) < pages:
        raise InputError(
            f"pages={pages} is more than the fact table connects. Give at most {len(joined)}."
            if starts
            else f"The facts name no {table.start_type or 'entity'} for a world to begin with. Give facts that do."
        )
    entities = dict.fromkeys(links.ids[i] for i in joined)
    facts = tuple(sorted(f for f in table.facts if f.subject in entities and (f.object in entities or is_literal(f.object))))
    return Universe(tuple(entities), facts, tuple(_literals(entities, facts)))


def _grow(links: _Links, start: int, pages: int, rng: Random) -> list[int]:
    frontier = [(0.0, start)]
    joined: dict[int, None] = {}
    while frontier and len(joined) < pages:
        _, entity = heapq.heappop(frontier)
        if entity in joined:
            continue
        joined[entity] = None
        here = slice(links.first[entity], links.first[entity + 1])
        others, groups, reluctances = (column[here].tolist() for column in (links.other, links.group, links.reluctance))
        drawn = [
            (rng.random() * reluctance, other, group)
            for other, group, reluctance in zip(others, groups, reluctances, strict=True)
            if other not in joined
        ]
        for place, other in _capped(drawn):
            heapq.heappush(frontier, (place, other))
    return list(joined)


def _capped(drawn: list[tuple[float, int, int]]) -> Iterator[tuple[float, int]]:
    """Places in the queue; of each group only so many keep their own."""
    if len(drawn) <= _CAP:
        yield from ((place, other) for place, other, _ in drawn)
        return
    met: dict[int, int] = defaultdict(int)
    for place, other, group in sorted(drawn):
        yield place + met[group] // _CAP, other
        met[group] += 1


def _literals(entities: dict[str, None], facts: tuple[Fact, ...]) -> dict[str, None]:
    given: dict[str, list[str]] = defaultdict(list)
    for fact in facts:
        if is_literal(fact.object):
            given[fact.subject].append(fact.object)
    return dict.fromkeys(literal for entity in entities if entity in given for literal in given[entity])
