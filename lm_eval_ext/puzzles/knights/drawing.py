"""Puzzles with one solution, and neighbours of theirs with one other solution."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from lm_eval_ext.puzzles.knights.logic import LINKS, Leaf, Linked, Roles, Statement, Statements, solutions

_TRIES = 60


@dataclass(frozen=True)
class Puzzle:
    """Statements that leave one way.

    Attributes:
        statements: By person.
        roles: The only solution.
    """

    statements: Statements
    roles: Roles


@dataclass(frozen=True)
class Neighbours:
    """A puzzle and two that differ from it in one place and have another solution."""

    original: Puzzle
    perturbed_statement: Puzzle
    perturbed_leaf: Puzzle


def draw_neighbours(rng: Random, people: int) -> Neighbours:
    """A puzzle with its two perturbed forms.

    Roles are drawn first and evenly, so that no pattern of roles is a good guess.
    """
    while True:
        original = _draw(rng, people)
        statement = original and _first_other(original, _other_statements(rng, original))
        leaf = original and _first_other(original, _other_leaves(rng, original))
        if original and statement and leaf:
            return Neighbours(original, statement, leaf)


def _draw(rng: Random, people: int) -> Puzzle | None:
    roles = tuple(rng.random() < 0.5 for _ in range(people))
    statements = tuple(_said_by(rng, person, roles) for person in range(people))
    return _unique(statements)


def _unique(statements: Statements) -> Puzzle | None:
    found = solutions(statements)
    return Puzzle(statements, found[0]) if len(found) == 1 else None


def _said_by(rng: Random, speaker: int, roles: Roles) -> Statement:
    """A statement that someone with this role would make."""
    while True:
        statement = _statement(rng, speaker, len(roles))
        if statement.holds(roles) == roles[speaker]:
            return statement


def _statement(rng: Random, speaker: int, people: int) -> Statement:
    """One claim about someone else, or two about two people."""
    if rng.random() < 0.25:
        return Leaf(rng.choice([person for person in range(people) if person != speaker]), rng.random() < 0.5)
    one, two = rng.sample(range(people), 2)
    return Linked(rng.choice(LINKS), Leaf(one, rng.random() < 0.5), Leaf(two, rng.random() < 0.5))


def _first_other(original: Puzzle, candidates: Iterator[Statements]) -> Puzzle | None:
    """The first candidate with one solution that is not the original's."""
    puzzles = (_unique(statements) for statements in candidates)
    return next((puzzle for puzzle in puzzles if puzzle and puzzle.roles != original.roles), None)


def _other_statements(rng: Random, original: Puzzle) -> Iterator[Statements]:
    """One person says something else, in the same number of claims and not just one of them changed; drawn again and again."""
    people = len(original.statements)
    for _ in range(_TRIES):
        speaker = rng.randrange(people)
        said, other = original.statements[speaker], _statement(rng, speaker, people)
        if type(said) is type(other) and other != said and other not in set(_near(said, speaker, people)):
            yield _with(original.statements, speaker, other)


def _other_leaves(rng: Random, original: Puzzle) -> Iterator[Statements]:
    """One claim of one statement says the other thing of its person, or the same of another one; all such, in a drawn order."""
    changed = [
        _with(original.statements, speaker, statement)
        for speaker, said in enumerate(original.statements)
        for statement in _near(said, speaker, len(original.statements))
    ]
    rng.shuffle(changed)
    yield from changed


def _near(said: Statement, speaker: int, people: int) -> Iterator[Statement]:
    if isinstance(said, Leaf):
        yield from (leaf for leaf in _near_leaves(said, people) if leaf.person != speaker)
        return
    yield from (replace(said, first=leaf) for leaf in _near_leaves(said.first, people) if leaf.person != said.second.person)
    yield from (replace(said, second=leaf) for leaf in _near_leaves(said.second, people) if leaf.person != said.first.person)


def _near_leaves(leaf: Leaf, people: int) -> Iterator[Leaf]:
    yield Leaf(leaf.person, not leaf.truthful)
    yield from (Leaf(person, leaf.truthful) for person in range(people) if person != leaf.person)


def _with(statements: Statements, speaker: int, statement: Statement) -> Statements:
    return (*statements[:speaker], statement, *statements[speaker + 1 :])
