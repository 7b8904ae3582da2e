"""Every figure of a set of answers: a leaf, a group, a dimension, a category, a source dataset."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lm_eval_ext.orientation.scoring import accuracy, angles
from lm_eval_ext.orientation.scoring.abstention import RECALL, precision
from lm_eval_ext.orientation.scoring.accuracy import macro, majority
from lm_eval_ext.orientation.scoring.items import ItemFigure, measure
from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.orientation.scoring.positions import positions
from lm_eval_ext.orientation.scoring.twins import degradations, mirror_consistency, other_object, other_view, rotations
from lm_eval_ext.statistics import Figure

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


def figures(judged: Sequence[Judged]) -> list[Figure]:
    """All figures that apply to these answers, ``acc`` first.

    Those of items count plain and mirrored ones; where there are neither (a slice of degraded pictures alone), all.

    Args:
        judged: Answers to any number of questions, at most one per document.
    """
    headline = [one for one in judged if one.in_headline] or list(judged)
    found = [*_of_items(headline), mirror_consistency(judged), other_object(judged), other_view(judged)]
    return [one for one in found if one is not None] + [*rotations(judged), *degradations(judged)]


def _of_items(judged: Sequence[Judged]) -> Iterator[Figure | None]:
    if not judged:
        return
    yield measure(_with_majority(judged), judged)
    yield macro(judged, "dataset")
    yield macro(judged, "question")
    yield from (measure(figure, judged) for figure in (*_READ, *_ANGLES, RECALL))
    yield precision(judged)
    yield from positions(judged)


def _with_majority(judged: Sequence[Judged]) -> ItemFigure:
    """``acc`` beside what guessing and the most frequent answers reach."""
    share = majority(judged)
    return replace(accuracy.ACC, nulls={**accuracy.ACC.nulls, "majority": lambda _: share})
