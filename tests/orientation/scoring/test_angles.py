"""Angles against unit vectors, for every question and every pair of truth and answer."""

import math

import numpy as np
import pytest

from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question
from lm_eval_ext.orientation.scoring import figures
from lm_eval_ext.orientation.scoring.angles import half_turned, mirror_image, one_bin
from tests.orientation.scoring.made import by_name, made

GRANULAR = [question for question in QUESTIONS.values() if question.level == "granular"]
EVERY = pytest.mark.parametrize("question", GRANULAR, ids=lambda question: question.name)


def arrow(question: Question, option: str) -> np.ndarray:
    """Where an angle points on a clock with its hand at 12, clockwise; facings are named by what they say instead."""
    if question.type == "directional_facing":
        # seen from above: away from the camera is up, the camera's right is right
        up = option.startswith("Away") - option.startswith("Toward")
        right = option.endswith("right") - option.endswith("left")
        return np.array([right, up]) / math.hypot(right, up)
    angle = math.radians(question.angles[option])
    return np.array([math.sin(angle), math.cos(angle)])


def clockwise_from(start: np.ndarray, end: np.ndarray) -> float:
    """Degrees from one arrow to another, clockwise positive."""
    return -math.degrees(math.atan2(start[0] * end[1] - start[1] * end[0], start @ end))


@EVERY
def test_errors_and_their_signs_are_those_of_arrows(question: Question) -> None:
    for truth in question.angles:
        for said in question.angles:
            found = by_name(figures([made(question.name, truth, said)]))
            turn = clockwise_from(arrow(question, truth), arrow(question, said))
            tilt = abs(question.tilts[said] - question.tilts[truth]) if question.tilts else 0
            assert found["angle_error"].value == pytest.approx(abs(turn) + tilt, abs=1e-6)
            if not question.wrap:
                assert "signed_error" not in found
            elif abs(abs(turn) - 180) < 1e-6:
                assert found["signed_error"].value is None
            else:
                assert found["signed_error"].value == pytest.approx(turn, abs=1e-6)


@EVERY
def test_a_guess_over_all_options_reaches_the_nulls(question: Question) -> None:
    for truth in question.angles:
        guesses = [made(question.name, truth, said) for said in question.options]
        found = by_name(figures(guesses))
        for name in ("angle_error", "within_one_bin", "mirror_error", "half_turn_error", "vertical_axis", "horizontal_axis"):
            if name in found and found[name].value is not None:
                assert found[name].value == pytest.approx(found[name].nulls["guess"]), (name, truth)


@EVERY
def test_wrong_ways_are_never_right_and_go_both_ways(question: Question) -> None:
    for truth in question.options:
        for other in (mirror_image, half_turned):
            wrong = other(question, truth)
            assert wrong != truth
            assert wrong is None or other(question, wrong) == truth


def test_half_turns_take_front_for_back() -> None:
    assert half_turned(QUESTIONS["directional_facing_granular"], "To the left") == "To the right"
    away = QUESTIONS["view_parallelism_granular"]
    assert [half_turned(away, f"{angle} degrees") for angle in (0, 45, 90)] == ["180 degrees", "135 degrees", None]
    assert half_turned(QUESTIONS["compound_rotation_granular"], "90 degrees vertical and 0 degrees horizontal") is None


def test_bins_are_the_steps_of_the_question() -> None:
    assert {question.type: one_bin(question) for question in GRANULAR} == {
        "view_parallelism": 45,
        "directional_facing": 45,
        "single_axis_rotation": 45,
        "compound_rotation": 90,
        "inter_object_direction": 45,
        "viewer_scene_direction": 90,
        "canonical_orientation": 90,
    }


def test_unparsed_answers_and_abstentions_are_no_angles_but_miss_the_bin() -> None:
    for choice in (None, CANNOT):
        found = by_name(figures([made("single_axis_rotation_granular", "45 degrees", choice)]))
        assert (found["angle_error"].value, found["angle_error"].reason) == (None, "no_angle_named")
        assert (found["signed_error"].value, found["signed_error"].reason) == (None, "no_angle_named")
        assert (found["within_one_bin"].value, found["mirror_error"].value, found["half_turn_error"].value) == (0.0, 0.0, 0.0)


def test_a_turn_the_wrong_way_is_a_mirror_error_at_both_levels() -> None:
    asked = [
        made("single_axis_rotation_granular", "45 degrees", "315 degrees"),
        made("single_axis_rotation_granular", "180 degrees", "0 degrees"),  # its own mirror image: does not count
        made("single_axis_rotation_coarse", "Clockwise", "Counter-clockwise"),
        made("directional_facing_coarse", "To the left", "To the left"),
    ]
    found = by_name(figures(asked))["mirror_error"]
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)
    assert by_name(figures([made("compound_rotation_coarse", "Both axes", "Both axes")])).get("mirror_error") is None


def test_axes_of_compound_rotation_count_apart_and_together() -> None:
    truth = "270 degrees vertical and 90 degrees horizontal"
    asked = [
        made("compound_rotation_granular", truth, "270 degrees vertical and 0 degrees horizontal"),
        made("compound_rotation_granular", truth, "90 degrees vertical and 90 degrees horizontal"),
        made("compound_rotation_granular", truth, truth),
        made("compound_rotation_granular", truth, None),
        made("compound_rotation_granular", CANNOT, CANNOT),  # has no axes
    ]
    found = by_name(figures(asked))
    assert [found[name].value for name in ("vertical_axis", "horizontal_axis", "both_axes")] == [0.5, 0.5, 0.25]
    assert [found[name].n for name in ("vertical_axis", "horizontal_axis", "both_axes")] == [4, 4, 4]
    assert found["vertical_axis"].nulls["guess"] == pytest.approx(2 / 7)
    assert found["horizontal_axis"].nulls["guess"] == pytest.approx(3 / 7)
