"""Names of a world's entities: the real ones, or invented ones that fit their type.

Derived names stay derived: as the real Mexico City is named after Mexico, the synthetic one is named after the synthetic Mexico.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal

from lm_eval_ext.seeding import digest, stream
from lm_eval_ext.worlds.facts import FactTable

Pool = Literal["test", "train"]
"""Names are dealt to two pools by their hash, so that a model trained on one has met no name of the other."""

_ONSETS = ("b", "br", "c", "d", "dr", "f", "g", "gr", "h", "k", "kr", "l", "m", "n", "p", "r", "s", "t", "tr", "v", "z")
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("", "", "l", "n", "r", "s")
_ENDINGS: dict[str, tuple[str, ...]] = {
    "country": ("ia", "land", "ova", "ar", "an"),
    "city": ("burg", "ton", "dal", "mar", "o", "a"),
    "continent": ("ica", "asia", "ora"),
    "region": ("esia", "ara"),
    "state": ("ana", "ota", "ida"),
    "currency": ("o", "ar", "in"),
    "language": ("ish", "ese", "ic"),
    "element": ("ium", "on", "ine"),
    "person": ("", "en", "is"),
}
_LOWER_CASE = ("currency", "element")


def _word(rng: Random, ending: str, syllables: int) -> str:
    body = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(syllables))
    return body.rstrip("aeiou") + ending if ending[:1] in _VOWELS and ending else body + ending


def _candidate(rng: Random, kind: str, attempt: int) -> str:
    syllables = 2 + attempt // 16  # short names first; longer ones when they run out
    endings = _ENDINGS[kind]
    if kind == "person":
        return f"{_word(rng, '', syllables).capitalize()} {_word(rng, rng.choice(endings), syllables).capitalize()}"
    word = _word(rng, rng.choice(endings), syllables)
    return word if kind in _LOWER_CASE else word.capitalize()


def in_pool(name: str, pool: Pool) -> bool:
    """Whether a synthetic name belongs to the pool: one name in five is for tests."""
    return (int(digest("pool", name)[:8], 16) % 5 == 0) == (pool == "test")


def resolve(table: FactTable, names: Mapping[str, str], entity: str) -> str:
    """An entity's name: the given one, or the one made from the names of those that it is named after."""
    label = names.get(entity) or table.entities[entity].label
    for other in table.named_after.get(entity, ()) if entity not in names else ():
        label = label.replace("{" + other + "}", resolve(table, names, other))
    return label


def real_names(table: FactTable) -> dict[str, str]:
    """Every entity's real name.

    Example:
        >>> from lm_eval_ext.worlds.facts import load_facts
        >>> real_names(load_facts())["country:ZA"]
        'South Africa'
    """
    return {entity: resolve(table, {}, entity) for entity in table.entities}


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

    Args:
        table: The facts that the entities come from.
        entities: Ids in a fixed order; an earlier one's name depends on no later one.
        seed: Seed of the world.
        world: Number of the synthetic world, from 1.
        pool: Which names may be used.
    """
    taken = {name.casefold() for name in real_names(table).values()}
    taken |= {alias.casefold() for entity in table.entities.values() for alias in entity.aliases}
    names: dict[str, str] = {}
    for entity in _roots(table, entities):
        names[entity] = _free_name(stream("name", pool, seed, world, entity), table.entities[entity].type, taken, pool)
        taken.add(names[entity].casefold())
    return {entity: resolve(table, names, entity) for entity in entities}


def _free_name(rng: Random, kind: str, taken: set[str], pool: Pool) -> str:
    for attempt in range(1000):
        name = _candidate(rng, kind, attempt)
        if name.casefold() not in taken and in_pool(name, pool):
            return name
    raise RuntimeError(f"No free name for a {kind} after 1000 tries; names grow longer with every 16th, so this is a defect.")
