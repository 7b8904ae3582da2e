"""A second way to the answers: directions as vectors, turns tried out one by one, panels as small arrays."""

import json
import math
from typing import Any

import numpy as np

from lm_eval_ext.orientation.questions import CANNOT, Question

MIRROR = np.diag([-1.0, 1.0, 1.0])  # x to the right, y away from the camera, z up
TO_CAMERA, TO_RIGHT = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])


def about_z(degrees_clockwise: float) -> np.ndarray:
    """Turn that looks clockwise from above."""
    c, s = math.cos(math.radians(degrees_clockwise)), math.sin(math.radians(degrees_clockwise))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def about_x(degrees: float) -> np.ndarray:
    """Turn that leans what is up toward the camera."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def answer(question: Question, spec: str, round_categories: tuple[str, ...]) -> str:
    """The right option, from the JSON of a picture."""
    picture = json.loads(spec)
    first = picture["panels"][0]["objects"]
    asked = {"viewer_scene_direction": 0, "canonical_orientation": 0, "inter_object_direction": 2}.get(question.type, 1)
    if any(placed["category"] in round_categories for placed in first[:asked]):
        return CANNOT
    return globals()[f"_{question.type}"](question, picture)


def _front(placed: dict[str, Any], picture: dict[str, Any]) -> np.ndarray:
    front = about_z(-placed["facing"]) @ TO_CAMERA
    return MIRROR @ front if picture["mirrored"] else front


def _best(scores: dict[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def _view_parallelism(question: Question, picture: dict[str, Any]) -> str:
    away = math.degrees(math.acos(np.clip(_front(picture["panels"][0]["objects"][0], picture) @ TO_CAMERA, -1, 1)))
    if question.level == "coarse":
        return "Yes" if away < 30 else "No"
    return _best({f"{angle} degrees": -abs(angle - away) for angle in (0, 45, 90, 135, 180)})


def _directional_facing(question: Question, picture: dict[str, Any]) -> str:
    front = _front(picture["panels"][0]["objects"][0], picture)
    sides = {
        "toward the camera": TO_CAMERA,
        "away from the camera": -TO_CAMERA,
        "to the right": TO_RIGHT,
        "to the left": -TO_RIGHT,
    }
    where = {name.capitalize(): front @ side for name, side in sides.items()}
    if question.level == "granular":
        for ahead in ("toward the camera", "away from the camera"):
            for side in ("to the right", "to the left"):
                where[f"{ahead} and {side}".capitalize()] = front @ (sides[ahead] + sides[side]) / math.sqrt(2)
    return _best(where)


def _single_axis_rotation(question: Question, picture: dict[str, Any]) -> str:
    front = _front(picture["panels"][0]["objects"][0], picture)
    if question.level == "granular":
        return _best({f"{angle} degrees": about_z(angle) @ front @ TO_CAMERA for angle in range(0, 360, 45)})
    if front @ TO_CAMERA > math.cos(math.radians(25)):
        return "No turn needed"
    if front @ TO_CAMERA < -math.cos(math.radians(25)):
        return "Half a turn, either way"
    a_little = {"Clockwise": about_z(1) @ front @ TO_CAMERA, "Counter-clockwise": about_z(-1) @ front @ TO_CAMERA}
    return _best(a_little)


def _inter_object_direction(question: Question, picture: dict[str, Any]) -> str:
    first, second = (_front(placed, picture) for placed in picture["panels"][0]["objects"][:2])
    if question.level == "granular":
        return _best({f"{angle} degrees": about_z(angle) @ first @ second for angle in range(0, 360, 45)})
    cosine = first @ second
    return _best({"Same direction": cosine, "Opposite directions": -cosine, "Perpendicular directions": math.sqrt(1 - cosine**2)})


def _compound_rotation(question: Question, picture: dict[str, Any]) -> str:
    poses = [about_x(panel["objects"][0]["pitch"]) @ about_z(90 - panel["objects"][0]["facing"]) for panel in picture["panels"]]
    turn = poses[1] @ poses[0].T
    turn = MIRROR @ turn @ MIRROR if picture["mirrored"] else turn
    tried = {(v, h): -float(np.abs(about_x(h) @ about_z(v) - turn).sum()) for v in (0, 90, 180, 270) for h in (-90, 0, 90)}
    vertical, horizontal = max(tried, key=lambda pair: tried[pair])
    assert tried[vertical, horizontal] > -0.01
    if question.level == "granular":
        return f"{vertical} degrees vertical and {horizontal} degrees horizontal"
    names = {(1, 0): "Vertical axis only", (0, 1): "Horizontal axis only", (1, 1): "Both axes", (0, 0): "Neither axis"}
    return names[int(vertical != 0), int(horizontal != 0)]


def _panels(picture: dict[str, Any]) -> list[np.ndarray]:
    """Each panel as four different pixels, drawn as pictures are: mirrored, then turned."""
    upright = np.fliplr([[1, 2], [3, 4]]) if picture["mirrored"] else np.array([[1, 2], [3, 4]])
    return [np.rot90(upright, -turn // 90) for turn in picture["rotate"]]


def _quarters(start: np.ndarray, end: np.ndarray) -> int:
    return next(quarters for quarters in range(4) if np.array_equal(np.rot90(start, -quarters), end))


def _viewer_scene_direction(question: Question, picture: dict[str, Any]) -> str:
    quarters = _quarters(*_panels(picture))
    names = ["Not turned", "Quarter turn clockwise", "Upside down", "Quarter turn counter-clockwise"]
    return f"{90 * quarters} degrees" if question.level == "granular" else names[quarters]


def _canonical_orientation(question: Question, picture: dict[str, Any]) -> str:
    upright = _panels({**picture, "rotate": [0]})[0]
    quarters = _quarters(_panels(picture)[0], upright)
    return f"{90 * quarters} degrees" if question.level == "granular" else ("No" if quarters else "Yes")
