"""The rules of a language, and how it says a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from lm_eval_ext.puzzles.rosetta.meaning import Meaning, Phrase

Place = Literal["before", "after"]
Feature = Literal["plural", "genitive", "agreement", "animate", "inanimate"]
ORDERS = ("SVO", "SOV", "VSO", "VOS", "OSV", "OVS")

_ONSETS = ("p", "t", "k", "b", "d", "g", "m", "n", "l", "r", "s", "v", "z", "h")
_VOWELS = ("a", "e", "i", "o", "u")


@dataclass(frozen=True)
class Affix:
    """Letters that are put before or after a stem."""

    place: Place
    form: str

    def on(self, stem: str) -> str:
        """The word.

        Example:
            >>> Affix("after", "mi").on("talo"), Affix("before", "mi").on("talo")
            ('talomi', 'mitalo')
        """
        return self.form + stem if self.place == "before" else stem + self.form


@dataclass(frozen=True)
class Grammar:
    """Rules of a language.

    Attributes:
        order: Order of subject, verb and object.
        adjective: Where it stands, seen from its noun.
        possessor: Where it stands, seen from what it has, adjective included.
        agrees_with: Whose class the verb shows, if it shows any.
        affixes: Marks: ``plural`` on nouns, ``genitive`` on possessors, ``agreement`` on adjectives of plural nouns, ``animate``
            and ``inanimate`` on verbs. What is not there is not marked.
    """

    order: str
    adjective: Place
    possessor: Place
    agrees_with: Literal["subject", "object"]
    affixes: Mapping[Feature, Affix]


@dataclass(frozen=True)
class Language:
    """Rules and stems.

    Attributes:
        grammar: The rules.
        stems: English word -> stem.
    """

    grammar: Grammar
    stems: Mapping[str, str]

    def say(self, meaning: Meaning) -> str:
        """The sentence, its words parted by blanks."""
        parts = {"S": self._phrase(meaning.subject), "V": self._verb(meaning), "O": self._phrase(meaning.object)}
        return " ".join(parts[part] for part in self.grammar.order)

    def _verb(self, meaning: Meaning) -> str:
        shown = meaning.subject if self.grammar.agrees_with == "subject" else meaning.object
        return self._marked(meaning.verb, shown.class_)

    def _phrase(self, phrase: Phrase) -> str:
        words = [self._marked(phrase.noun, "plural" if phrase.plural else None)]
        if phrase.adjective:
            adjective = self._marked(phrase.adjective, "agreement" if phrase.plural else None)
            words.insert(0 if self.grammar.adjective == "before" else 1, adjective)
        if phrase.possessor:
            possessor = self._marked(phrase.possessor, "genitive")
            words.insert(0 if self.grammar.possessor == "before" else len(words), possessor)
        return " ".join(words)

    def _marked(self, word: str, feature: Feature | None) -> str:
        affix = self.grammar.affixes.get(feature) if feature else None
        return affix.on(self.stems[word]) if affix else self.stems[word]


def draw_grammar(rng: Random, features: tuple[Feature, ...]) -> Grammar:
    """Rules that mark the given features, each with letters of its own."""
    forms = rng.sample([onset + vowel for onset in _ONSETS for vowel in _VOWELS], len(features))
    affixes: dict[Feature, Affix] = {
        feature: Affix(rng.choice(("before", "after")), form) for feature, form in zip(features, forms, strict=True)
    }
    return Grammar(
        order=rng.choice(ORDERS),
        adjective=rng.choice(("before", "after")),
        possessor=rng.choice(("before", "after")),
        agrees_with=rng.choice(("subject", "object")),
        affixes=affixes,
    )


def draw_stems(rng: Random, words: tuple[str, ...]) -> dict[str, str]:
    """A stem of four or five letters for every word; none begins another one."""
    stems: list[str] = []
    while len(stems) < len(words):
        stem = "".join(rng.choice(letters) for letters in (_ONSETS, _VOWELS, _ONSETS, _VOWELS))
        stem += rng.choice(("", *_ONSETS))
        if not any(one.startswith(stem) or stem.startswith(one) for one in (*stems, *words)):
            stems.append(stem)
    return dict(zip(words, stems, strict=True))


def draw_respelling(rng: Random) -> dict[int, str]:
    """Another spelling of all languages: every consonant stands for one other, every vowel for one other."""
    found: dict[str, str] = {}
    for letters in (_ONSETS, _VOWELS):
        others = list(letters)
        while any(one == other for one, other in zip(letters, others, strict=True)):
            rng.shuffle(others)
        found |= dict(zip(letters, others, strict=True))
    return str.maketrans(found)
