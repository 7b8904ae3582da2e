"""One published item, whatever layout it comes from, and how its cells are read."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.layouts.description import AnswerForm, Common, FactorColumn, Layout, Scalar
from lm_eval_ext.orientation.prompts import LETTERS
from lm_eval_ext.orientation.questions import Question
from lm_eval_ext.orientation.wording import same_words

_TRUTH = {"true": True, "false": False}


class Totals(NamedTuple):
    """What a set holds in all."""

    items: int
    images: int


@dataclass(frozen=True, kw_only=True)
class Named:
    """The optional things that a layout says about an item."""

    item: str | None = None
    twin: str | None = None
    cluster: str | None = None
    permutation: tuple[int, ...] | None = None
    factors: Mapping[str, Scalar | None] = field(default_factory=dict[str, Scalar | None])
    """In order; None stands where a known factor goes."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One question about one picture.

    Attributes:
        dataset: Source dataset.
        line: Number of the item within its dataset or file, from 1.
        image: Name of the image.
        query: What is asked; with the place ``{options}``, the whole prompt.
        options: Texts as shown, in the set's order.
        answer: One of them.
        picture: Spec of the picture: its file, or its table and row.
        named: Optional things.
    """

    dataset: str
    line: int
    image: str
    query: str
    options: tuple[str, ...]
    answer: str
    picture: Mapping[str, str | int]
    named: Named


@runtime_checkable
class PublishedSet(Protocol):
    """A folder that was read with a description."""

    @property
    def layout(self) -> Layout:
        """The description."""
        ...

    def records(self, question: Question) -> list[Record]:
        """Every item of a question.

        Raises:
            InputError: The question is not there, an item is not sound, or images are missing.
        """
        ...

    def totals(self) -> Totals:
        """Items and different images of all questions."""
        ...

    def files(self, question: Question) -> list[Path]:
        """The files, images left out, that a question's items are made of."""
        ...


class Answers:
    """The options of an item, found by what a set writes for the right one."""

    def __init__(self, options: Mapping[str, str], form: AnswerForm) -> None:
        """Options as text in the answers to text shown, in the set's order."""
        self._shown = list(options.values())
        self._form = form
        self._exact = {shown.strip(): shown for shown in self._shown} | {text.strip(): shown for text, shown in options.items()}
        self.commas = max(text.count(",") for text in self._exact)
        """The most commas that one option holds."""
        alike: defaultdict[str, set[str]] = defaultdict(set)
        for text, shown in self._exact.items():
            alike[same_words(text)].add(shown)
        # "-45 degrees" and "45 degrees" share their words: such texts are understood only as they are written.
        self._loose = {words: shown.pop() for words, shown in alike.items() if len(shown) == 1}

    def find(self, value: Any) -> str | None:
        """The option shown, or None where the value names none."""
        if self._form == "text":
            text = str(value).strip()
            return self._exact.get(text) or self._loose.get(same_words(text))
        place = _letter(value) if self._form == "letter" else _index(value)
        return self._shown[place] if place is not None and 0 <= place < len(self._shown) else None

    def accepted(self) -> str:
        """What is understood, for messages."""
        letters = f"the letters A to {LETTERS[len(self._shown) - 1]}"
        return {"text": ", ".join(self._shown), "letter": letters, "index": f"0 to {len(self._shown) - 1}"}[self._form]


def _letter(value: Any) -> int | None:
    text = str(value).strip().strip("().").upper()
    return LETTERS.index(text) if len(text) == 1 and text in LETTERS else None


def _index(value: Any) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def check_options(options: Sequence[Any], where: str) -> tuple[str, ...]:
    """The options as texts.

    Raises:
        InputError: There are fewer than two or more than there are letters, or one is empty, no text, or stands twice.
    """
    texts = tuple(text.strip() if isinstance(text, str) else "" for text in options)
    if not 2 <= len(texts) <= len(LETTERS) or not all(texts) or len(set(texts)) < len(texts):
        raise InputError(f"{where}: options={clip(list(options))} is not accepted. Give 2 to {len(LETTERS)} different texts.")
    return texts


def read_named(layout: Common, cells: Mapping[str, Any], n_options: int, where: str) -> Named:
    """The optional things of one item.

    Args:
        layout: Names their columns.
        cells: The item's cells by column.
        n_options: How many places a permutation has.
        where: What messages call the item.

    Raises:
        InputError: A cell is empty that must not be, or says something else than its column holds.
    """

    def text(column: str | None) -> str | None:
        return None if column is None else _filled(cells[column], column, where)

    permutation = None if layout.permutation is None else _order(cells[layout.permutation], n_options, where)
    factors: dict[str, Scalar | None] = {}
    for name, column in layout.factors.items():
        if column is None:
            factors[name] = None
        elif not _empty(cells[column.column]):
            factors[name] = _factor(cells[column.column], column, where)
    return Named(
        item=text(layout.item), twin=text(layout.twin), cluster=text(layout.cluster), permutation=permutation, factors=factors
    )


def _empty(cell: Any) -> bool:
    return cell is None or cell == ""


def _filled(cell: Any, column: str, where: str) -> str:
    if _empty(cell):
        raise InputError(f"{where}: the column {column!r} is empty. Fill it, or leave it out of the layout.")
    return str(cell)


def _order(cell: Any, n_options: int, where: str) -> tuple[int, ...]:
    """A permutation: a list of numbers, or its text with blanks between."""
    parts = str(cell).split() if not isinstance(cell, list) else list(map(str, cell))
    if sorted(parts) != sorted(map(str, range(n_options))):
        raise InputError(f"{where}: the permutation {clip(cell)} is no order of the numbers 0 to {n_options - 1}.")
    return tuple(map(int, parts))


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_FORMS: Mapping[str, Callable[[str], Scalar]] = {
    "text": str,
    "int": int,
    "float": _number,
    "bool": lambda text: _TRUTH[text.lower()],
}


def _factor(cell: Any, column: FactorColumn, where: str) -> Scalar:
    try:
        return _FORMS[column.type](str(cell))
    except (ValueError, KeyError):
        raise InputError(f"{where}: {clip(cell)} in the column {column.column!r} is no {column.type}.") from None


def clip(value: Any) -> str:
    """The value as one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    text = repr(text)[1:-1] if "\n" in text or "\0" in text else text
    return f"'{text[:120]}…'" if len(text) > 120 else f"{text!r}"


def check_missing(missing: Sequence[str], n: int, question: Question) -> None:
    """Refuse a set that lacks images; leaving their items out would make another, smaller set of it.

    Raises:
        InputError: Some are missing; the line has their number and the first names.
    """
    if missing:
        first = ", ".join(missing[:3])
        raise InputError(f"{len(missing)} of {n} images of {question.name} are missing, first: {first}. Complete the folder.")
