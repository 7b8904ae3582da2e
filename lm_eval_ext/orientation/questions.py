"""The fourteen questions: seven types, each coarse and granular, as data.

Rotations are stated with their axis: "clockwise, seen from above" for turns about the vertical axis, "clockwise" as the reader
sees the picture for turns in its plane. Left and right are the camera's, which are those of the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

QuestionType = Literal[
    "view_parallelism",
    "directional_facing",
    "single_axis_rotation",
    "compound_rotation",
    "inter_object_direction",
    "viewer_scene_direction",
    "canonical_orientation",
]
Level = Literal["coarse", "granular"]
TYPES: tuple[QuestionType, ...] = get_args(QuestionType)
LEVELS: tuple[Level, ...] = get_args(Level)

CANNOT = "Cannot be determined"
"""Right exactly where an object has no front that could be seen: a bottle, a ball."""

DIMENSIONS: Mapping[QuestionType, str] = MappingProxyType(
    {
        "view_parallelism": "frontal_alignment",
        "directional_facing": "frontal_alignment",
        "inter_object_direction": "relative_orientation",
        "viewer_scene_direction": "relative_orientation",
        "single_axis_rotation": "rotational_transformation",
        "compound_rotation": "rotational_transformation",
        "canonical_orientation": "canonical_orientation",
    }
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question type at one level.

    Attributes:
        type: One of the seven types.
        level: ``coarse`` asks for a category, ``granular`` for an amount.
        text: The question; it states the axis and whose left and right are meant.
        options: Every option, in canonical order; ``CANNOT`` last.
        mirror: The answer for the mirrored picture, where it is another one.
        angles: Granular only: degrees of an option, for the error of a wrong one.
        tilts: Compound, granular only: degrees about the second, horizontal axis.
        wrap: Degrees after which angles repeat; 0 when they do not (a difference that has no sign).
        has_cannot: Whether ``CANNOT`` is ever the truth.
    """

    type: QuestionType
    level: Level
    text: str
    options: tuple[str, ...]
    mirror: Mapping[str, str] = field(default_factory=dict[str, str])
    angles: Mapping[str, int] = field(default_factory=dict[str, int])
    tilts: Mapping[str, int] = field(default_factory=dict[str, int])
    wrap: int = 360
    has_cannot: bool = True

    @property
    def name(self) -> str:
        """Name of the leaf without its prefix: ``view_parallelism_coarse``."""
        return f"{self.type}_{self.level}"

    @property
    def dimension(self) -> str:
        """The dimension of the taxonomy that the type belongs to."""
        return DIMENSIONS[self.type]

    @property
    def truths(self) -> tuple[str, ...]:
        """The options that are the truth of some picture."""
        return self.options if self.has_cannot else self.options[:-1]

    def mirrored(self, answer: str) -> str:
        """The answer for the picture mirrored left to right."""
        return self.mirror.get(answer, answer)


def _both_ways(pairs: Mapping[str, str]) -> dict[str, str]:
    return {**pairs, **{right: left for left, right in pairs.items()}}


def _degrees(step: int, stop: int) -> dict[str, int]:
    return {f"{angle} degrees": angle for angle in range(0, stop, step)}


def _mirrored_degrees(angles: Mapping[str, int]) -> dict[str, str]:
    """A clockwise angle becomes the same angle counter-clockwise, which is 360 less that angle clockwise."""
    return {text: f"{360 - angle} degrees" for text, angle in angles.items() if angle not in (0, 180)}


_EIGHTHS = _degrees(45, 360)
_QUARTERS = _degrees(90, 360)
_TURNED_AWAY = _degrees(45, 181)
_FACINGS = {
    "Toward the camera": 0,
    "Toward the camera and to the right": 45,
    "To the right": 90,
    "Away from the camera and to the right": 135,
    "Away from the camera": 180,
    "Away from the camera and to the left": 225,
    "To the left": 270,
    "Toward the camera and to the left": 315,
}
_COMPOUND = {
    f"{vertical} degrees vertical and {horizontal} degrees horizontal": (vertical, horizontal)
    for horizontal in (0, 90)
    for vertical in (0, 90, 270)
}
_FRONT = "Which way does the front of Object A (red box) point? Left and right are the camera's."

