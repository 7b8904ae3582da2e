"""All figures together: nulls, undefined ones, and answerers that know all, nothing, or one option."""

import math
import random
from collections.abc import Callable

import pytest
import sklearn.metrics
import statsmodels.stats.proportion
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question
from lm_eval_ext.orientation.scoring import Judged, figures
from tests.orientation.scoring.made import by_name, made

EVERY = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
VIEW = "view_parallelism_coarse"


def asked(question: Question, answer: Callable[[str, tuple[str, ...], int], str | None], n: int = 400) -> list[Judged]:
    """Answers to ``n`` questions with shuffled options and balanced truths."""
    rng = random.Random(4)
    found = []
    for i in range(n):
        truth, choices = question.truths[i % len(question.truths)], tuple(rng.sample(question.options, len(question.options)))
        found.append(made(question.name, truth, answer(truth, choices, i), choices=choices))
    return found


@EVERY
def test_an_oracle_is_right_in_every_way(question: Question) -> None:
    found = by_name(figures(asked(question, lambda truth, *_: truth, 90)))
    for name in ("acc", "acc_parsed", "acc_chance_corrected", "acc_macro by dataset", "within_one_bin", "both_axes"):
        assert name not in found or found[name].value == 1.0
    for name in ("unparsed", "angle_error", "signed_error", "mirror_error", "half_turn_error"):
        assert name not in found or found[name].value == 0.0
    if question.has_cannot:
        assert found["abstention_recall"].value == found["abstention_precision"].value == 1.0
    assert found["position_bias"].p_value > 0.001


@EVERY
def test_a_guesser_reaches_every_null(question: Question) -> None:
    rng = random.Random(9)
    found = figures(asked(question, lambda truth, choices, i: rng.choice(choices), 900))
    for one in found:
        if "guess" in one.nulls and one.stderr is not None:
            assert abs(one.value - one.nulls["guess"]) <= 3.5 * one.stderr, one
    bias = by_name(found)["position_bias"]
    assert bias.low == 0.0
    assert bias.p_value > 0.001


@EVERY
def test_who_always_takes_the_first_place_has_the_largest_bias_and_chance_accuracy(question: Question) -> None:
    found, k = by_name(figures(asked(question, lambda truth, choices, i: choices[0]))), len(question.options)
    assert found["position_bias"].value == pytest.approx(1 - 1 / k)
    assert found["picked A"].value == 1.0
    assert found["acc"].value == pytest.approx(1 / k, abs=3.5 * math.sqrt((1 / k) * (1 - 1 / k) / 400))


def test_unparsed_answers_are_wrong_and_excluded_and_counted() -> None:
    found = by_name(figures([made(VIEW, "Yes", "Yes"), made(VIEW, "Yes", "No"), made(VIEW, "Yes", None), made(VIEW, "No", None)]))
    assert [found[name].value for name in ("acc", "acc_parsed", "unparsed")] == [0.25, 0.5, 0.5]
    assert found["acc_parsed"].n == 2
    none = by_name(figures([made(VIEW, "Yes", None)]))
    assert (none["acc_parsed"].value, none["acc_parsed"].reason) == (None, "all_unparsed")
    assert (none["position_bias"].value, none["position_bias"].reason) == (None, "all_unparsed")


def test_chosen_options_have_no_figures_of_reading() -> None:
    found = by_name(figures([made(VIEW, "Yes", "Yes", said=None)]))
    assert not {"unparsed", "acc_parsed", "acc_dori_script", "script_disagreement"} & set(found)


@pytest.mark.parametrize("spelling", [CANNOT, "Can not be determined", "can't be determined."])
def test_abstention_is_precision_and_recall_of_one_class(spelling: str) -> None:
    rng = random.Random(2)
    options = ("Yes", "No", spelling)
    pairs = [(rng.choice(options), rng.choice((*options, None))) for _ in range(200)]
    found = by_name(figures([made(VIEW, truth, choice, choices=options) for truth, choice in pairs]))
    truths, said = zip(*((truth == spelling, choice == spelling) for truth, choice in pairs), strict=True)
    assert found["abstention_recall"].value == pytest.approx(sklearn.metrics.recall_score(truths, said))
    assert found["abstention_precision"].value == pytest.approx(sklearn.metrics.precision_score(truths, said))
    assert found["abstention_precision"].nulls["guess"] == pytest.approx(sum(truths) / 200)


