"""A connected part of the fact graph: what a world is about."""

import heapq
from collections import defaultdict
from dataclasses import dataclass

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.facts import Fact, FactTable


@dataclass(frozen=True)
class Universe:
    """Entities in the order in which they joined, and the facts among them, sorted."""

    entities: tuple[str, ...]
    facts: tuple[Fact, ...]


def _neighbours(table: FactTable) -> dict[str, list[tuple[str, float]]]:
    """Entity -> (neighbour, reluctance). Objects of one's own facts join sooner, so that a page keeps most of its facts."""
    near: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for fact in table.facts:
        near[fact.subject].append((fact.object, 1.0 if table.relations[fact.relation].many else 0.2))
        near[fact.object].append((fact.subject, 1.0))
    return near


def sample_universe(table: FactTable, *, pages: int, seed: int) -> Universe:
    """Grow a connected set of ``pages`` entities from a random country.

    Raises:
        InputError: The table has fewer connected entities than asked for.
    """
    rng = stream("universe", seed)
    near = _neighbours(table)
    countries = [entity.id for entity in table.entities.values() if entity.type == "country" and entity.id in near]
    frontier: list[tuple[float, str]] = [(0.0, rng.choice(countries))]
    joined: dict[str, None] = {}
    while frontier and len(joined) < pages:
        _, entity = heapq.heappop(frontier)
        if entity in joined:
            continue
        joined[entity] = None
        for other, reluctance in near[entity]:
            if other not in joined:
                heapq.heappush(frontier, (rng.random() * reluctance, other))
    if len(joined) < pages:
        raise InputError(f"pages={pages} is more than the fact table connects. Give at most {len(joined)}.")
    facts = tuple(sorted(fact for fact in table.facts if fact.subject in joined and fact.object in joined))
    return Universe(tuple(joined), facts)
