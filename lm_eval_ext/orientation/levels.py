"""Coarse and granular questions about one picture: what one answer says about the other, and which items belong together."""

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question, QuestionType
from lm_eval_ext.orientation.rules import true_answer
from lm_eval_ext.orientation.scene import Picture, Placed, Scene

_PANELS: Mapping[QuestionType, int] = MappingProxyType({"compound_rotation": 2, "viewer_scene_direction": 2})
_IN_PLANE: tuple[QuestionType, ...] = ("viewer_scene_direction", "canonical_orientation")


def coarse_of(granular: Question) -> Question:
    """The coarse question of the same type."""
    return QUESTIONS[f"{granular.type}_coarse"]


def granular_of(coarse: Question) -> Question:
    """The granular question of the same type."""
    return QUESTIONS[f"{coarse.type}_granular"]


def coarse_truth(granular: Question, picture: Picture, round_categories: Collection[str]) -> str | None:
    """The true coarse answer about a picture of a granular question; None where its pose lies between two."""
    try:
        return true_answer(coarse_of(granular), picture, round_categories)
    except ValueError:
        return None


def implied_coarse(granular: Question, answer: str) -> str | None:
    """The coarse answer that a granular one implies: the truth about a picture posed exactly as the granular answer says.

    Args:
        granular: A question of level ``granular``.
        answer: One of its options.

    Returns:
        An option of the coarse question of the same type. None where the pose lies between coarse options (a front toward the
        camera and to the right, objects 45 degrees apart), and for a text that is no option of the question.

    Example:
        >>> implied_coarse(QUESTIONS["single_axis_rotation_granular"], "315 degrees")
        'Counter-clockwise'
        >>> implied_coarse(QUESTIONS["inter_object_direction_granular"], "45 degrees") is None
        True
    """
    if answer == CANNOT:
        return CANNOT
    if answer not in granular.angles:
        return None
    return coarse_truth(granular, _posed(granular, answer), ())


def _posed(granular: Question, answer: str) -> Picture:
    """A picture posed exactly as a granular answer says."""
    angle, tilt = granular.angles[answer], granular.tilts.get(answer, 0)
    panels = _PANELS.get(granular.type, 1)
    if granular.type in _IN_PLANE:
        turned = angle if panels == 2 else -angle % 360
        return Picture(panels=(_scene(0),) * panels, rotate=(0,) * (panels - 1) + (turned,))
    if panels == 2:
        return Picture(panels=(_scene(0), _scene(-angle % 360, pitch=tilt)), rotate=(0, 0))
    return Picture(panels=(_scene(angle),))


def _scene(facing: int, pitch: int = 0) -> Scene:
    """An object at this pose, and one that faces the camera beside it."""
    first = Placed(category="", instance=0, facing=float(facing), pitch=float(pitch))
    return Scene(objects=(first, Placed(category="", instance=0, facing=0.0)), look=0)


def picture_key(doc: Mapping[str, Any]) -> str:
    """What documents of the two levels share when they ask about one picture.

    The key names the plain picture: its mirrored, degraded and other twins have the same one, so that pairs are made of
    documents with the same key and the same kind of twin.

    Args:
        doc: A document of a task.

    Returns:
        The factor ``picture`` of generated items whose levels share pictures; dataset and image name of published items; and
        for other generated items the name of their twin, which no document of another level has.

    Example:
        >>> picture_key({"factors": '{"twin":"plain","picture":"p-7"}', "source": "generated", "twin_id": "t", "cluster_id": "c"})
        'p-7'
    """
    picture = json.loads(doc["factors"]).get("picture")
    if picture is not None:
        return str(picture)
    return str(doc["twin_id"] if doc["source"] == "generated" else doc["cluster_id"])
