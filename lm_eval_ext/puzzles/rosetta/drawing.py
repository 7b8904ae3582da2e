"""Puzzles: a language, a sheet that is just enough, and a sentence that is not on it."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from lm_eval_ext.puzzles.rosetta.grammar import Feature, Language, draw_grammar, draw_stems
from lm_eval_ext.puzzles.rosetta.meaning import ADJECTIVES, ANIMATE, INANIMATE, VERBS, Meaning, Vocabulary
from lm_eval_ext.puzzles.rosetta.solver import Solved, solve

Type = Literal["order", "noun_adj", "poss", "sem"]
TYPES: tuple[Type, ...] = ("order", "noun_adj", "poss", "sem")
LEVELS = (1, 2, 3, 4, 5)

_MOST = 24
"""Sentences of a sheet before pruning; a target that needs more is given up."""


@dataclass(frozen=True)
class Family:
    """What the grammars of a puzzle's type may do at its level.

    Attributes:
        adjectives: Whether there are adjectives, and so a rule where they stand.
        possessors: The same of possessors.
        features: What is marked, each by a rule.
        distractors: Sentences on the sheet beyond those that are needed.
        size: Nouns, verbs, adjectives.
    """

    adjectives: bool
    possessors: bool
    features: tuple[Feature, ...]
    distractors: int
    size: tuple[int, int, int]

    @property
    def rules(self) -> int:
        """Rules to find: the order of the clause, places, and marks. Of the two marks of SEM one counts for whom it is."""
        places = self.adjectives + self.possessors
        return 1 + places + len(self.features)


def family_of(type_: Type, level: int) -> Family:
    """The family of a type at a level from 1 to 5: more rules, then more words, then more sentences that are not needed.

    Example:
        >>> family_of("noun_adj", 3).features, [family_of("poss", level).rules for level in LEVELS]
        (('plural', 'agreement'), [3, 4, 4, 5, 5])
    """
    marked: dict[Feature, bool] = {
        "plural": level >= 2,
        "agreement": type_ == "noun_adj" and level >= 3,
        "genitive": type_ == "poss",
        "animate": type_ == "sem",
        "inanimate": type_ == "sem",
    }
    return Family(
        adjectives=type_ == "noun_adj" or level >= 4,
        possessors=type_ == "poss",
        features=tuple(feature for feature, active in marked.items() if active),
        distractors=level - 1,
        size=(4 + level // 2, 2 + level // 4, 2 + level // 4),
    )


@dataclass(frozen=True)
class Puzzle:
    """A sheet, a question and its only answer.

    Attributes:
        sheet: Sentences with their meanings, in order.
        question: What to translate.
        answer: The translation.
        family: Of the grammar.
        solved: What the solver found.
        unseen: Words of the answer that the sheet does not show in this form.
    """

    sheet: tuple[tuple[str, Meaning], ...]
    question: Meaning
    answer: str
    family: Family
    solved: Solved
    unseen: int


def draw_puzzle(rng: Random, type_: Type, level: int) -> Puzzle:
    """A puzzle whose answer the sheet determines; from level 2 on some word of it stands nowhere on the sheet."""
    family = family_of(type_, level)
    while True:
        vocabulary = _draw_vocabulary(rng, family)
        words = (*vocabulary.nouns, *vocabulary.verbs, *vocabulary.adjectives)
        language = Language(draw_grammar(rng, family.features), draw_stems(rng, words))
        puzzle = _draw(rng, family, vocabulary, language)
        if puzzle is not None and (puzzle.unseen > 0 or level == 1):
            return puzzle


def _draw_vocabulary(rng: Random, family: Family) -> Vocabulary:
    """Words, half of the nouns living and half not."""
    nouns, verbs, adjectives = family.size
    living = nouns // 2
    chosen = [*rng.sample(ANIMATE, living), *rng.sample(INANIMATE, nouns - living)]
    return Vocabulary(
        nouns=tuple(chosen),
        verbs=tuple(rng.sample(tuple(VERBS), verbs)),
        adjectives=tuple(rng.sample(ADJECTIVES, adjectives)) if family.adjectives else (),
        plurals="plural" in family.features,
        possessors=family.possessors,
    )


def _draw(rng: Random, family: Family, vocabulary: Vocabulary, language: Language) -> Puzzle | None:
    question = _draw_question(rng, family, vocabulary)
    meanings = _different(rng, vocabulary, {question}, _MOST)
    enough = _enough(meanings, question, family, language)
    if enough is None:
        return None
    extra = [meaning for meaning in meanings if meaning not in enough][: family.distractors]
    if len(extra) < family.distractors:
        extra += _different(rng, vocabulary, {question, *meanings}, family.distractors - len(extra))
    chosen = [*enough, *extra]
    rng.shuffle(chosen)
    sheet = tuple((language.say(meaning), meaning) for meaning in chosen)
    answer, shown = language.say(question), {word for sentence, _ in sheet for word in sentence.split()}
    solved = solve(sheet, question, family.features)
    return Puzzle(sheet, question, answer, family, solved, sum(word not in shown for word in answer.split()))


def _draw_question(rng: Random, family: Family, vocabulary: Vocabulary) -> Meaning:
    """A sentence that needs the family's own rules."""
    while True:
        meaning = vocabulary.draw(rng)
        phrases = (meaning.subject, meaning.object)
        if (
            (not family.adjectives or any(phrase.adjective for phrase in phrases))
            and (not family.possessors or any(phrase.possessor for phrase in phrases))
            and ("plural" not in family.features or any(phrase.plural for phrase in phrases))
            and ("agreement" not in family.features or any(phrase.plural and phrase.adjective for phrase in phrases))
        ):
            return meaning


def _different(rng: Random, vocabulary: Vocabulary, known: set[Meaning], n: int) -> list[Meaning]:
    """Sentences that differ from each other and from those known; fewer when there are hardly more."""
    found: dict[Meaning, None] = {}
    for _ in range(20 * n):
        meaning = vocabulary.draw(rng)
        if len(found) < n and meaning not in known:
            found[meaning] = None
    return list(found)


def _enough(meanings: list[Meaning], question: Meaning, family: Family, language: Language) -> list[Meaning] | None:
    """The first sentences that determine the answer, without those that are not needed for it."""

    def determined(chosen: list[Meaning]) -> bool:
        sheet = [(language.say(meaning), meaning) for meaning in chosen]
        return solve(sheet, question, family.features).answer is not None

    if not determined(meanings):
        return None
    low, high = 1, len(meanings)
    while low < high:  # more sentences never determine less
        middle = (low + high) // 2
        low, high = (low, middle) if determined(meanings[:middle]) else (middle + 1, high)
    chosen = meanings[:low]
    for meaning in meanings[:low]:
        fewer = [one for one in chosen if one != meaning]
        if determined(fewer):
            chosen = fewer
    return chosen
