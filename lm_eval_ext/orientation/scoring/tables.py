"""From an answer to per-sample values, and from those to the figures in lm-eval's table.

Add a figure by adding an entry to one of the tables below; the YAML files list its name.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from lm_eval_ext.orientation.scoring.judging import Judged, Scalar, judge
from lm_eval_ext.orientation.twins import MIRRORED, PLAIN
from lm_eval_ext.statistics import Estimate, clustered_interval, majority_share

Record: TypeAlias = list[Scalar]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure.

    Attributes:
        of_item: Value of one document, or None where the figure does not apply to it.
        aggregate: Figure of all values; None without any.
        higher_is_better: Direction for comparisons; None for what no model can better.
    """

    of_item: Callable[[Judged], Any]
    aggregate: Callable[[Sequence[Any]], float | str | None]
    higher_is_better: bool | None = True


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values that are there; None without any.

    Example:
        >>> mean([1.0, None, 0.0]), mean([None])
        (0.5, None)
    """
    kept = [value for value in values if value is not None]
    return sum(kept) / len(kept) if kept else None


def _estimate(values: Sequence[Record]) -> Estimate:
    cluster = np.unique([str(name) for _, name in values], return_inverse=True)[1]
    return clustered_interval(np.array([score for score, _ in values], dtype=float), cluster)


def ci_low(values: Sequence[Record]) -> float | None:
    """Lower end of the 95 % interval over clusters; None below two clusters.

    Args:
        values: [score, cluster] of every document.
    """
    return _estimate(values).low


def ci_high(values: Sequence[Record]) -> float | None:
    """Upper end of the 95 % interval over clusters; None below two clusters.

    Args:
        values: [score, cluster] of every document.
    """
    return _estimate(values).high


def clustered_stderr(values: Sequence[Record]) -> float | str:
    """Clustered standard error, for the ± column of lm-eval's table, whose word for "unknown" is "N/A".

    Args:
        values: [score, cluster] of every document.
    """
    stderr = _estimate(values).stderr
    return "N/A" if stderr is None else stderr


def majority(values: Sequence[Record]) -> float | None:
    """Share of the documents that the most frequent answer of their question gets right.

    Args:
        values: [question, answer] of every document.
    """
    return majority_share([answer for _, answer in values], [question for question, _ in values])


def consistency(values: Sequence[Record | None]) -> float | None:
    """Share of twins whose two answers agree once the mirrored one is read back; twins without both pictures don't count.

    Args:
        values: [twin, mirrored, answer read back] of every document, None for documents without a mirrored twin.
    """
    twins: defaultdict[Scalar, dict[Scalar, Scalar]] = defaultdict(dict)
    for record in values:
        if record is not None:
            twins[record[0]][record[1]] = record[2]
    whole = [twin for twin in twins.values() if len(twin) == 2]
    return mean([float(twin[True] is not None and twin[True] == twin[False]) for twin in whole])


def angle_between(first: int, second: int, wrap: int) -> int:
    """Degrees between two angles, the short way round; ``wrap=0`` for angles that don't repeat.

    Example:
        >>> angle_between(315, 45, 360), angle_between(0, 180, 0)
        (90, 180)
    """
    difference = abs(first - second)
    return min(difference, wrap - difference) if wrap else difference


def _read_back(judged: Judged) -> Record | None:
    if judged.factors.get("twin") not in (PLAIN, MIRRORED):
        return None
    mirrored, said = judged.factors["twin"] == MIRRORED, judged.choice
    plain = judged.question.mirrored(said) if said is not None and mirrored else said
    return [judged.doc["twin_id"], mirrored, plain]


def _angle_error(judged: Judged) -> float | None:
    """Degrees between the option named and the truth; None where either has no angle."""
    angles, tilts = judged.question.angles, judged.question.tilts
    said, truth = judged.choice, str(judged.doc["answer"])
    if said is None or said not in angles or truth not in angles:
        return None
    tilted = abs(tilts[said] - tilts[truth]) if tilts else 0
    return float(angle_between(angles[said], angles[truth], judged.question.wrap) + tilted)


def _half_turn(judged: Judged) -> float | None:
    """1.0 when the option named is half a turn off, the typical error of taking front for back."""
    error = _angle_error(judged)
    return None if error is None or judged.question.tilts else float(error == 180)


def _chance(judged: Judged) -> float:
    return 1 / len(judged.doc["choices"])


def _above_chance(judged: Judged) -> float:
    """0 for what guessing reaches on average, 1 for right."""
    return (judged.right - _chance(judged)) / (1 - _chance(judged))


TEXT_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "acc": Metric(of_item=lambda judged: judged.right, aggregate=mean),
        # lm-eval fills this key with an error that takes documents for independent; coming after it, ours replaces that.
        "acc_stderr": Metric(
            of_item=lambda judged: [judged.right, judged.cluster], aggregate=clustered_stderr, higher_is_better=None
        ),
        "acc_ci_low": Metric(of_item=lambda judged: [judged.right, judged.cluster], aggregate=ci_low),
        "acc_ci_high": Metric(of_item=lambda judged: [judged.right, judged.cluster], aggregate=ci_high),
        "acc_chance_corrected": Metric(of_item=_above_chance, aggregate=mean),
        "chance": Metric(of_item=_chance, aggregate=mean, higher_is_better=None),
        "majority": Metric(of_item=lambda judged: [judged.name, judged.doc["answer"]], aggregate=majority, higher_is_better=None),
        "unparsed": Metric(of_item=lambda judged: float(judged.choice is None), aggregate=mean, higher_is_better=False),
        "acc_dori_script": Metric(of_item=lambda judged: float(judged.by_script == judged.doc["answer"]), aggregate=mean),
        "script_disagreement": Metric(
            of_item=lambda judged: float(judged.by_script != judged.choice), aggregate=mean, higher_is_better=False
        ),
    }
)
"""Figures of every task, in the order in which lm-eval works them out."""

PICTURE_METRICS: Mapping[str, Metric] = MappingProxyType(
    {**TEXT_METRICS, "mirror_consistency": Metric(of_item=_read_back, aggregate=consistency)}
)
"""Figures of the tasks with pictures."""

ANGLE_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        **PICTURE_METRICS,
        "angle_error": Metric(of_item=_angle_error, aggregate=mean, higher_is_better=False),
        "half_turn_error": Metric(of_item=_half_turn, aggregate=mean, higher_is_better=False),
    }
)
"""Figures of the granular tasks."""


def score(doc: Mapping[str, Any], results: Sequence[str], metrics: Mapping[str, Metric]) -> dict[str, Any]:
    """Per-sample values of a document.

    Args:
        doc: A document of a task.
        results: The answer, alone in a list.
        metrics: One of the tables above.
    """
    return score_judged(judge(doc, results[0]), metrics)


def score_judged(judged: Judged, metrics: Mapping[str, Metric]) -> dict[str, Any]:
    """Per-sample values of an answer that has been judged already."""
    return {name: metric.of_item(judged) for name, metric in metrics.items()}
