"""Right or wrong, read or not."""

from collections.abc import Sequence

import numpy as np

from lm_eval_ext.orientation.scoring.items import ItemFigure, guess
from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.statistics import Bounds, Figure, as_figure, macro_mean, majority_share, number

ABOVE_CHANCE = Bounds(-1.0, 1.0)
"""From -1 (wrong where k = 2) to 1."""


def is_written(judged: Judged) -> bool:
    """Whether there is a text that could be read in more than one way."""
    return judged.said is not None


def _right_if_parsed(judged: Judged) -> float | None:
    return None if judged.choice is None else judged.right


def _above_chance(judged: Judged) -> float:
    """0 for what guessing reaches on average, 1 for right."""
    return (judged.right - judged.chance) / (1 - judged.chance)


ACC = ItemFigure(name="acc", of_item=lambda judged: judged.right, nulls={"guess": guess})
CHANCE_CORRECTED = ItemFigure(
    name="acc_chance_corrected",
    of_item=_above_chance,
    nulls={"guess": lambda _: 0.0},
    scale=ABOVE_CHANCE,
    unit="difference",
)
PARSED = ItemFigure(name="acc_parsed", of_item=_right_if_parsed, applies=is_written, nulls={"guess": guess}, empty="all_unparsed")
UNPARSED = ItemFigure(
    name="unparsed", of_item=lambda judged: float(judged.choice is None), applies=is_written, higher_is_better=False
)
SCRIPT = ItemFigure(
    name="acc_dori_script",
    of_item=lambda judged: float(judged.by_script == judged.truth),
    applies=is_written,
    nulls={"guess": guess},
)
DISAGREEMENT = ItemFigure(
    name="script_disagreement",
    of_item=lambda judged: float(judged.by_script != judged.choice),
    applies=is_written,
    higher_is_better=False,
)


def macro(judged: Sequence[Judged], factor: str) -> Figure:
    """Accuracy with every source dataset, or every question, weighing the same.

    Args:
        judged: Some items.
        factor: ``dataset`` or ``question``; a question is a type at a level.
    """
    names = [one.name if factor == "question" else one.factors.get(factor) for one in judged]
    scores = np.array([one.right for one in judged], dtype=float)
    chances = np.array([one.chance for one in judged], dtype=float)
    stratum, cluster = number(names), number([one.cluster for one in judged])
    null = macro_mean(chances, stratum, cluster).value
    return as_figure("acc_macro", macro_mean(scores, stratum, cluster), case=f"by {factor}", nulls={"guess": null})


def majority(judged: Sequence[Judged]) -> float | None:
    """Share that the most frequent answer of each question gets right."""
    return majority_share([one.truth for one in judged], [one.name for one in judged])
