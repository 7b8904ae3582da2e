"""A puzzle in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from lm_eval_ext.puzzles.knights.logic import Leaf, Roles, Statement, Statements

PROMPT_VERSION = 1
_COMMON = """Alice Ben Carol David Emma Frank Grace Henry Irene Jack Karen Leo Maria Nick Olivia Paul Rachel Sam Tina Victor
Wendy Adam Bella Chris Diana Eric Fiona George Hannah Ian Julia Kevin Laura Mark Nora Oscar Peter Rose Simon Tara"""
_UNCOMMON = """Adelgund Bertran Cosmo Drusilla Eberhard Fenella Gaspard Hesper Isaura Jocasta Kasimir Lorcan Melisende Nehemia
Ottilie Peregrin Quillon Rosamund Sidonie Thaddeus Ulrika Valdemar Wystan Xanthe Yevgenia Zenobia Anselm Briseis Caspian
Dorothea Evander Ferelith Gideon Hyacinth Ignatius Jessamy Kenelm Leontine Mordecai Ottokar"""
COMMON, UNCOMMON = tuple(_COMMON.split()), tuple(_UNCOMMON.split())


@dataclass(frozen=True)
class Words:
    """What those are called who tell the truth, and those who lie."""

    truthful: str
    lying: str


KNIGHTS = Words("knight", "knave")
FLIPPED = Words("knave", "knight")
PAIRS = (Words("saint", "sinner"), Words("hero", "villain"), Words("sage", "fool"), Words("pioneer", "laggard"))


def role_of(words: Words, truthful: bool) -> str:
    """The word for a role."""
    return words.truthful if truthful else words.lying


def claim(statement: Statement, names: Sequence[str], words: Words) -> str:
    """A statement in words, without a full stop.

    Example:
        >>> claim(Leaf(1, truthful=False), ["Ann", "Bob"], KNIGHTS)
        'Bob is a knave'
    """
    if isinstance(statement, Leaf):
        return f"{names[statement.person]} is a {role_of(words, statement.truthful)}"
    one, two = claim(statement.first, names, words), claim(statement.second, names, words)
    return {
        "and": f"{one} and {two}",
        "or": f"{one} or {two}, or both",
        "if": f"if {one}, then {two}",
        "iff": f"{one} if and only if {two}",
    }[statement.link]


def draw_names(rng: Random, pool: Sequence[str], people: int) -> list[str]:
    """Different names."""
    return rng.sample(pool, people)


def puzzle_text(statements: Statements, names: Sequence[str], words: Words, order: Sequence[int]) -> str:
    """The puzzle and its question; people are listed by number, statements in the given order.

    Example:
        >>> print(puzzle_text((Leaf(1, truthful=False), Leaf(0, truthful=True)), ["Ann", "Bob"], KNIGHTS, [0, 1]))
        On an island everyone is either a knave or a knight. A knight always tells the truth, a knave always lies.
        You meet Ann and Bob.
        Ann says: "Bob is a knave."
        Bob says: "Ann is a knight."
        Who is what?
    """
    said = [f'{names[i]} says: "{_sentence(claim(statements[i], names, words))}."' for i in order]
    met = f"{', '.join(names[:-1])} and {names[-1]}"
    first, second = sorted([words.truthful, words.lying])
    rule = f"A {words.truthful} always tells the truth, a {words.lying} always lies."
    return "\n".join(
        [f"On an island everyone is either a {first} or a {second}. {rule}", f"You meet {met}.", *said, "Who is what?"]
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def prompt(query: str, words: Sequence[str]) -> str:
    """The whole prompt; the answer is expected right after it."""
    first, second = sorted(words)
    form = f"Name: {first} or {second}"
    return f"{query}\nAnswer in one line with everyone's role: {form}, {form}, and so on.\nAnswer:"


def answer_text(roles: Roles, names: Sequence[str], words: Words) -> str:
    """The right answer.

    Example:
        >>> answer_text((True, False), ["Ann", "Bob"], KNIGHTS)
        'Ann: knight, Bob: knave'
    """
    return ", ".join(f"{name}: {role_of(words, role)}" for name, role in zip(names, roles, strict=True))
