"""Positions: numbers and names, whatever the pieces in which a row runs."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.spans import span_of_text, span_of_tokens, tokens_until

SPANS = {"picture": (1, 2, 5)}
PLACES = ["all", "prompt", "last", "continuation", "picture", (0, 3), (-1,), (4, 0)]


def row(**changes: object) -> Row:
    return Row(**{"key": "r", "given": 8, "prompt": 6, "spans": SPANS, **changes})  # type: ignore[arg-type]


def chosen(where: object, phase: str = "both", start: int = 0, stop: int = 11) -> list[int]:
    return (row().select(where, phase, start, stop).offsets + start).tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "phase", "expected"),
    [
        ("all", "both", list(range(11))),
        ("all", "prefill", list(range(8))),
        ("all", "decode", [8, 9, 10]),
        ("prompt", "both", list(range(6))),
        ("last", "both", [5]),
        ("last", "decode", []),
        ("continuation", "both", [6, 7, 8, 9, 10]),
        ("continuation", "prefill", [6, 7]),
        ("continuation", "decode", [8, 9, 10]),
        ("picture", "both", [1, 2, 5]),
        ((-6, 7), "prefill", [0, 7]),
    ],
)
def test_positions_are_those_that_are_meant(where: object, phase: str, expected: list[int]) -> None:
    assert chosen(where, phase) == expected


@given(st.sampled_from(PLACES), st.sampled_from(["prefill", "decode", "both"]), st.lists(st.integers(1, 10), max_size=5))
def test_pieces_give_the_same_positions_and_numbers_as_the_whole(where: object, phase: str, cuts: Sequence[int]) -> None:
    whole = row().select(where, phase, 0, 11)  # type: ignore[arg-type]
    edges = [0, *sorted(set(cuts)), 11]
    pieces = [(start, row().select(where, phase, start, stop)) for start, stop in pairwise(edges)]  # type: ignore[arg-type]
    pairs = sorted(pair for start, one in pieces for pair in zip(one.ordinals, one.offsets + start, strict=True))
    assert pairs == sorted(zip(whole.ordinals, whole.offsets, strict=True))


def test_values_by_position_follow_the_order_in_which_positions_were_named() -> None:
    found = row().select((4, 0), "both", 0, 8)
    assert dict(zip(found.ordinals.tolist(), found.offsets.tolist(), strict=True)) == {0: 4, 1: 0}


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ((8,), "position 8 is outside"),
        ((-7,), "position -7 is outside"),
        ((5, -1), "name a token twice"),
        ("pictre", "Did you mean 'picture'"),
    ],
)
def test_what_a_row_does_not_have_is_refused(where: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        chosen(where)


def test_a_row_must_hold_its_prompt_and_spans() -> None:
    with pytest.raises(InputError, match="does not fit"):
        row(prompt=9)
    with pytest.raises(InputError, match="holds position 8"):
        row(spans={"picture": (8,)})


LETTERS = "abc é"


def decode(ids: Sequence[int]) -> str:
    """Bytes of UTF-8, so that a letter can take two tokens."""
    return bytes(ids).decode(errors="replace")


@given(st.text(LETTERS, max_size=12), st.text(LETTERS, min_size=1, max_size=3))
def test_a_text_is_found_where_a_scan_finds_it(text: str, wanted: str) -> None:
    expected: list[int] = []
    at = text.find(wanted)
    while at >= 0:
        first = len(text[:at].encode())
        expected += range(first, first + len(wanted.encode()))
        at = text.find(wanted, at + len(wanted))
    assert list(span_of_text(text.encode(), wanted, decode)) == expected


@given(st.text(LETTERS, max_size=12), st.lists(st.text(LETTERS, min_size=1, max_size=3), max_size=2))
def test_tokens_until_a_stop_are_the_fewest_that_spell_it(text: str, stops: list[str]) -> None:
    ids = list(text.encode())
    fewest = next((n for n in range(len(ids) + 1) if any(stop in decode(ids[:n]) for stop in stops)), len(ids))
    assert tokens_until(ids, stops, decode) == fewest


def test_tokens_of_a_picture() -> None:
    assert span_of_tokens(np.array([3, 7, 3]).tolist(), [3, 4]) == (0, 2)
