"""A world: one universe, its pages and questions, and the names under which it is shown."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from lm_eval_ext.seeding import digest
from lm_eval_ext.worlds.documents import render_text, write_pages
from lm_eval_ext.worlds.facts import FactTable, load_table
from lm_eval_ext.worlds.naming import Pool, real_names, synthetic_names
from lm_eval_ext.worlds.universe import Universe, sample_universe

GENERATOR_VERSION = 1
"""Raised when the same seed gives other bytes."""
REAL = 0
"""Number of the real-mapped world; synthetic-mapped ones count from 1."""


@dataclass(frozen=True)
class World:
    """Symbolic pages and one set of names per world number.

    Attributes:
        table: The facts that the universe was taken from.
        universe: Entities and facts.
        pages: Symbolic page per entity.
        names: ``names[0]`` real, ``names[k]`` of the k-th synthetic world; entity or value -> name.
        revision: Hash of all that fixes the world.
    """

    table: FactTable
    universe: Universe
    pages: dict[str, str]
    names: tuple[dict[str, str], ...]
    revision: str

    @cached_property
    def corpus(self) -> str:
        """SHA-256 of the symbolic pages in order, as 64 hex digits: what all worlds have in common."""
        return digest(*self.pages.items())

    def page(self, entity: str, number: int) -> str:
        """The page as a reader of world ``number`` sees it."""
        return render_text(self.pages[entity], self.names[number])


def build_world(*, pages: int, seed: int, n_sm: int = 1, pool: Pool = "test", facts: str = "core") -> World:
    """The world of a seed over the facts that an option names; a few are kept, because every item of a task is rendered from one.

    Raises:
        InputError: The facts can't be read, or ``pages`` is more than they connect.
    """
    return _kept_world(load_table(facts), pages=pages, seed=seed, n_sm=n_sm, pool=pool)


def make_world(table: FactTable, *, pages: int, seed: int, n_sm: int = 1, pool: Pool = "test") -> World:
    """A world over any facts.

    Args:
        table: The facts.
        pages: Entities, one page each.
        seed: Names the world.
        n_sm: Number of synthetic worlds.
        pool: Which synthetic names may be used.

    Raises:
        InputError: ``pages`` is more than the fact table connects.
    """
    universe = sample_universe(table, pages=pages, seed=seed)
    real = real_names(table)
    named = (*universe.entities, *universe.literals)
    names = [{entity: real[entity] for entity in named}]
    names += [synthetic_names(table, named, seed=seed, world=k, pool=pool) for k in range(1, n_sm + 1)]
    symbolic = write_pages(table, universe, seed=seed)
    revision = digest("synthworlds", GENERATOR_VERSION, table.version, pages, seed, pool, sorted(symbolic.items()))[:16]
    return World(table, universe, symbolic, tuple(names), revision)


_kept_world = lru_cache(maxsize=8)(make_world)
