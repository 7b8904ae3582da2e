"""From answers to figures: known answerers reach what theory says."""

import json
import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest
import scipy.stats

from lm_eval_ext.items import Item, to_columns
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question
from lm_eval_ext.orientation.scoring import (
    ANGLE_METRICS,
    PICTURE_METRICS,
    TEXT_METRICS,
    angle_between,
    clustered_stderr,
    judge_choice,
    judge_likelihoods,
    score,
)

EVERY = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
Doc = dict[str, Any]


def docs_of(items: list[Item]) -> list[Doc]:
    columns = to_columns(items)
    return [{name: column[i] for name, column in columns.items()} for i in range(len(items))]


def figures(docs: list[Doc], answer: Callable[[Doc], str]) -> dict[str, Any]:
    """What lm-eval's table would show: values are collected by name, and a name that no document gives is not there."""
    values = [score(doc, [answer(doc)], ANGLE_METRICS) for doc in docs]
    json.dumps(values)
    given = {name: [value[name] for value in values if name in value] for name in ANGLE_METRICS}
    return {name: ANGLE_METRICS[name].aggregate(found) for name, found in given.items() if found}


def quantile(asked: list[Doc]) -> float:
    return float(scipy.stats.t.ppf(0.975, len({doc["cluster_id"] for doc in asked}) - 1))


def docs(question: Question, n: int = 60) -> list[Doc]:
    return hundred(question.name)[: 2 * n]


@lru_cache(maxsize=14)
def hundred(name: str) -> list[Doc]:
    return docs_of(list(generate(QUESTIONS[name], 2, 100)))


@EVERY
def test_oracle_is_right_everywhere(question: Question) -> None:
    found = figures(docs(question), lambda doc: f" {doc['answer']}")
    assert found["acc"] == found["acc_chance_corrected"] == found["mirror_consistency"] == 1.0
    assert found["acc_ci_high"] == pytest.approx(1.0)
    assert found["unparsed"] == 0.0
    assert found["acc_ci_low"] > 0.9
    assert found["acc_stderr"] == pytest.approx((1 - found["acc_ci_low"]) / 2 / quantile(docs(question)))
    if question.level == "granular":
        assert found["angle_error"] == 0.0


@EVERY
def test_no_answer_is_wrong_and_unparsed(question: Question) -> None:
    found = figures(docs(question, 20), lambda doc: "")
    assert (found["acc"], found["unparsed"], found["mirror_consistency"]) == (0.0, 1.0, 0.0)
    assert found.get("angle_error") is None


@EVERY
def test_constant_and_random_answerers_reach_chance(question: Question) -> None:
    asked, k, rng = docs(question, 100), len(question.options), random.Random(1)
    bar = 3 * math.sqrt((1 / k) * (1 - 1 / k) / 100)  # twins show their options in the same places
    for answer in (lambda doc: "A", lambda doc: rng.choice(doc["choices"])):
        found = figures(asked, answer)
        assert found["chance"] == pytest.approx(1 / k)
        assert found["acc"] == pytest.approx(1 / k, abs=bar)
        assert abs(found["acc_chance_corrected"]) <= bar * k / (k - 1)
        assert found["acc_ci_low"] < found["acc"] < found["acc_ci_high"]


@EVERY
def test_majority_answerer_reaches_the_majority_figure(question: Question) -> None:
    asked = docs(question, len(question.truths) * 10)
    found = figures(asked, lambda doc: question.truths[0])
    assert found["acc"] == found["majority"] == pytest.approx(1 / len(question.truths))


def test_unparsed_answers_count_as_wrong() -> None:
    asked = docs(QUESTIONS["view_parallelism_coarse"], 20)
    found = figures(asked, lambda doc: doc["answer"] if doc["factors"].find('"twin":"mirrored"') >= 0 else "Hard to say.")
    assert (found["acc"], found["unparsed"]) == (0.5, 0.5)
    assert found["mirror_consistency"] == 0.0


