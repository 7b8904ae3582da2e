"""Coarse and granular answers about one picture."""

import pytest
import sklearn.metrics

from lm_eval_ext.orientation.questions import CANNOT
from lm_eval_ext.orientation.scoring import Judged, figures
from lm_eval_ext.orientation.scoring.levels import level_pairs
from tests.orientation.scoring.made import by_name, made

COARSE, GRANULAR = "single_axis_rotation_coarse", "single_axis_rotation_granular"


def pair(coarse: str | None, granular: str | None, picture: str, twin: str = "plain") -> list[Judged]:
    shared = {"picture": picture, "cluster": picture, "twin": twin}
    return [made(COARSE, "Clockwise", coarse, **shared), made(GRANULAR, "90 degrees", granular, **shared)]


def test_agreement_is_of_answers_not_of_being_right() -> None:
    asked = [
        *pair("Clockwise", "90 degrees", "right twice"),
        *pair("Counter-clockwise", "270 degrees", "wrong twice, and in agreement"),
        *pair("Clockwise", "270 degrees", "at odds"),
        *pair(CANNOT, CANNOT, "unknown twice"),
        *pair(None, None, "nothing said"),
    ]
    found = by_name(figures(asked))
    assert (found["levels_agree"].value, found["levels_agree"].n) == (pytest.approx(3 / 5), 5)
    assert (found["both_levels"].value, found["both_levels"].n) == (pytest.approx(1 / 5), 5)
    assert found["both_levels"].nulls == {"independent": pytest.approx(2 / 5 * 1 / 5)}


def test_the_null_is_the_chance_agreement_of_kappa() -> None:
    coarse = ["Clockwise", "Counter-clockwise", "Clockwise", "Clockwise", "No turn needed"]
    granular = ["90 degrees", "315 degrees", "270 degrees", "45 degrees", "0 degrees"]
    implied = ["Clockwise", "Counter-clockwise", "Counter-clockwise", "Clockwise", "No turn needed"]
    asked = [one for i, answers in enumerate(zip(coarse, granular, strict=True)) for one in pair(*answers, f"p{i}")]
    found = by_name(figures(asked))["levels_agree"]
    kappa = sklearn.metrics.cohen_kappa_score(coarse, implied)
    null = found.nulls["independent"]
    assert (found.value - null) / (1 - null) == pytest.approx(kappa)


def test_what_implies_nothing_does_not_count_as_disagreement() -> None:
    shared = {"picture": "p", "cluster": "p"}
    asked = [
        made("inter_object_direction_coarse", "Same direction", "Same direction", **shared),
        made("inter_object_direction_granular", "0 degrees", "45 degrees", **shared),
    ]
    found = by_name(figures(asked))
    assert (found["levels_agree"].value, found["levels_agree"].reason) == (None, "nothing_implied")
    assert found["both_levels"].value == 0.0


def test_pairs_share_picture_type_and_kind_of_twin() -> None:
    plain, mirrored, other = pair("Clockwise", "90 degrees", "p"), pair(None, None, "p", "mirrored"), pair(None, None, "q")
    assert len(level_pairs([*plain, *mirrored, *other])) == 3
    assert level_pairs([plain[0], mirrored[1]]) == []
    assert level_pairs([plain[0], other[1]]) == []
    assert level_pairs([plain[0], made("canonical_orientation_granular", "0 degrees", None, picture="p")]) == []
    assert "levels_agree" not in by_name(figures(plain[:1]))


def test_a_picture_asked_about_twice_is_no_pair() -> None:
    assert level_pairs([*pair("Clockwise", "90 degrees", "p"), *pair("Clockwise", "90 degrees", "p")]) == []


def test_extra_twins_are_no_pairs() -> None:
    assert level_pairs([*pair("Clockwise", "90 degrees", "p", "rotated")]) == []
