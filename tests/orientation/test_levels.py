"""Granular answers and the coarse answers they imply."""

import pytest

from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.levels import coarse_of, implied_coarse, picture_key
from lm_eval_ext.orientation.questions import QUESTIONS, TYPES, Question
from lm_eval_ext.orientation.rules import true_answer
from lm_eval_ext.orientation.scene import picture_from_json

GRANULAR = [QUESTIONS[f"{name}_granular"] for name in TYPES]
EVERY = pytest.mark.parametrize("granular", GRANULAR, ids=lambda question: question.name)
BETWEEN = {
    "directional_facing": {45, 135, 225, 315},
    "inter_object_direction": {45, 135, 225, 315},
}
"""Degrees that stand for no coarse option."""


@EVERY
def test_implied_answers_are_the_truth_of_generated_pictures(granular: Question) -> None:
    round_, checked = read_catalogue().round, 0
    for item in generate(granular, 11, 150):
        try:
            truth = true_answer(coarse_of(granular), picture_from_json(item.spec), round_)
        except ValueError:
            continue
        assert implied_coarse(granular, item.answer) == truth
        checked += 1
    assert checked > 100


@EVERY
def test_every_option_implies_a_coarse_one_or_lies_between_two(granular: Question) -> None:
    implied = {option: implied_coarse(granular, option) for option in granular.options}
    between = {option for option, coarse in implied.items() if coarse is None}
    assert {granular.angles[option] for option in between} == BETWEEN.get(granular.type, set())
    assert set(implied.values()) - {None} == set(coarse_of(granular).options)


def test_mirrored_answers_imply_mirrored_answers() -> None:
    for granular in GRANULAR:
        for option in granular.options:
            implied = implied_coarse(granular, option)
            mirrored = implied_coarse(granular, granular.mirrored(option))
            assert mirrored == (None if implied is None else coarse_of(granular).mirrored(implied))


def test_a_text_that_is_no_option_implies_nothing() -> None:
    assert implied_coarse(QUESTIONS["canonical_orientation_granular"], "12 degrees") is None


def test_key_of_a_picture_is_its_factor_or_its_published_name() -> None:
    doc = {"factors": '{"twin":"plain"}', "source": "generated", "twin_id": "t", "cluster_id": "c"}
    assert picture_key(doc) == "t"
    assert picture_key({**doc, "source": "local"}) == "c"
    assert picture_key({**doc, "factors": '{"picture":"p"}'}) == "p"
