"""From pose to answer: the exact truth of a picture."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from lm_eval_ext.orientation.questions import CANNOT, Question
from lm_eval_ext.orientation.scene import Picture, Placed

TOLERANCE = 16.0
"""Degrees within which a pose counts as the angle that an option names."""

_TURN_OF_PANELS: Mapping[int, str] = MappingProxyType(
    {0: "Not turned", 90: "Quarter turn clockwise", 180: "Upside down", 270: "Quarter turn counter-clockwise"}
)
_COMPARED: Mapping[int, str] = MappingProxyType(
    {0: "Same direction", 90: "Perpendicular directions", 180: "Opposite directions", 270: "Perpendicular directions"}
)
_AXES: Mapping[tuple[bool, bool], str] = MappingProxyType(
    {
        (True, False): "Vertical axis only",
        (False, True): "Horizontal axis only",
        (True, True): "Both axes",
        (False, False): "Neither axis",
    }
)


def true_answer(question: Question, picture: Picture, round_categories: Collection[str]) -> str:
    """The one right option for a picture.

    Args:
        question: What is asked.
        picture: Poses as plain data; Object A is the first object of a panel, Object B the second.
        round_categories: Names of the categories that look alike from all sides.

    Returns:
        A member of ``question.options``; for a mirrored picture the answer to what is seen, not to what was placed.

    Raises:
        ValueError: The pose lies between two options, so that no answer is exact.
    """
    asked = _asked_objects(question, picture)
    if any(placed.category in round_categories for placed in asked):
        return CANNOT
    answer = _RULES[question.type](question, mirror(picture) if picture.mirrored else picture)
    return question.mirrored(answer) if picture.mirrored else answer


def mirror(picture: Picture) -> Picture:
    """The picture whose every panel is the mirror image, left to right, of what the given picture shows.

    Panels are drawn mirrored first and turned then, so that the turns change their sign.

    Example:
        >>> mirror(Picture(panels=(), rotate=(90,))).rotate
        (270,)
    """
    return replace(picture, mirrored=not picture.mirrored, rotate=tuple(-turn % 360 for turn in picture.rotate))


def _asked_objects(question: Question, picture: Picture) -> tuple[Placed, ...]:
    """The objects whose front decides; none where the whole picture was turned."""
    if question.type in ("viewer_scene_direction", "canonical_orientation"):
        return ()
    return picture.panels[0].objects[: 2 if question.type == "inter_object_direction" else 1]


def snap(angle: float, step: int) -> int:
    """The multiple of ``step`` in [0, 360) that an angle stands for, both in degrees.

    Raises:
        ValueError: The angle is further than ``TOLERANCE`` from every multiple.

    Example:
        >>> snap(-7.5, 45), snap(98.0, 90)
        (0, 90)
    """
    nearest = step * round(angle / step)
    if abs(angle - nearest) > TOLERANCE:
        raise ValueError(
            f"{angle} degrees is not within {TOLERANCE} degrees of a multiple of {step}, so that no option is exact."
        )
    return nearest % 360


def signed(angle: float) -> float:
    """The angle in [-180, 180) degrees.

    Example:
        >>> signed(350.0), signed(180.0)
        (-10.0, -180.0)
    """
    return (angle + 180.0) % 360.0 - 180.0


def _facing(picture: Picture) -> float:
    return picture.panels[0].objects[0].facing


def _view_parallelism(question: Question, picture: Picture) -> str:
    away = abs(signed(_facing(picture)))
    if question.level == "granular":
        return f"{snap(away, 45)} degrees"
    if TOLERANCE < away < 44:
        raise ValueError(f"A front turned {away} degrees away neither faces the camera nor clearly fails to.")
    return "Yes" if away <= TOLERANCE else "No"


def _directional_facing(question: Question, picture: Picture) -> str:
    if question.level == "granular":
        angle = snap(_facing(picture), 45)
        return next(text for text, degrees in question.angles.items() if degrees == angle)
    names = {0: "Toward the camera", 90: "To the right", 180: "Away from the camera", 270: "To the left"}
    return names[snap(_facing(picture), 90)]


def _single_axis(question: Question, picture: Picture) -> str:
    """Turning clockwise lowers ``facing``: a front at ``facing`` degrees reaches the camera after as many degrees clockwise."""
    facing = _facing(picture)
    if question.level == "granular":
        return f"{snap(facing, 45)} degrees"
    turn = signed(facing)
    if abs(turn) <= TOLERANCE:
        return "No turn needed"
    if abs(turn) >= 180 - TOLERANCE:
        return "Half a turn, either way"
    return "Clockwise" if turn > 0 else "Counter-clockwise"


def _compound(question: Question, picture: Picture) -> str:
    left, right = (panel.objects[0] for panel in picture.panels)
    vertical = snap(left.facing - right.facing, 90)
    horizontal = snap(right.pitch - left.pitch, 90)
    if question.level == "coarse":
        return _AXES[vertical != 0, horizontal != 0]
    return f"{vertical} degrees vertical and {horizontal} degrees horizontal"


def _inter_object(question: Question, picture: Picture) -> str:
    first, second = picture.panels[0].objects[:2]
    turn = first.facing - second.facing
    return _COMPARED[snap(turn, 90)] if question.level == "coarse" else f"{snap(turn, 45)} degrees"


def _viewer_scene(question: Question, picture: Picture) -> str:
    turn = (picture.rotate[1] - picture.rotate[0]) % 360
    return _TURN_OF_PANELS[turn] if question.level == "coarse" else f"{turn} degrees"


def _canonical(question: Question, picture: Picture) -> str:
    needed = -picture.rotate[0] % 360
    if question.level == "granular":
        return f"{needed} degrees"
    return "Yes" if needed == 0 else "No"


_RULES: Mapping[str, Callable[[Question, Picture], str]] = MappingProxyType(
    {
        "view_parallelism": _view_parallelism,
        "directional_facing": _directional_facing,
        "single_axis_rotation": _single_axis,
        "compound_rotation": _compound,
        "inter_object_direction": _inter_object,
        "viewer_scene_direction": _viewer_scene,
        "canonical_orientation": _canonical,
    }
)
