"""Names of a world's entities: the real ones, or invented ones that fit their type.

Derived names stay derived: as the real Mexico City is named after Mexico, the synthetic one is named after the synthetic Mexico.
Values are changed too: times by the shift of the world, codes to others of the same shape.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random
from typing import Literal

from lm_eval_ext.seeding import digest, stream
from lm_eval_ext.worlds.facts import FactTable, is_literal
from lm_eval_ext.worlds.facts.literals import draw_shift, shifted_label
from lm_eval_ext.worlds.facts.styles import STYLES, NameStyle, kept_words

Pool = Literal["test", "train"]
"""Names are dealt to two pools by their hash, so that a model trained on one has met no name of the other."""

_ONSETS = ("b", "br", "c", "d", "dr", "f", "g", "gr", "h", "k", "kr", "l", "m", "n", "p", "r", "s", "t", "tr", "v", "z")
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("", "", "l", "n", "r", "s")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = re.compile(r"[^\W\d_]{3,}")
_TRIES = 1000
_TRIES_PER_LENGTH = 16
"""Short names come first; longer ones when they run out."""


def _word(rng: Random, ending: str, syllables: int) -> str:
    body = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(syllables))
    return body.rstrip("aeiou") + ending if ending[:1] in _VOWELS and ending else body + ending


def _candidate(rng: Random, style: NameStyle, attempt: int) -> str:
    syllables = 2 + attempt // _TRIES_PER_LENGTH
    if style.form in {"person", "two_words"}:
        first = "" if style.form == "person" else rng.choice(style.endings)
        return f"{_word(rng, first, syllables).capitalize()} {_word(rng, rng.choice(style.endings), syllables).capitalize()}"
    word = _word(rng, rng.choice(style.endings), syllables)
    return word if style.form == "lower" else word.capitalize()


def _code(rng: Random, real: str, attempt: int) -> str:
    """A code of the same shape: letters for letters, digits for digits; longer when the short ones run out."""
    shape = re.sub(r"([A-Za-z0-9])(?=[^A-Za-z0-9]*$)", lambda match: match[1] * (1 + attempt // 200), real)
    return "".join(_like(rng, one) for one in shape)


def _like(rng: Random, character: str) -> str:
    if character.isdecimal():
        return rng.choice("0123456789")
    if character.isalpha():
        letter = rng.choice(_LETTERS)
        return letter if character.isupper() else letter.lower()
    return character


def in_pool(name: str, pool: Pool) -> bool:
    """Whether a synthetic name belongs to the pool: one name in five is for tests."""
    return (int(digest("pool", name)[:8], 16) % 5 == 0) == (pool == "test")


def real_names(table: FactTable) -> dict[str, str]:
    """Every entity's real name, and every value's text.

    Example:
        >>> from lm_eval_ext.worlds.facts import load_facts
        >>> real_names(load_facts())["country:ZA"]
        'South Africa'
    """
    return table.real_names


def _roots(table: FactTable, entities: Sequence[str]) -> list[str]:
    """The entities that get a name of their own: those not named after others, then all others that names are made of."""
    plain = [entity for entity in entities if entity not in table.named_after]
    open_, needed = [entity for entity in entities if entity in table.named_after], set[str]()
    while open_:
        for other in table.named_after.get(open_.pop(), ()):
            (open_.append if other in table.named_after else needed.add)(other)
    return [*plain, *sorted(needed - set(plain))]


def synthetic_names(table: FactTable, entities: Sequence[str], *, seed: int, world: int, pool: Pool = "test") -> dict[str, str]:
    """One invented name per entity: no two alike, none equal to a real label or alias.

    From the second table version on, no invented word is a word of a real name either; words of a type that stay ("Lake") and
    years and dates, which only move, are exempt. Time is linear in the number of entities and of the table's.

    Args:
        table: The facts that the entities come from.
        entities: Ids, values included, in a fixed order. An earlier one's name does not depend on a later one, unless a later one
            is what an earlier one is named after, or takes the same name by chance (one in some hundred thousand).
        seed: Seed of the world.
        world: Number of the synthetic world, from 1.
        pool: Which names may be used.
    """
    shift = draw_shift(seed=seed, world=world)
    names = {one: shifted_label(one, shift) for one in entities if is_literal(one) and not one.startswith("code:")}
    namer = _Namer(table, pool, names.values())
    for entity in _roots(table, [one for one in entities if one not in names]):
        names[entity] = namer.name(stream("name", pool, seed, world, entity), entity)
    return {entity: table.resolve(names, entity) for entity in entities}


@lru_cache(maxsize=2)
def _real(table: FactTable) -> tuple[frozenset[str], frozenset[str]]:
    """What no name may be, and what no word of a name may be, in lower case; kept for the next world over the same table."""
    real = [*real_names(table).values(), *(alias for entity in table.entities.values() for alias in entity.aliases)]
    names = frozenset(name.casefold() for name in real)
    if table.version == 1:  # its worlds compare whole names only, and must stay what they are
        return names, frozenset()
    return names.union(word.casefold() for word in table.words), frozenset(word for name in names for word in _WORD.findall(name))


class _Namer:
    """Gives out names that are free."""

    def __init__(self, table: FactTable, pool: Pool, further: Iterable[str]) -> None:
        self._table = table
        self._pool: Pool = pool
        real, self._words = _real(table)
        self._taken = set(real).union(name.casefold() for name in further)

    def name(self, rng: Random, entity: str) -> str:
        """A name of the entity's type that nothing has, in this world or in the real one."""
        kind, label = self._table.entities[entity].type, self._table.entities[entity].label
        style = None if kind == "code" else self._table.styles.get(kind) or STYLES.get(kind, STYLES["thing"])
        before, after = kept_words(style, label) if style else ("", "")
        for attempt in range(_TRIES):
            core = _candidate(rng, style, attempt) if style else _code(rng, label, attempt)
            name = before + core + after
            if self._free(core, name, whole=style is None):
                self._taken |= {core.casefold(), name.casefold()}
                return name
        raise RuntimeError(f"No free name for a {kind} after {_TRIES} tries; they grow longer on the way, so this is a defect.")

    def _free(self, core: str, name: str, *, whole: bool) -> bool:
        low = core.casefold()
        if low in self._taken or name.casefold() in self._taken or not in_pool(core, self._pool):
            return False
        return whole or not self._words or self._words.isdisjoint(low.split())