def test_answerer_blind_to_the_mirror_is_inconsistent_where_left_and_right_count() -> None:
    asked = docs(QUESTIONS["directional_facing_coarse"], 50)
    found = figures(asked, lambda doc: "To the left")
    assert found["mirror_consistency"] == 0.0
    assert figures(asked, lambda doc: "Away from the camera")["mirror_consistency"] == 1.0


def test_twins_cut_in_two_count_in_no_consistency() -> None:
    asked = docs(QUESTIONS["directional_facing_coarse"], 3)
    assert figures(asked[::2], lambda doc: doc["answer"])["mirror_consistency"] is None
    assert figures(asked[:5], lambda doc: doc["answer"])["mirror_consistency"] == 1.0


@pytest.mark.parametrize(("first", "second", "wrap", "degrees"), [(0, 315, 360, 45), (90, 270, 360, 180), (0, 180, 0, 180)])
def test_angles_wrap(first: int, second: int, wrap: int, degrees: int) -> None:
    assert angle_between(first, second, wrap) == angle_between(second, first, wrap) == degrees


def test_angle_error_is_known_for_a_known_answerer() -> None:
    question = QUESTIONS["single_axis_rotation_granular"]
    asked = docs(question, 9 * 8)
    found = figures(asked, lambda doc: "0 degrees")
    assert found["angle_error"] == pytest.approx((0 + 45 + 90 + 135 + 180 + 135 + 90 + 45) / 8)
    assert found["half_turn_error"] == pytest.approx(1 / 8)
    assert figures(asked, lambda doc: CANNOT)["angle_error"] is None


def test_compound_error_adds_both_axes() -> None:
    question = QUESTIONS["compound_rotation_granular"]
    doc = next(doc for doc in docs(question, 14) if doc["answer"] == "270 degrees vertical and 90 degrees horizontal")
    values = score(doc, ["90 degrees vertical and 0 degrees horizontal"], ANGLE_METRICS)
    assert (values["angle_error"], values["vertical_axis"], values["horizontal_axis"]) == (270.0, 0.0, 0.0)
    assert "half_turn_error" not in values


def test_script_variant_stands_beside_the_strict_reading() -> None:
    asked = docs(QUESTIONS["directional_facing_coarse"], 20)
    letters = figures(asked, lambda doc: f"({'ABCDE'[doc['choices'].index(doc['answer'])]})")
    assert (letters["acc"], letters["acc_dori_script"], letters["script_disagreement"]) == (1.0, 0.0, 1.0)


def test_interval_is_clustered_by_object() -> None:
    values = [[float(i % 2), f"car-{i // 10}"] for i in range(400)]
    correlated = [[float(i // 10 % 2), f"car-{i // 10}"] for i in range(400)]
    assert 3 * float(clustered_stderr(values)) < float(clustered_stderr(correlated))


def test_tables_of_figures_grow_by_level() -> None:
    assert list(TEXT_METRICS) == list(PICTURE_METRICS)[: len(TEXT_METRICS)]
    assert list(PICTURE_METRICS) == list(ANGLE_METRICS)[: len(PICTURE_METRICS)]


def test_a_chosen_option_is_judged_without_reading_text() -> None:
    doc = docs(QUESTIONS["view_parallelism_coarse"], 1)[0]
    wrong = next(choice for choice in doc["choices"] if choice != doc["answer"])
    assert (judge_choice(doc, doc["answer"]).right, judge_choice(doc, wrong).right) == (1.0, 0.0)
    assert judge_choice(doc, wrong).said is None
    with pytest.raises(ValueError, match="'A' is no option of"):
        judge_choice(doc, "A")


def test_the_likeliest_option_is_chosen_and_the_first_of_equals() -> None:
    doc = docs(QUESTIONS["view_parallelism_coarse"], 1)[0]
    assert judge_likelihoods(doc, [-3.0, -1.0, -2.0]).choice == doc["choices"][1]
    assert judge_likelihoods(doc, [-1.0, -1.0, -2.0]).choice == doc["choices"][0]
    with pytest.raises(ValueError, match="2 log-likelihoods for 3 options"):
        judge_likelihoods(doc, [-1.0, -2.0])
