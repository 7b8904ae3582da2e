"""The published scorer's documented behaviour, its leniency included."""

import pytest

from lm_eval_ext.worlds.official import (
    canonical_date,
    official_answer,
    official_em,
    official_f1,
    official_normalise,
    official_score,
)


def test_an_empty_output_matches_everything():
    assert official_score("", ["Paris"]) == official_score("Answer:", ["Paris"]) == (1.0, 1.0)


def test_a_piece_of_the_answer_is_enough_and_gives_full_f1():
    assert official_score("Charles", ["King Charles III"]) == (1.0, 1.0)
    assert official_em("King Charles III", ["Charles"]) == 0.0
    assert official_f1("King Charles III", ["Charles"]) == 0.5


def test_the_best_alias_counts():
    assert official_em("Holland", ["Netherlands", "Holland"]) == 1.0
    assert official_f1("the Holland coast", ["Netherlands", "Holland"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Thought: answer. Answer: Paris", "paris"),
        ("The answer is: Paris. Answer: Rome", "paris. answer: rome"),
        ("So the answer. Paris", "paris"),
        ("My answer Paris", "paris"),
        ("  Paris  ", "paris"),
    ],
)
def test_cues_are_tried_in_order(text, answer):
    assert official_answer(text) == answer


def test_is_is_dropped_like_an_article():
    assert official_normalise("The answer is a Hague!") == "answer hague"
    assert official_em("is Paris", ["Paris"]) == 1.0


def test_latex_commands_are_parted_from_long_words():
    assert official_normalise("\\boxed{Paris}") == "boxed paris"
    assert official_normalise("\\mathrm{Ona}") == "mathrm ona"
    assert official_normalise("textual") == "textual"  # eight letters or fewer stay
    assert official_f1("\\boxed{Paris}", ["Paris"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("28 July 1896", "July 28, 1896"),
        ("July 28, 1896.", "July 28, 1896"),
        ("1896-07-28", "July 28, 1896"),
        ("1896-07-28T00:00:00Z", "July 28, 1896"),
        ("7/28/1896", "July 28, 1896"),
        ("July 1896", "July, 1896"),
        ("1896-07", "July, 1896"),
        ("1896", "1896"),
        ("1896 (year)", "1896"),
        ("800", "800 CE"),
        ("800 CE", "800 CE"),
        ("1000 CE", "1000 CE"),
        ("5 May 1000", "1000 CE"),
        ("5 May 1001", "May 5, 1001"),
        ("1500 CE", "1500"),
        ("44 BCE", "44 BCE"),
        ("1 January 0999", "999 CE"),
        ("July", None),
        ("28 July", None),
        ("Paris", None),
        ("Paris 1896", None),
        ("", None),
        ("1" * 65, None),
        ("99999999999999999999 1 1", None),
    ],
)
def test_dates_in_every_form(text, date):
    assert canonical_date(text) == date


def test_equal_dates_match_only_where_a_date_is_asked():
    assert official_em("Answer: July 28, 1896", ["1896-07-28"], is_time=True) == 1.0
    assert official_em("Answer: July 28, 1896", ["1896-07-28"]) == 0.0
    assert official_em("44 BCE", ["44 CE"], is_time=True) == 0.0
    assert official_em("the year", ["1896"], is_time=True) == 0.0
    assert official_em("1896", ["the year", "1896-01"], is_time=True) == 1.0  # contained in "189601", punctuation gone
    assert official_score("1896", ["the year"], is_time=True) == (0.0, 0.0)


def test_words_of_canonical_dates_enter_f1():
    assert official_f1("July 1896", ["1896-07-28"], is_time=True) == pytest.approx(0.8)


def test_without_answers_nothing_is_right():
    assert official_score("Paris", []) == (0.0, 0.0)
