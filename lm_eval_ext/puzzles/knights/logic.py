"""What people say of each other, and who they can be if it is so."""

from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, TypeAlias

Link: TypeAlias = Literal["and", "or", "if", "iff"]
LINKS: tuple[Link, ...] = ("and", "or", "if", "iff")
Roles: TypeAlias = tuple[bool, ...]
"""True for everyone who tells the truth, by number."""


@dataclass(frozen=True)
class Leaf:
    """Someone tells the truth, or lies.

    Attributes:
        person: Number of the one spoken of.
        truthful: What is said of them.
    """

    person: int
    truthful: bool

    def holds(self, roles: Roles) -> bool:
        """Whether it is so."""
        return roles[self.person] == self.truthful


@dataclass(frozen=True)
class Linked:
    """Two claims in one; ``if`` is the material conditional, true when its first claim is not."""

    link: Link
    first: Leaf
    second: Leaf

    def holds(self, roles: Roles) -> bool:
        """Whether it is so."""
        one, two = self.first.holds(roles), self.second.holds(roles)
        return {"and": one and two, "or": one or two, "if": not one or two, "iff": one == two}[self.link]


Statement: TypeAlias = Leaf | Linked
Statements: TypeAlias = tuple[Statement, ...]
"""What person i says stands at place i."""


def solutions(statements: Statements) -> list[Roles]:
    """Everyone's roles in all ways that fit: what a person says holds if and only if they tell the truth.

    The search is over all 2^n ways.

    Example:
        >>> solutions((Leaf(1, truthful=False), Leaf(0, truthful=False)))
        [(False, True), (True, False)]
        >>> solutions((Linked("and", Leaf(0, truthful=False), Leaf(1, truthful=False)), Leaf(0, truthful=False)))
        [(False, True)]
    """
    everyone = product((False, True), repeat=len(statements))
    return [roles for roles in everyone if all(said.holds(roles) == role for said, role in zip(statements, roles, strict=True))]


def as_data(statement: Statement) -> list[object]:
    """A statement as JSON data.

    Example:
        >>> as_data(Linked("if", Leaf(0, truthful=True), Leaf(1, truthful=False)))
        ['if', [0, True], [1, False]]
    """
    if isinstance(statement, Leaf):
        return [statement.person, statement.truthful]
    return [statement.link, as_data(statement.first), as_data(statement.second)]


def from_data(data: list[Any]) -> Statement:
    """The statement that ``as_data`` wrote.

    Raises:
        ValueError: It did not write this.

    Example:
        >>> from_data(["if", [0, True], [1, False]])
        Linked(link='if', first=Leaf(person=0, truthful=True), second=Leaf(person=1, truthful=False))
    """
    if len(data) == 3 and data[0] in LINKS:
        return Linked(data[0], Leaf(*data[1]), Leaf(*data[2]))
    if len(data) == 2 and isinstance(data[0], int):
        return Leaf(*data)
    raise ValueError(f"{data!r} is no statement of a puzzle; its item may come from another version.")
