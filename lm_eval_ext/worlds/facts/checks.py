"""Checks of the names of a whole table, each naming a line and what would do."""

from collections.abc import Callable, Mapping
from typing import NoReturn, Protocol, runtime_checkable

from lm_eval_ext.worlds.facts.table import FactTable

_DEEPEST = 50


@runtime_checkable
class Refuse(Protocol):
    """Raises an error about a line."""

    def __call__(self, what: str, *, line: int | None = None) -> NoReturn:  # noqa: D102 - the class says it
        ...


def check_names(table: FactTable, line_of: Mapping[str, int], refuse: Refuse) -> None:
    """Refuse a table whose names could not be made, told apart, or told from the words around them.

    Args:
        table: The table.
        line_of: Line of every entity.
        refuse: Raises the error.
    """
    _check_references(table, line_of, refuse)
    owner: dict[str, str] = {}
    for entity, name in table.real_names.items():
        line = line_of.get(entity)
        if name in table.words:
            refuse(f"{name!r}, the name of {entity!r}, is a word that sentences are made of. Give it a longer name.", line=line)
        other = owner.setdefault(name.casefold(), entity)
        if other != entity:
            told = f" of line {line_of[other]}" if other in line_of else ""
            refuse(
                f"{entity!r} has the name {name!r}, and so has {other!r}{told}. Give one of them another label, for example with "
                "its place in it.",
                line=line,
            )


def _check_references(table: FactTable, line_of: Mapping[str, int], refuse: Refuse) -> None:
    """Every entity that a label refers to is there, and no label refers to itself through others."""
    done: set[str] = set()
    for entity, others in table.named_after.items():
        for other in others:
            if other not in table.entities:
                refuse(
                    f"the label of {entity!r} refers to {other!r}, which is no id. Give an id in braces.", line=line_of[entity]
                )
        bare = table.entities[entity].label
        for other in others:
            bare = bare.replace("{" + other + "}", "")
        if "{" in bare or "}" in bare:
            refuse(f"the label of {entity!r} has a brace too many. Braces stand around ids alone.", line=line_of[entity])
        _follow(table, entity, done, lambda path: refuse(_ring(path), line=line_of[path[0]]))


def _ring(path: list[str]) -> str:
    if path[-1] in path[:-1]:
        ring = path[path.index(path[-1]) :]
        return f"labels refer to each other in a ring: {' → '.join(ring)}. Give one of them a plain label, without braces."
    return f"the label of {path[0]!r} is made from others over more than {_DEEPEST} steps. Give one on the way a plain label."


def _follow(table: FactTable, start: str, done: set[str], refuse: Callable[[list[str]], NoReturn]) -> None:
    """Walk through all that a name is made from, keeping the way that led there."""
    path, open_ = [start], [iter(table.named_after[start])]
    while open_:
        other = next(open_[-1], None)
        if other is None:
            done.add(path.pop())
            open_.pop()
        elif other in path or len(path) > _DEEPEST:
            refuse([*path, other])
        elif other in table.named_after and other not in done:
            path.append(other)
            open_.append(iter(table.named_after[other]))
