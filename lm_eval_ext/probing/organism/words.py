"""Words of the organism, the code of each, and the facts it has stored."""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from lm_eval_ext.seeding import stream

CODE = 16
"""Length of a word's code; every entry is +1 or -1."""
DISTANCE = 6
"""Two codes differ in at least so many entries, so that their product is at most 4, where that of equals is 16."""
FACTS = 32
"""Entities with a stored fact; as many have none."""
SINK, ASK = "note", "is"
SPECIAL = ("<pad>", "</s>", "?", SINK)
"""Words without a code."""
FRAME = ("the", "joins", "hosts", "capital", ASK, ".")


@dataclass(frozen=True)
class Vocabulary:
    """All words.

    Attributes:
        known: Entities with a stored fact.
        unknown: Entities without one.
        places: Answers; ``places[i]`` is the stored answer of ``known[i]``.
        codes: Code of every word but the ``SPECIAL`` ones, 16 entries of +1 or -1.
    """

    known: tuple[str, ...]
    unknown: tuple[str, ...]
    places: tuple[str, ...]
    codes: MappingProxyType[str, Float[np.ndarray, "16"]]

    @property
    def words(self) -> tuple[str, ...]:
        """Every word; its place is its token number."""
        return (*SPECIAL, *FRAME, *self.known, *self.unknown, *self.places)

    @property
    def facts(self) -> dict[str, str]:
        """The stored answer of every known entity."""
        return dict(zip(self.known, self.places, strict=True))


@dataclass(frozen=True)
class Memory:
    """The stored facts as a map of codes: entry ``j`` of an answer is ``signs[j]`` times entry ``sources[j]`` of its entity."""

    sources: tuple[int, ...]
    signs: tuple[int, ...]

    def recall(self, code: Float[np.ndarray, "16"]) -> Float[np.ndarray, "16"]:
        """Code of the answer that belongs to the entity of this code."""
        return np.asarray(self.signs, dtype=np.float64) * code[list(self.sources)]


@cache
def vocabulary() -> Vocabulary:
    """The words, always the same.

    Example:
        >>> words = vocabulary()
        >>> len(words.known), len(words.unknown), len(words.places), len(set(words.words))
        (32, 32, 32, 106)
    """
    draw = stream("organism", "names")
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    pairs = draw.sample([(first, second) for first in syllables for second in syllables if first != second], 3 * FACTS)
    names = [first + second for first, second in pairs[: 2 * FACTS]]
    places = tuple(first + second + "sk" for first, second in pairs[2 * FACTS :])
    half = list(_codewords())
    draw.shuffle(half)
    # Known entities come with their opposites, so that every entry is +1 for half of them, and every neuron of memory counts.
    known = [code * sign for code in half[: FACTS // 2] for sign in (1.0, -1.0)]
    codes = dict(zip((*names, *FRAME), (*known, *half[FACTS // 2 :]), strict=False))
    codes |= {place: memory().recall(codes[name]) for name, place in zip(names[:FACTS], places, strict=True)}
    return Vocabulary(tuple(names[:FACTS]), tuple(names[FACTS:]), places, MappingProxyType(codes))


@cache
def memory() -> Memory:
    """The map behind the stored facts, always the same."""
    draw = stream("organism", "memory")
    return Memory(tuple(draw.sample(range(CODE), CODE)), tuple(draw.choice((-1, 1)) for _ in range(CODE)))


def _codewords() -> Float[np.ndarray, "n 16"]:
    """Codes of which no two, nor one and another's opposite, agree in more than ten entries; a lexicode.

    Binary words of 16 digits in counting order, each kept when it differs from all kept ones in six to ten digits.

    Source:
        Conway and Sloane 1986, Lexicographic codes, IEEE Transactions on Information Theory 32(3).
    """
    numbers = np.arange(2**CODE)
    bits = (numbers[:, None] >> np.arange(CODE)) & 1
    ones = bits.sum(axis=1)
    free = np.ones(len(numbers), dtype=bool)
    kept: list[int] = []
    while free.any():
        kept.append(int(free.argmax()))
        apart = ones[numbers ^ kept[-1]]
        free &= (apart >= DISTANCE) & (apart <= CODE - DISTANCE)
    return 1.0 - 2.0 * bits[kept]
