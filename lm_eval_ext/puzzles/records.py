"""Metrics over the samples of a puzzle task, as lm-eval asks for them.

Every sample hands over one record, ``[twin_id, cluster_id, variant, score]``, which stands in the sample log as it is. The
variant is the value of the first factor, in which twins differ. Undefined values are NaN.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from lm_eval_ext.statistics import Estimate, Gap, estimate, majority_share, number, twin_gap

Record: TypeAlias = Sequence[Any]
"""[twin_id, cluster_id, variant, score (0..1)]."""
Metric: TypeAlias = Callable[[Sequence[Record]], float]
Part: TypeAlias = Literal["value", "low", "high"]

_TWIN, _CLUSTER, _VARIANT, _SCORE = range(4)


def average(values: Sequence[float]) -> float:
    """Mean of one number per sample; lm-eval's own ``mean`` would add a standard error that takes the samples for independent.

    Example:
        >>> average([1.0, 0.0]), average([])
        (0.5, nan)
    """
    return math.fsum(values) / len(values) if values else math.nan


def score_of(records: Sequence[Record], variants: Sequence[str] = ()) -> Estimate:
    """Mean score of some variants (of all without any), clustered by ``cluster_id``."""
    there = [record for record in records if not variants or record[_VARIANT] in variants]
    return estimate([record[_SCORE] for record in there], [record[_CLUSTER] for record in there])


def gap_between(records: Sequence[Record], ones: Sequence[str], others: Sequence[str]) -> Gap:
    """Mean score of some variants less that of others, paired within twins and clustered by ``cluster_id``.

    Example:
        >>> found = gap_between([["t", "c", "a", 1.0], ["t", "c", "b", 0.0], ["u", "d", "a", 1.0]], ["a"], ["b"])
        >>> found.value, found.n_twins, found.n_unpaired
        (1.0, 1, 1)
    """
    there = [record for record in records if record[_VARIANT] in (*ones, *others)]
    return twin_gap(
        np.array([record[_SCORE] for record in there], dtype=float),
        number([record[_TWIN] for record in there]),
        np.array([record[_VARIANT] in ones for record in there], dtype=bool),
        number([record[_CLUSTER] for record in there]),
    )


@dataclass(frozen=True)
class Score:
    """A metric: mean score of some variants, or an end of its 95 % interval.

    Example:
        >>> Score(("a",))([["t", "c", "a", 1.0], ["t", "c", "b", 0.0]]), Score()([["t", "c", "a", 1.0], ["t", "c", "b", 0.0]])
        (1.0, 0.5)
    """

    variants: tuple[str, ...] = ()
    part: Part = "value"

    def __call__(self, records: Sequence[Record]) -> float:
        """The value for all samples."""
        return _number(getattr(score_of(records, self.variants), self.part))


@dataclass(frozen=True)
class Difference:
    """A metric: paired difference between variants, ``ones`` less ``others``, or an end of its 95 % interval."""

    ones: tuple[str, ...]
    others: tuple[str, ...]
    part: Part = "value"

    def __call__(self, records: Sequence[Record]) -> float:
        """The value for all samples."""
        return _number(getattr(gap_between(records, self.ones, self.others), self.part))


@dataclass(frozen=True)
class Unpaired:
    """A metric: how many items count in no difference, because a variant is missing (``--limit`` cuts inside a twin)."""

    variants: tuple[str, ...]

    def __call__(self, records: Sequence[Record]) -> float:
        """The count over all samples."""
        held: dict[str, set[str]] = {}
        for record in records:
            held.setdefault(record[_TWIN], set()).add(record[_VARIANT])
        torn = {twin for twin, variants in held.items() if not variants.issuperset(self.variants)}
        return float(sum(record[_TWIN] in torn for record in records))


def majority(truths: Sequence[Sequence[str]]) -> float:
    """Share that one constant guess per group gets right: the group's most frequent answer, known in advance.

    Args:
        truths: ``[right answer, group]`` of every sample.

    Example:
        >>> majority([["a", "1"], ["a", "1"], ["b", "1"], ["c", "2"]])
        0.75
    """
    return _number(majority_share([truth for truth, _ in truths], [group for _, group in truths]))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
