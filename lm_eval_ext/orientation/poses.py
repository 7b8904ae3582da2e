"""Pictures drawn at random for a wanted answer, well inside its class."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from lm_eval_ext.orientation.questions import CANNOT, Question
from lm_eval_ext.orientation.scene import Picture, Placed, Scene

SPREAD = 12.0
"""Degrees to either side of the angle that an answer names."""


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who plays in a picture.

    Attributes:
        first: Category and instance of Object A.
        second: Category and instance of Object B, or of the distractor.
    """

    first: tuple[str, int]
    second: tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a picture must show.

    Attributes:
        question: What will be asked.
        answer: The truth that is wanted; for ``CANNOT`` the cast must hold an object without a front.
        cast: The objects.
        rng: The item's own stream; drawing takes from it.
        pixels: Width and height of each panel.
    """

    question: Question
    answer: str
    cast: Cast
    rng: random.Random
    pixels: int

    def spread(self) -> float:
        """Degrees off the named angle."""
        return self.rng.uniform(-SPREAD, SPREAD)

    def side(self) -> int:
        """-1 or 1."""
        return self.rng.choice((-1, 1))

    def anywhere(self) -> float:
        """Degrees of a facing that doesn't matter."""
        return self.rng.uniform(0.0, 360.0)


def draw_picture(wanted: Wanted) -> Picture:
    """A picture whose true answer is the wanted one."""
    return _PICTURES[wanted.question.type](wanted)


def turned(facing: float) -> float:
    """The facing in [0, 360), to a tenth of a degree, so that specs stay short.

    Example:
        >>> turned(-0.01), turned(-90.0)
        (0.0, 270.0)
    """
    return round(facing % 360.0, 1) % 360.0


def _scene(wanted: Wanted, objects: tuple[Placed, ...]) -> Scene:
    """Objects under light, ground and camera drawn at random."""
    return Scene(
        objects=objects,
        look=wanted.rng.randrange(1_000_000),
        elevation=round(wanted.rng.uniform(8.0, 32.0), 1),
        fov=round(wanted.rng.uniform(22.0, 50.0), 1),
        pixels=wanted.pixels,
    )


def _alone(wanted: Wanted, facing: float, *, tag: str = "") -> tuple[Placed, ...]:
    """Object A near the centre and, in a quarter of the pictures, a distractor behind it."""
    category, instance = wanted.cast.first
    placed = Placed(
        category=category,
        instance=instance,
        facing=turned(facing),
        right=round(wanted.rng.uniform(-0.12, 0.12), 2),
        depth=round(wanted.rng.uniform(-0.1, 0.1), 2),
        size=round(wanted.rng.uniform(0.9, 1.1), 2),
        tag=tag,
        dot=wanted.question.type == "single_axis_rotation",
    )
    return (placed, _distractor(wanted)) if wanted.rng.random() < 0.25 else (placed,)


def _distractor(wanted: Wanted) -> Placed:
    category, instance = wanted.cast.second
    return Placed(
        category=category,
        instance=instance,
        facing=turned(wanted.anywhere()),
        right=round(wanted.side() * wanted.rng.uniform(0.5, 0.65), 2),
        depth=round(wanted.rng.uniform(0.6, 0.9), 2),
        size=round(wanted.rng.uniform(0.4, 0.5), 2),
    )


def _one_panel(wanted: Wanted) -> Picture:
    """One object whose front points where the answer says."""
    facing = wanted.anywhere() if wanted.answer == CANNOT else _front(wanted)
    return Picture(panels=(_scene(wanted, _alone(wanted, facing, tag="A")),))


def _front(wanted: Wanted) -> float:
    """Degrees of facing for an answer about one object."""
    question, answer = wanted.question, wanted.answer
    if answer == "No":
        return wanted.rng.uniform(45.0, 315.0)
    if answer in ("Clockwise", "Counter-clockwise"):
        return wanted.rng.uniform(30.0, 150.0) * (1 if answer == "Clockwise" else -1)
    names = {"To the right": 90, "To the left": 270, "Away from the camera": 180, "Half a turn, either way": 180}
    angle = question.angles[answer] if question.level == "granular" else names.get(answer, 0)
    sign = wanted.side() if question.type == "view_parallelism" else 1
    return sign * angle + wanted.spread()


