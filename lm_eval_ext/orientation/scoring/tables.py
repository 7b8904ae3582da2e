"""The figures in lm-eval's own table: those of the twins that are always there.

lm-eval collects the values of a document by name and averages or aggregates them, so a name that a document does not give is
not counted for it, and one that no document gives is not printed. Documents of other twins (rotated options, degraded pictures,
other views and objects) give none: lm-eval weighs the members of a group by their documents, and asking for more twins must
not move ``acc``. Their figures are in ``lm-eval-ext breakdown``.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from lm_eval_ext.orientation.scoring import accuracy, angles
from lm_eval_ext.orientation.scoring.items import SHARE, ItemFigure, always, mean
from lm_eval_ext.orientation.scoring.judging import Judged, Scalar, judge
from lm_eval_ext.orientation.scoring.twins import agree, read_back
from lm_eval_ext.orientation.twins import MIRRORED
from lm_eval_ext.statistics import Estimate, clustered_interval, macro_mean, majority_share, measure_spread, number, t_quantile

Record: TypeAlias = list[Scalar]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure.

    Attributes:
        of_item: Value of one document.
        aggregate: Figure of all values; None without any.
        applies: Whether a document has the figure at all, whatever is answered.
        higher_is_better: Direction for comparisons; None for what no model can better.
    """

    of_item: Callable[[Judged], Any]
    aggregate: Callable[[Sequence[Any]], float | str | None]
    applies: Callable[[Judged], bool] = always
    higher_is_better: bool | None = True


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
    """Clustered standard error of a share, for the ± column of lm-eval's table.

    Where all values are the same (all right), it is the error that the interval implies: half of it over the t quantile. So a
    group with such a member has a ± too. "N/A", lm-eval's word for "unknown", below two clusters.

    Args:
        values: [value in 0..1, cluster] of every document, None instead of the value for those that don't count.
    """
    return _stderr(_estimate(_counted(values)))


def mean_stderr(values: Sequence[Record]) -> float | str:
    """Clustered standard error of a mean on any scale; "N/A" where all values are the same.

    Args:
        values: [value, cluster] of every document, None instead of the value for those that don't count.
    """
    kept = _counted(values)
    stderr = measure_spread(np.array([value for value, _ in kept], dtype=float), number([name for _, name in kept])).stderr
    return "N/A" if stderr is None else stderr


def macro(values: Sequence[Record]) -> float | None:
    """Accuracy with every source dataset weighing the same.

    Args:
        values: [score, cluster, dataset] of every document.
    """
    return _macro(values).value


def macro_stderr(values: Sequence[Record]) -> float | str:
    """Its clustered standard error; see ``macro``."""
    return _stderr(_macro(values))


def majority(values: Sequence[Record]) -> float | None:
    """Share of the documents that the most frequent answer of their question gets right.

    Args:
        values: [question, answer] of every document.
    """
    return majority_share([answer for _, answer in values], [question for question, _ in values])


def consistency(values: Sequence[Record]) -> float | None:
    """Share of twins whose two answers agree once the mirrored one is read back; twins without both pictures don't count.

    Args:
        values: [twin, cluster, mirrored, answer read back] of every document.
    """
    return mean([value for value, _ in _agreements(values)])


def consistency_stderr(values: Sequence[Record]) -> float | str:
    """Its clustered standard error; see ``consistency``."""
    return clustered_stderr([[value, cluster] for value, cluster in _agreements(values)])


def _agreements(values: Sequence[Record]) -> list[tuple[float, Scalar]]:
    """Of every whole twin, whether its answers agree, and its cluster."""
    twins: defaultdict[tuple[Scalar, Scalar], dict[Scalar, Any]] = defaultdict(dict)
    for twin, cluster, mirrored, answer in values:
        twins[twin, cluster][mirrored] = answer
    whole = ((twin[False], twin[True], cluster) for (_, cluster), twin in twins.items() if len(twin) == 2)
    return [(agree(plain, mirrored), cluster) for plain, mirrored, cluster in whole]


