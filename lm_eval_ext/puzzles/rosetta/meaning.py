"""What sentences mean, and how it is said in English."""

from dataclasses import dataclass
from random import Random
from typing import Literal

Class = Literal["animate", "inanimate"]

ANIMATE = ("dog", "cat", "bird", "child", "farmer", "king", "horse", "sailor")
INANIMATE = ("stone", "tree", "house", "boat", "river", "knife", "cloud", "wheel")
NOUNS = ANIMATE + INANIMATE
VERBS = {"touch": "touches", "cover": "covers", "move": "moves", "find": "finds", "break": "breaks", "hide": "hides"}
"""With the form after one subject."""
ADJECTIVES = ("big", "small", "old", "red", "white", "heavy")
_PLURALS = {"child": "children", "knife": "knives"}


@dataclass(frozen=True)
class Phrase:
    """One thing or several of a kind.

    Attributes:
        noun: What it is.
        plural: Whether there are several.
        adjective: How it is, if it is said.
        possessor: Whose it is, if it is said; always one.
    """

    noun: str
    plural: bool = False
    adjective: str | None = None
    possessor: str | None = None

    @property
    def class_(self) -> Class:
        """Whether it lives."""
        return "animate" if self.noun in ANIMATE else "inanimate"

    def english(self) -> str:
        """In English.

        Example:
            >>> Phrase("child", plural=True, adjective="old", possessor="king").english()
            "the king's old children"
        """
        noun = _PLURALS.get(self.noun, f"{self.noun}s") if self.plural else self.noun
        whose = f"the {self.possessor}'s" if self.possessor else "the"
        return " ".join(filter(None, [whose, self.adjective, noun]))


@dataclass(frozen=True)
class Meaning:
    """Someone does something to something."""

    subject: Phrase
    verb: str
    object: Phrase

    def english(self) -> str:
        """In English.

        Example:
            >>> Meaning(Phrase("dog"), "find", Phrase("knife", plural=True)).english()
            'The dog finds the knives.'
        """
        verb = self.verb if self.subject.plural else VERBS[self.verb]
        text = f"{self.subject.english()} {verb} {self.object.english()}."
        return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Vocabulary:
    """The words that a puzzle is about, and what its sentences may say.

    Attributes:
        nouns: At least two.
        verbs: At least one.
        adjectives: None when no sentence has one.
        plurals: Whether there may be several of a thing.
        possessors: Whether it may be said whose a thing is.
    """

    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...] = ()
    plurals: bool = False
    possessors: bool = False

    def draw(self, rng: Random) -> Meaning:
        """A sentence of different things."""
        things = rng.sample(self.nouns, len(self.nouns))
        subject, object_ = (self._phrase(rng, things) for _ in range(2))
        return Meaning(subject, rng.choice(self.verbs), object_)

    def _phrase(self, rng: Random, things: list[str]) -> Phrase:
        """A phrase whose nouns are taken off the list."""
        return Phrase(
            noun=things.pop(),
            plural=self.plurals and rng.random() < 0.5,
            adjective=rng.choice(self.adjectives) if self.adjectives and rng.random() < 0.6 else None,
            possessor=things.pop() if self.possessors and rng.random() < 0.5 else None,
        )
