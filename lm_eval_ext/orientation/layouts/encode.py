"""Items as columns that a description names; the reverse of ``records.read_named``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.orientation.layouts.description import KNOWN_FACTORS, FactorColumn, Scalar
from lm_eval_ext.orientation.questions import QUESTIONS, Question

NAMED = ("item", "twin", "cluster", "permutation")
"""Columns of the optional things, under the names that descriptions give them."""
_TAKEN = {*NAMED, "image", "unused", "answer", "question", "level", "dataset", "text", "options"}
_TYPES: Mapping[type, str] = {str: "text", int: "int", float: "float", bool: "bool"}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Items beside the factors that a description must name.

    Attributes:
        items: In the order given.
        factors: As in a description.
    """

    items: Sequence[Item]
    factors: Mapping[str, FactorColumn | None]

    @property
    def columns(self) -> list[str]:
        """Names of the optional columns."""
        return [*NAMED, *(factor.column for factor in self.factors.values() if factor is not None)]

    def cells(self, item: Item) -> dict[str, Scalar | None]:
        """The optional cells of an item; None where it lacks a factor."""
        named = {"item": item.item_id, "twin": item.twin_id, "cluster": item.cluster_id, "permutation": permutation(item)}
        kept = {factor.column: item.factors.get(name) for name, factor in self.factors.items() if factor is not None}
        return {**named, **kept}

    def description(self) -> dict[str, Any]:
        """What a description says about the optional columns."""
        return {name: name for name in NAMED} | {"factors": dict(self.factors)}


def make_sheet(items: Sequence[Item]) -> Sheet:
    """The items, after a check that columns can hold them.

    Raises:
        InputError: An item can't be written so that it would be read back the same.
    """
    names = _merged(tuple(item.factors) for item in items)
    factors = {name: None if name in KNOWN_FACTORS else _column(name, items) for name in names}
    for item in items:
        _check(item)
    return Sheet(items=items, factors=factors)


def question_of(item: Item) -> Question:
    """What an item asks.

    Raises:
        InputError: It is none of DORI's questions.
    """
    if item.setting not in QUESTIONS:
        raise InputError(f"item {item.item_id!r} asks {item.setting!r}, which is none of {', '.join(QUESTIONS)}.")
    return QUESTIONS[item.setting]


def permutation(item: Item) -> str:
    """The order in which the item shows its options, as text."""
    return str(item.factors.get("permutation", ""))


def options_of(item: Item) -> tuple[str, ...]:
    """The options before they were put in the item's order.

    Raises:
        InputError: The item's permutation does not fit its choices.
    """
    order = permutation(item).split()
    if sorted(order) != sorted(map(str, range(len(item.choices)))):
        raise InputError(
            f"item {item.item_id!r}: permutation {' '.join(order)!r} is no order of its {len(item.choices)} choices."
        )
    shown = dict(zip(map(int, order), item.choices, strict=True))
    return tuple(shown[place] for place in range(len(shown)))


def _merged(orders: Iterable[tuple[str, ...]]) -> list[str]:
    """All names in an order that every one of the given orders is a part of."""
    graph: TopologicalSorter[str] = TopologicalSorter()
    for names in dict.fromkeys(orders):
        for before, name in pairwise((None, *names)):
            graph.add(str(name), *([] if before is None else [before]))
    try:
        return list(graph.static_order())
    except CycleError as error:
        raise InputError(f"Items have the factors {' and '.join(sorted(set(error.args[1])))} in different orders.") from None


def _column(name: str, items: Sequence[Item]) -> FactorColumn:
    kinds = {type(item.factors[name]) for item in items if name in item.factors}
    if len(kinds) > 1:
        raise InputError(f"factor {name!r} is {' and '.join(sorted(kind.__name__ for kind in kinds))}; a column has one type.")
    column = f"{name}_kind" if name in _TAKEN else name
    return FactorColumn.model_validate({"column": column, "type": _TYPES[kinds.pop()]})


def _check(item: Item) -> None:
    question = question_of(item)
    known = {"question": question.type, "level": question.level, "dimension": question.dimension}
    wrong = [name for name, value in known.items() if item.factors.get(name) != value]
    wrong += [name for name in KNOWN_FACTORS if name not in item.factors]
    # Cells are read without the blanks around them, and an empty one means that there is no such factor.
    wrong += [name for name, value in item.factors.items() if isinstance(value, str) and (not value or value != value.strip())]
    if wrong:
        told = ", ".join(wrong)
        raise InputError(f"item {item.item_id!r} can't be written so that it is read back the same: its factors have {told}.")