def _estimate(values: Sequence[Record]) -> Estimate:
    scores = np.array([score for score, _ in values], dtype=float)
    return clustered_interval(scores, number([name for _, name in values]))


def _macro(values: Sequence[Record]) -> Estimate:
    scores = np.array([score for score, _, _ in values], dtype=float)
    return macro_mean(scores, number([dataset for *_, dataset in values]), number([cluster for _, cluster, _ in values]))


def _counted(values: Sequence[Record]) -> list[Record]:
    return [value for value in values if value[0] is not None]


def _stderr(found: Estimate) -> float | str:
    if found.low is None or found.high is None:
        return "N/A"
    return found.stderr or (found.high - found.low) / 2 / t_quantile(0.975, found.n_clusters - 1.0)


def _with_stderr(figure: ItemFigure) -> dict[str, Metric]:
    """A mean and, under the next name, its error; coming after it, ours replaces the one that lm-eval works out."""
    return {
        figure.name: Metric(
            of_item=figure.of_item, aggregate=mean, applies=figure.applies, higher_is_better=figure.higher_is_better
        ),
        f"{figure.name}_stderr": Metric(
            of_item=_with_cluster(figure),
            aggregate=clustered_stderr if figure.scale == SHARE else mean_stderr,
            applies=figure.applies,
            higher_is_better=None,
        ),
    }


def _with_cluster(figure: ItemFigure) -> Callable[[Judged], Record]:
    return lambda judged: [figure.of_item(judged), judged.cluster]


def _dataset(judged: Judged) -> Record:
    return [judged.right, judged.cluster, judged.factors.get("dataset")]


def _picture(judged: Judged) -> Record:
    return [str(judged.doc["twin_id"]), judged.cluster, judged.twin == MIRRORED, read_back(judged)]


def _has_mirrored(judged: Judged) -> bool:
    return judged.doc["source"] == "generated"  # published pictures hold letters and are not mirrored


TEXT_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        **_with_stderr(accuracy.ACC),
        "acc_ci_low": Metric(of_item=_with_cluster(accuracy.ACC), aggregate=ci_low),
        "acc_ci_high": Metric(of_item=_with_cluster(accuracy.ACC), aggregate=ci_high),
        "acc_macro": Metric(of_item=_dataset, aggregate=macro),
        "acc_macro_stderr": Metric(of_item=_dataset, aggregate=macro_stderr, higher_is_better=None),
        **_with_stderr(accuracy.CHANCE_CORRECTED),
        "chance": Metric(of_item=lambda judged: judged.chance, aggregate=mean, higher_is_better=None),
        "majority": Metric(of_item=lambda judged: [judged.name, judged.truth], aggregate=majority, higher_is_better=None),
        **_with_stderr(accuracy.UNPARSED),
        **_with_stderr(accuracy.SCRIPT),
        **_with_stderr(accuracy.DISAGREEMENT),
    }
)
"""Figures of every task, in the order in which lm-eval works them out."""

PICTURE_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        **TEXT_METRICS,
        "mirror_consistency": Metric(of_item=_picture, aggregate=consistency, applies=_has_mirrored),
        "mirror_consistency_stderr": Metric(
            of_item=_picture, aggregate=consistency_stderr, applies=_has_mirrored, higher_is_better=None
        ),
        **_with_stderr(angles.MIRROR_ERROR),
    }
)
"""Figures of the tasks with pictures."""

ANGLE_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        **PICTURE_METRICS,
        **_with_stderr(angles.ANGLE_ERROR),
        **_with_stderr(angles.WITHIN_ONE_BIN),
        **_with_stderr(angles.SIGNED_ERROR),
        **_with_stderr(angles.HALF_TURN_ERROR),
        **_with_stderr(angles.VERTICAL_AXIS),
        **_with_stderr(angles.HORIZONTAL_AXIS),
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
    """Per-sample values of an answer that has been judged already; none for twins that are not plain or mirrored."""
    if not judged.in_headline:
        return {}
    return {name: metric.of_item(judged) for name, metric in metrics.items() if metric.applies(judged)}