def _two_objects(wanted: Wanted) -> Picture:
    """Objects A and B side by side, in either order; A must turn clockwise to point as B does."""
    turn = wanted.anywhere() if wanted.answer == CANNOT else _turn_between(wanted)
    facing, side = wanted.anywhere(), wanted.side()
    first = _beside(wanted, wanted.cast.first, facing, side, tag="A")
    second = _beside(wanted, wanted.cast.second, facing - turn, -side, tag="B")
    return Picture(panels=(_scene(wanted, (first, second)),))


def _beside(wanted: Wanted, who: tuple[str, int], facing: float, side: int, *, tag: str) -> Placed:
    return Placed(
        category=who[0],
        instance=who[1],
        facing=turned(facing),
        right=round(side * wanted.rng.uniform(0.52, 0.62), 2),
        depth=round(wanted.rng.uniform(-0.15, 0.15), 2),
        size=round(wanted.rng.uniform(0.75, 0.9), 2),
        tag=tag,
    )


def _turn_between(wanted: Wanted) -> float:
    if wanted.question.level == "granular":
        return wanted.question.angles[wanted.answer] + wanted.spread()
    names = {"Same direction": 0, "Opposite directions": 180, "Perpendicular directions": 90 * wanted.side()}
    return names[wanted.answer] + wanted.spread()


def _compound(wanted: Wanted) -> Picture:
    """The same object before and after a turn about the vertical and a tilt about the horizontal axis."""
    vertical, horizontal = _axes(wanted)
    before = _alone(wanted, wanted.anywhere())[0]
    after = replace(before, facing=turned(before.facing - vertical), pitch=float(horizontal))
    left = _scene(wanted, (before,))
    return Picture(panels=(left, replace(left, objects=(after,))), rotate=(0, 0))


def _axes(wanted: Wanted) -> tuple[int, int]:
    """Degrees clockwise about the vertical and toward the camera about the horizontal axis."""
    question, answer = wanted.question, wanted.answer
    if answer in question.angles:
        return question.angles[answer], question.tilts[answer]
    tilts = (90, -90) if question.level == "coarse" else (90,)
    vertical, horizontal = wanted.rng.choice((90, 180, 270)), wanted.rng.choice(tilts)
    if answer == CANNOT:
        return wanted.rng.choice((0, vertical)), wanted.rng.choice((0, horizontal))
    return (vertical if answer[0] in "VB" else 0), (horizontal if answer[0] in "HB" else 0)


def _turned_panels(wanted: Wanted) -> Picture:
    """A picture beside itself, turned in its plane."""
    names = {"Not turned": 0, "Quarter turn clockwise": 90, "Upside down": 180, "Quarter turn counter-clockwise": 270}
    angle = wanted.question.angles[wanted.answer] if wanted.question.level == "granular" else names[wanted.answer]
    scene = _scene(wanted, _alone(wanted, wanted.anywhere()))
    return Picture(panels=(scene, scene), rotate=(0, angle))


def _canonical(wanted: Wanted) -> Picture:
    """One picture, upright or turned in its plane."""
    if wanted.question.level == "granular":
        needed = wanted.question.angles[wanted.answer]
    else:
        needed = 0 if wanted.answer == "Yes" else wanted.rng.choice((90, 180, 270))
    return Picture(panels=(_scene(wanted, _alone(wanted, wanted.anywhere())),), rotate=(-needed % 360,))


_PICTURES: Mapping[str, Callable[[Wanted], Picture]] = MappingProxyType(
    {
        "view_parallelism": _one_panel,
        "directional_facing": _one_panel,
        "single_axis_rotation": _one_panel,
        "compound_rotation": _compound,
        "inter_object_direction": _two_objects,
        "viewer_scene_direction": _turned_panels,
        "canonical_orientation": _canonical,
    }
)
