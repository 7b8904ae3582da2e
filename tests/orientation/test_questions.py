"""The fourteen questions: what they say, their options, and their rules from pose to answer."""

import re
from dataclasses import replace

import pytest

from lm_eval_ext.orientation.prompts import build_prompt
from lm_eval_ext.orientation.questions import CANNOT, DIMENSIONS, LEVELS, QUESTIONS, TYPES, Question
from lm_eval_ext.orientation.rules import true_answer
from lm_eval_ext.orientation.scene import Picture, Placed, Scene

EVERY = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)


def picture(*facings: float, mirrored: bool = False, category: str = "car") -> Picture:
    objects = tuple(Placed(category=category, instance=0, facing=float(facing)) for facing in facings)
    return Picture(panels=(Scene(objects=objects, look=0),), mirrored=mirrored)


def test_there_is_every_type_at_every_level() -> None:
    assert list(QUESTIONS) == [f"{kind}_{level}" for kind in TYPES for level in LEVELS]
    assert len(QUESTIONS) == 14
    assert len(set(DIMENSIONS.values())) == 4


@EVERY
def test_options_are_different_and_end_with_cannot(question: Question) -> None:
    assert len({option.lower() for option in question.options}) == len(question.options) >= 3
    assert question.options[-1] == CANNOT


@EVERY
def test_mirroring_twice_changes_nothing(question: Question) -> None:
    assert {question.mirrored(question.mirrored(option)) for option in question.options} == set(question.options)
    assert all(question.mirrored(question.mirrored(option)) == option for option in question.options)


@EVERY
def test_angles_stand_for_options_and_turn_round_in_the_mirror(question: Question) -> None:
    if question.level == "coarse":
        assert not question.angles
        return
    assert set(question.angles) == set(question.options) - {CANNOT}
    for option, angle in question.angles.items():
        assert question.angles[question.mirrored(option)] == (-angle % 360 if question.wrap else angle)


@EVERY
def test_text_states_axis_and_frame(question: Question) -> None:
    if "lockwise" in question.text or "lockwise" in " ".join(question.options):
        assert "seen from above" in question.text or "in its plane" in question.text
    if " left" in " ".join(question.options):
        assert "the camera's" in question.text


@EVERY
def test_prompts_are_short(question: Question) -> None:
    words = len(re.findall(r"\S+", build_prompt(question.text, question.options)))
    assert words <= (70 if question.level == "coarse" else 100)


@pytest.mark.parametrize(
    ("name", "facing", "answer"),
    [
        ("view_parallelism_coarse", 350, "Yes"),
        ("view_parallelism_coarse", 90, "No"),
        ("view_parallelism_granular", 275, "90 degrees"),
        ("directional_facing_coarse", 90, "To the right"),
        ("directional_facing_coarse", 268, "To the left"),
        ("directional_facing_granular", 45, "Toward the camera and to the right"),
        ("directional_facing_granular", 226, "Away from the camera and to the left"),
        ("single_axis_rotation_coarse", 60, "Clockwise"),
        ("single_axis_rotation_coarse", 300, "Counter-clockwise"),
        ("single_axis_rotation_coarse", 184, "Half a turn, either way"),
        ("single_axis_rotation_granular", 135, "135 degrees"),
    ],
)
def test_known_poses_have_known_answers(name: str, facing: float, answer: str) -> None:
    question = QUESTIONS[name]
    assert true_answer(question, picture(facing), ()) == answer
    assert true_answer(question, picture(facing, mirrored=True), ()) == true_answer(question, picture(360 - facing), ())


def test_a_turns_clockwise_to_point_as_b_does() -> None:
    asked = QUESTIONS["inter_object_direction_granular"]
    assert true_answer(asked, picture(90, 0), ()) == "90 degrees"  # A points right, B to us
    assert true_answer(asked, picture(90, 0, mirrored=True), ()) == "270 degrees"


def test_round_objects_have_no_facing_but_pictures_of_them_have_an_up() -> None:
    seen = picture(0, 0, category="bottle")
    assert true_answer(QUESTIONS["view_parallelism_coarse"], seen, ("bottle",)) == CANNOT
    assert true_answer(QUESTIONS["canonical_orientation_granular"], replace(seen, rotate=(90,)), ("bottle",)) == "270 degrees"


@pytest.mark.parametrize(("name", "facing"), [("view_parallelism_coarse", 30), ("directional_facing_coarse", 45)])
def test_pose_between_two_options_is_refused(name: str, facing: float) -> None:
    with pytest.raises(ValueError, match=r"no option is exact|neither faces"):
        true_answer(QUESTIONS[name], picture(facing), ())
