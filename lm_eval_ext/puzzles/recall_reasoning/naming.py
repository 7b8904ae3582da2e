"""Invented names that are as long as the real ones they stand for."""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.facts import FactTable
from lm_eval_ext.worlds.facts.styles import STYLES, kept_words
from lm_eval_ext.worlds.naming import in_pool

Kind = Literal["synthetic", "nonsense"]
"""synthetic: could be a name (Brano). nonsense: consonants that nobody could say (Xqzvt)."""
Length = Callable[[str], int]

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
_VOWELS = "aeiou"
_WORD = re.compile(r"[^\W\d_]+")
_TRIES = 400
_TRIES_AS_LONG = 200
"""Then a letter more is allowed: too few names are as short as "Ob"."""


class Namer:
    """Makes names after real ones: word by word, with the same capitals and signs, and as long."""

    def __init__(self, table: FactTable, *, length: Length = len, by_characters: bool = True) -> None:
        self._table = table
        self._length = length
        self._by_characters = by_characters
        real = [*table.real_names.values(), *(alias for entity in table.entities.values() for alias in entity.aliases)]
        whole = {name.casefold() for name in real}
        self._real = whole.union(word for name in whole for word in _WORD.findall(name) if len(word) > 2)
        self._real.update(word.casefold() for word in table.words)

    def names(self, kind: Kind, models: Mapping[str, str], *place: object) -> dict[str, str]:
        """One name per entity, no two alike.

        Args:
            kind: How they look.
            models: Entity -> the one whose real name its new name is made after, mostly itself.
            place: What names the random stream.
        """
        found: dict[str, str] = {}
        for entity, model in models.items():
            rng = stream("matched name", kind, *place, entity)
            found[entity] = self._name(rng, kind, model, {name.casefold() for name in found.values()})
        return found

    def _name(self, rng: Random, kind: Kind, model: str, taken: set[str]) -> str:
        real, kept = self._table.real_names[model], self._kept(model)
        best = ""
        for attempt in range(_TRIES):
            name = self._candidate(rng, kind, model, attempt)
            if self._free(name, kept, taken) and (not best or self._miss(name, real) < self._miss(best, real)):
                best = name
                if self._miss(best, real) == 0:
                    break
        if not best:
            raise RuntimeError(
                f"No free name like {real!r} after {_TRIES} tries; they grow longer on the way, so this is a defect."
            )
        return best

    def _free(self, name: str, kept: set[str], taken: set[str]) -> bool:
        """Whether nothing real is called so, nor by a word of it that was made, nor anything else here."""
        low = name.casefold()
        return low not in taken and self._real.isdisjoint({low, *_WORD.findall(low)} - kept) and in_pool(name, "test")

    def _miss(self, name: str, real: str) -> int:
        return abs(self._length(name) - self._length(real))

    def _candidate(self, rng: Random, kind: Kind, model: str, attempt: int) -> str:
        """A name in which every word that is not kept is replaced."""
        kept = self._kept(model)
        more = 1 if attempt >= _TRIES_AS_LONG else 0

        def replace(match: re.Match[str]) -> str:
            word = match[0]
            if word.casefold() in kept:
                return word
            letters = len(word) + more if self._by_characters else rng.randint(2, len(word) + 2)
            made = _word(rng, letters, kind)
            return made.capitalize() if word[0].isupper() else made

        return _WORD.sub(replace, self._table.real_names[model])

    def _kept(self, entity: str) -> set[str]:
        """Words of the real name that say what the thing is ("Lake"), and small words inside a name ("of")."""
        real = self._table.real_names[entity]
        kind = self._table.entities[entity].type
        style = self._table.styles.get(kind) or STYLES.get(kind, STYLES["thing"])
        what = _WORD.findall(" ".join(kept_words(style, real)))
        small = [word for word in _WORD.findall(real) if word.islower() and len(word) < 4 and not real.islower()]
        return {word.casefold() for word in (*what, *small)}


def _word(rng: Random, letters: int, kind: Kind) -> str:
    """Letters without sense; of consonants and vowels in turn where the word is to look like a name."""
    if kind == "nonsense":
        return "".join(rng.choice(_CONSONANTS) for _ in range(letters))
    start = rng.randrange(2)
    return "".join(rng.choice(_VOWELS if (place + start) % 2 else _CONSONANTS) for place in range(letters))