_QUESTIONS = (
    Question(
        type="view_parallelism",
        level="coarse",
        text="Is the front of Object A (red box) facing the camera?",
        options=("Yes", "No", CANNOT),
    ),
    Question(
        type="view_parallelism",
        level="granular",
        text="By how many degrees, left or right alike, is the front of Object A (red box) turned away from the camera?",
        options=(*_TURNED_AWAY, CANNOT),
        angles=_TURNED_AWAY,
        wrap=0,
    ),
    Question(
        type="directional_facing",
        level="coarse",
        text=_FRONT,
        options=("Toward the camera", "Away from the camera", "To the left", "To the right", CANNOT),
        mirror=_both_ways({"To the left": "To the right"}),
    ),
    Question(
        type="directional_facing",
        level="granular",
        text=_FRONT,
        options=(*_FACINGS, CANNOT),
        angles=_FACINGS,
        mirror=_both_ways({text: text.replace("left", "right") for text in _FACINGS if "left" in text}),
    ),
    Question(
        type="single_axis_rotation",
        level="coarse",
        text="Object A (red box) turns the shorter way about its vertical axis to face the camera. Which way, seen from above?",
        options=("Clockwise", "Counter-clockwise", "No turn needed", "Half a turn, either way", CANNOT),
        mirror=_both_ways({"Clockwise": "Counter-clockwise"}),
    ),
    Question(
        type="single_axis_rotation",
        level="granular",
        text="How many degrees clockwise, seen from above, must Object A (red box) turn about its vertical axis "
        "to face the camera?",
        options=(*_EIGHTHS, CANNOT),
        angles=_EIGHTHS,
        mirror=_mirrored_degrees(_EIGHTHS),
    ),
    Question(
        type="compound_rotation",
        level="coarse",
        text="The object on the left was turned to give the one on the right. "
        "About its vertical axis, the picture's horizontal axis, or both?",
        options=("Vertical axis only", "Horizontal axis only", "Both axes", "Neither axis", CANNOT),
    ),
    Question(
        type="compound_rotation",
        level="granular",
        text="The object on the left was turned clockwise seen from above (vertical axis), then tipped toward the camera "
        "(horizontal axis), to give the one on the right. By how much?",
        options=(*_COMPOUND, CANNOT),
        angles={text: vertical for text, (vertical, _) in _COMPOUND.items()},
        tilts={text: horizontal for text, (_, horizontal) in _COMPOUND.items()},
        mirror=_both_ways({text: text.replace("90", "270", 1) for text in _COMPOUND if text.startswith("90")}),
    ),
    Question(
        type="inter_object_direction",
        level="coarse",
        text="How do the directions in which the fronts of Object A and Object B point compare?",
        options=("Same direction", "Opposite directions", "Perpendicular directions", CANNOT),
    ),
    Question(
        type="inter_object_direction",
        level="granular",
        text="How many degrees clockwise, seen from above, must Object A turn about its vertical axis "
        "to point the same way as Object B?",
        options=(*_EIGHTHS, CANNOT),
        angles=_EIGHTHS,
        mirror=_mirrored_degrees(_EIGHTHS),
    ),
    Question(
        type="viewer_scene_direction",
        level="coarse",
        text="How was the picture on the left turned in its plane to give the one on the right?",
        options=("Quarter turn clockwise", "Quarter turn counter-clockwise", "Upside down", "Not turned", CANNOT),
        mirror=_both_ways({"Quarter turn clockwise": "Quarter turn counter-clockwise"}),
        has_cannot=False,
    ),
    Question(
        type="viewer_scene_direction",
        level="granular",
        text="By how many degrees clockwise was the picture on the left turned in its plane to give the one on the right?",
        options=(*_QUARTERS, CANNOT),
        angles=_QUARTERS,
        mirror=_mirrored_degrees(_QUARTERS),
        has_cannot=False,
    ),
    Question(
        type="canonical_orientation",
        level="coarse",
        text="Is this picture right side up?",
        options=("Yes", "No", CANNOT),
        has_cannot=False,
    ),
    Question(
        type="canonical_orientation",
        level="granular",
        text="By how many degrees clockwise must this picture be turned in its plane to be right side up?",
        options=(*_QUARTERS, CANNOT),
        angles=_QUARTERS,
        mirror=_mirrored_degrees(_QUARTERS),
        has_cannot=False,
    ),
)

QUESTIONS: Mapping[str, Question] = MappingProxyType({question.name: question for question in _QUESTIONS})
"""By name: ``QUESTIONS["directional_facing_coarse"]``."""
