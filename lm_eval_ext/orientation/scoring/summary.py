"""Every figure of a set of answers: a leaf, a group, a dimension, a category, a source dataset."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from lm_eval_ext.orientation.scoring import accuracy, angles
from lm_eval_ext.orientation.scoring.abstention import RECALL, precision
from lm_eval_ext.orientation.scoring.accuracy import macro, majority
from lm_eval_ext.orientation.scoring.items import ItemFigure, OfItem, mean, measure
from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.orientation.scoring.levels import levels
from lm_eval_ext.orientation.scoring.positions import positions
from lm_eval_ext.orientation.scoring.twins import degradations, mirror_consistency, other_object, other_view, rotations
from lm_eval_ext.statistics import Figure

NO_CONTROLS: Mapping[str, Sequence[Judged]] = MappingProxyType({})
_READ = (accuracy.PARSED, accuracy.CHANCE_CORRECTED, accuracy.UNPARSED, accuracy.SCRIPT, accuracy.DISAGREEMENT)
_ANGLES = (
    angles.ANGLE_ERROR,
    angles.WITHIN_ONE_BIN,
    angles.SIGNED_ERROR,
    angles.MIRROR_ERROR,
    angles.HALF_TURN_ERROR,
    angles.VERTICAL_AXIS,
    angles.HORIZONTAL_AXIS,
    angles.BOTH_AXES,
)


def figures(judged: Sequence[Judged], controls: Mapping[str, Sequence[Judged]] = NO_CONTROLS) -> list[Figure]:
    """All figures that apply to these answers, ``acc`` first.

    Those of items count plain and mirrored ones; where there are neither (a slice of degraded pictures alone), all.

    Args:
        judged: Answers to any number of questions, at most one per document.
        controls: By name (``blind``, ``blank``), answers of the same model without what is to be seen; what it scores there on
            the same questions is a null of ``acc``.
    """
    headline = [one for one in judged if one.in_headline] or list(judged)
    found = [*_of_items(headline, controls), mirror_consistency(judged), other_object(judged), other_view(judged)]
    return [one for one in found if one is not None] + [*levels(judged), *rotations(judged), *degradations(judged)]


def _of_items(judged: Sequence[Judged], controls: Mapping[str, Sequence[Judged]]) -> Iterator[Figure | None]:
    if not judged:
        return
    yield measure(_with_baselines(judged, controls), judged)
    yield macro(judged, "dataset")
    yield macro(judged, "question")
    yield from (measure(figure, judged) for figure in (*_READ, *_ANGLES, RECALL))
    yield precision(judged)
    yield from positions(judged)


def _with_baselines(judged: Sequence[Judged], controls: Mapping[str, Sequence[Judged]]) -> ItemFigure:
    """``acc`` beside what guessing, the most frequent answers and the model without the picture reach."""
    shares = {"majority": majority(judged)} | {name: _control_score(judged, answers) for name, answers in controls.items()}
    constants: dict[str, OfItem] = {name: _constant(share) for name, share in shares.items() if share is not None}
    return replace(accuracy.ACC, nulls={**accuracy.ACC.nulls, **constants})


def _control_score(judged: Sequence[Judged], control: Sequence[Judged]) -> float | None:
    """Mean over these items of the control's score on their question.

    None where a question has no control that was asked the same way.
    """
    rights: defaultdict[str, list[float | None]] = defaultdict(list)
    for one in control:
        if accuracy.is_written(one) == accuracy.is_written(judged[0]):
            rights[one.name].append(one.right)
    scores = {name: mean(values) for name, values in rights.items()}
    found = [scores.get(one.name) for one in judged]
    return None if None in found else mean(found)


def _constant(share: float) -> OfItem:
    return lambda _: share