def test_undefined_precision_and_recall_have_a_reason_and_no_number() -> None:
    found = by_name(figures([made(VIEW, "Yes", "No"), made(VIEW, "No", "No")]))
    assert (found["abstention_recall"].value, found["abstention_recall"].reason) == (None, "never_true")
    assert (found["abstention_precision"].value, found["abstention_precision"].reason) == (None, "never_said")


def test_unclustered_accuracy_has_the_wilson_interval() -> None:
    rights = [made(VIEW, "Yes", "Yes" if i % 3 else "No") for i in range(3000)]
    found = by_name(figures(rights))["acc"]
    low, high = statsmodels.stats.proportion.proportion_confint(2000, 3000, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)  # t with 2999 degrees of freedom


def test_chance_is_each_items_own() -> None:
    found = by_name(figures([made(VIEW, "Yes", "Yes"), made("directional_facing_granular", "To the left", "To the right")]))
    assert found["acc"].nulls["guess"] == pytest.approx((1 / 3 + 1 / 9) / 2)
    assert found["acc_chance_corrected"].value == pytest.approx((1 + (0 - 1 / 9) / (1 - 1 / 9)) / 2)


def test_macro_weighs_datasets_and_questions_alike() -> None:
    answers = [made(VIEW, "Yes", "Yes", dataset="a") for _ in range(3)] + [made(VIEW, "Yes", "No", dataset="b")]
    found = by_name(figures([*answers, made("canonical_orientation_coarse", "Yes", "No", dataset="b")]))
    assert found["acc"].value == pytest.approx(3 / 5)
    assert found["acc_macro by dataset"].value == pytest.approx((1 + 0) / 2)
    assert found["acc_macro by question"].value == pytest.approx((3 / 4 + 0) / 2)


def test_baselines_stand_beside_accuracy() -> None:
    answers = [made(VIEW, truth, "Yes") for truth in ("Yes", "Yes", "No", CANNOT)]
    control = [made(VIEW, "Yes", "Yes"), made(VIEW, "No", "Yes"), made("canonical_orientation_coarse", "No", "Yes")]
    assert by_name(figures(answers, {"blind": control, "blank": control[1:], "none": []}))["acc"].nulls == {
        "guess": pytest.approx(1 / 3),
        "majority": 0.5,
        "blind": 0.5,
        "blank": 0.0,
    }
    assert "blind" not in by_name(figures(answers, {"blind": control[2:]}))["acc"].nulls


def test_a_control_that_wrote_is_no_null_of_options_chosen() -> None:
    control = {"blind": [made(VIEW, "Yes", "Yes")]}
    assert "blind" in by_name(figures([made(VIEW, "Yes", "Yes")], control))["acc"].nulls
    assert "blind" not in by_name(figures([made(VIEW, "Yes", "Yes", said=None)], control))["acc"].nulls


def test_no_answers_give_no_figures() -> None:
    assert figures([]) == []


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(QUESTIONS)), st.integers(0, 8), st.none() | st.integers(0, 8), st.integers(0, 3)),
        min_size=1,
        max_size=25,
    )
)
def test_intervals_hold_their_value_and_undefined_figures_have_reasons(rows: list[tuple[str, int, int | None, int]]) -> None:
    judged = []
    for name, truth, choice, cluster in rows:
        options = QUESTIONS[name].options
        said = None if choice is None else options[choice % len(options)]
        judged.append(made(name, options[truth % len(options)], said, cluster=f"c{cluster}"))
    for one in figures(judged):
        if one.value is None:
            assert (one.low, one.high, one.stderr) == (None, None, None)
            assert one.reason
            assert one.n == 0
        elif one.low is not None and one.high is not None:
            assert one.low - 1e-9 <= one.value <= one.high + 1e-9, one
        assert one.stderr is None or one.stderr > 0
    assert all(math.isfinite(value) for one in figures(judged) for value in one.nulls.values())
