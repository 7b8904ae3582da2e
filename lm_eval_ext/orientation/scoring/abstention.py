"""Said "cannot be determined" where it is true, and only there."""

from collections.abc import Sequence
from dataclasses import replace

from lm_eval_ext.orientation.scoring.items import ItemFigure, guess, mean, measure
from lm_eval_ext.orientation.scoring.judging import Judged, is_abstention
from lm_eval_ext.statistics import Figure


def _can_abstain(judged: Judged) -> bool:
    return any(is_abstention(choice) for choice in judged.doc["choices"])


def _abstained_where_true(judged: Judged) -> float | None:
    return judged.right if is_abstention(judged.truth) else None


def _right_where_abstained(judged: Judged) -> float | None:
    return judged.right if is_abstention(judged.choice) else None


RECALL = ItemFigure(
    name="abstention_recall",
    of_item=_abstained_where_true,
    applies=_can_abstain,
    nulls={"guess": guess},
    empty="never_true",
)
_PRECISION = ItemFigure(name="abstention_precision", of_item=_right_where_abstained, applies=_can_abstain, empty="never_said")


def precision(judged: Sequence[Judged]) -> Figure | None:
    """Share of the abstentions that are right; a guess reaches the share of items where abstaining is right."""
    share = mean([float(is_abstention(one.truth)) for one in judged if _can_abstain(one)])
    nulls = {} if share is None else {"guess": lambda _: share}
    return measure(replace(_PRECISION, nulls=nulls), judged)
