"""How far off, and on which side."""

from collections.abc import Callable
from itertools import pairwise

from lm_eval_ext.orientation.questions import Question
from lm_eval_ext.orientation.scoring.items import DEGREES, ItemFigure, guess
from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.statistics import Bounds

_ANTICLOCKWISE = ("directional_facing",)
"""Types whose angles grow counter-clockwise seen from above: from "toward the camera" over "to the right"."""

_ANGLE_AND_TILT = Bounds(0.0, 270.0)
"""Half a turn and the largest tilt."""


def angle_between(first: int, second: int, wrap: int) -> int:
    """Degrees between two angles, the short way round; ``wrap=0`` for angles that don't repeat.

    Example:
        >>> angle_between(315, 45, 360), angle_between(0, 180, 0)
        (90, 180)
    """
    difference = abs(first - second)
    return min(difference, wrap - difference) if wrap else difference


def signed_turn(start: int, end: int) -> int | None:
    """Degrees from one angle to another, -179 to 179; None for half a turn, which is as far one way as the other.

    Example:
        >>> signed_turn(315, 45), signed_turn(45, 315), signed_turn(0, 180)
        (90, -90, None)
    """
    turn = (end - start + 180) % 360 - 180
    return None if turn == -180 else turn


def error_of(question: Question, said: str | None, truth: str) -> float | None:
    """Degrees between two options, both axes added for compound rotation; None where one has no angle.

    Example:
        >>> from lm_eval_ext.orientation.questions import QUESTIONS
        >>> error_of(QUESTIONS["single_axis_rotation_granular"], "315 degrees", "45 degrees")
        90.0
    """
    if said is None or said not in question.angles or truth not in question.angles:
        return None
    tilt = abs(question.tilts[said] - question.tilts[truth]) if question.tilts else 0
    return float(angle_between(question.angles[said], question.angles[truth], question.wrap) + tilt)


def one_bin(question: Question) -> int:
    """Degrees between neighbouring options.

    Example:
        >>> from lm_eval_ext.orientation.questions import QUESTIONS
        >>> [one_bin(QUESTIONS[name]) for name in ("single_axis_rotation_granular", "canonical_orientation_granular")]
        [45, 90]
    """
    angles = sorted(set(question.angles.values()))
    return min(after - before for before, after in pairwise(angles))


def half_turned(question: Question, truth: str) -> str | None:
    """The option half a turn from the truth, front taken for back; None where there is none, and with two axes."""
    if truth not in question.angles or question.tilts:
        return None
    angle = question.angles[truth]
    turned = (angle + 180) % 360 if question.wrap else 180 - angle
    return next((text for text, other in question.angles.items() if other == turned and text != truth), None)


def mirror_image(question: Question, truth: str) -> str | None:
    """The option that would be right for the mirrored picture; None where it is the truth itself."""
    mirrored = question.mirrored(truth)
    return None if mirrored == truth else mirrored


def _has_angles(judged: Judged) -> bool:
    return bool(judged.question.angles)


def _has_sign(judged: Judged) -> bool:
    return _has_angles(judged) and judged.question.wrap == 360


def _has_mirror(judged: Judged) -> bool:
    return bool(judged.question.mirror)


def _has_two_axes(judged: Judged) -> bool:
    return bool(judged.question.tilts)


def _has_half_turn(judged: Judged) -> bool:
    return _has_angles(judged) and not _has_two_axes(judged)


def _error(judged: Judged) -> float | None:
    return error_of(judged.question, judged.choice, judged.truth)


def _mean_error_of_a_guess(judged: Judged) -> float | None:
    question = judged.question
    errors = [error for text in question.angles if (error := error_of(question, text, judged.truth)) is not None]
    return sum(errors) / len(errors) if errors else None


def _within_one_bin(judged: Judged) -> float | None:
    if judged.truth not in judged.question.angles:
        return None
    error = _error(judged)
    return float(error is not None and error <= one_bin(judged.question))


def _guess_within_one_bin(judged: Judged) -> float:
    question = judged.question
    errors = [error_of(question, text, judged.truth) for text in question.angles]
    return sum(error is not None and error <= one_bin(question) for error in errors) * judged.chance


def _signed_error(judged: Judged) -> float | None:
    """Clockwise is positive; of compound rotation the vertical axis counts."""
    question = judged.question
    if _error(judged) is None or judged.choice is None:
        return None
    turn = signed_turn(question.angles[judged.truth], question.angles[judged.choice])
    if turn is None:
        return None
    return float(-turn if question.type in _ANTICLOCKWISE else turn)


def _chose(other: Callable[[Question, str], str | None]) -> Callable[[Judged], float | None]:
    """Whether one particular wrong option was chosen, of the items that have it."""

    def chose(judged: Judged) -> float | None:
        wrong = other(judged.question, judged.truth)
        return None if wrong is None else float(judged.choice == wrong)

    return chose


def _axis(vertical: bool) -> Callable[[Judged], float | None]:
    """Whether one of the two axes is right."""

    def right(judged: Judged) -> float | None:
        degrees = judged.question.angles if vertical else judged.question.tilts
        if judged.truth not in degrees:
            return None
        said = None if judged.choice is None else degrees.get(judged.choice)
        return float(said == degrees[judged.truth])

    return right


def _guess_axis(vertical: bool) -> Callable[[Judged], float | None]:
    def right(judged: Judged) -> float | None:
        degrees = judged.question.angles if vertical else judged.question.tilts
        return sum(other == degrees[judged.truth] for other in degrees.values()) * judged.chance

    return right


def _both_axes(judged: Judged) -> float | None:
    return judged.right if judged.truth in judged.question.angles else None


ANGLE_ERROR = ItemFigure(
    name="angle_error",
    of_item=_error,
    applies=_has_angles,
    nulls={"guess": _mean_error_of_a_guess},
    scale=_ANGLE_AND_TILT,
    unit="degrees",
    empty="no_angle_named",
    higher_is_better=False,
)
WITHIN_ONE_BIN = ItemFigure(
    name="within_one_bin", of_item=_within_one_bin, applies=_has_angles, nulls={"guess": _guess_within_one_bin}
)
SIGNED_ERROR = ItemFigure(
    name="signed_error",
    of_item=_signed_error,
    applies=_has_sign,
    nulls={"no bias": lambda _: 0.0},
    scale=Bounds(-DEGREES.high, DEGREES.high),
    unit="degrees",
    empty="no_angle_named",
    higher_is_better=None,
)
MIRROR_ERROR = ItemFigure(
    name="mirror_error",
    of_item=_chose(mirror_image),
    applies=_has_mirror,
    nulls={"guess": guess},
    empty="never_possible",
    higher_is_better=False,
)
HALF_TURN_ERROR = ItemFigure(
    name="half_turn_error",
    of_item=_chose(half_turned),
    applies=_has_half_turn,
    nulls={"guess": guess},
    empty="never_possible",
    higher_is_better=False,
)
VERTICAL_AXIS = ItemFigure(name="vertical_axis", of_item=_axis(True), applies=_has_two_axes, nulls={"guess": _guess_axis(True)})
HORIZONTAL_AXIS = ItemFigure(
    name="horizontal_axis", of_item=_axis(False), applies=_has_two_axes, nulls={"guess": _guess_axis(False)}
)
BOTH_AXES = ItemFigure(name="both_axes", of_item=_both_axes, applies=_has_two_axes, nulls={"guess": guess})
