"""The figure: one number with all that is needed to judge it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from lm_eval_ext.statistics.intervals import UNIT, Estimate, clustered_interval
from lm_eval_ext.statistics.means import clustered_mean, number
from lm_eval_ext.statistics.paired import Gap
from lm_eval_ext.statistics.spread import Bounds

Unit = Literal["share", "difference", "degrees"]
"""share: 0 to 1. difference: of two shares, or a share counted from chance; may be negative. degrees: an angle."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number with its interval and what it has to be compared with.

    Attributes:
        name: What was measured.
        case: Which of several figures of that name: "blur 3"; empty for the only one.
        unit: Scale of the numbers.
        value: The estimate; None where it is undefined, with ``reason`` set.
        low: Lower end of the 95 % interval over clusters; None where there is none.
        high: Upper end.
        stderr: Clustered standard error; None where it cannot be known, never 0.
        n: Values behind it: items, or whole twins.
        n_clusters: Sampled units behind it.
        nulls: What answerers reach that lack the ability: {"guess": 0.25}.
        p_value: Of the null, where the figure comes with a test.
        reason: Why the number or the interval is absent or needs care.
        higher_is_better: Direction; None for what is neither.
    """

    name: str
    case: str = ""
    unit: Unit = "share"
    value: float | None
    low: float | None
    high: float | None
    stderr: float | None
    n: int
    n_clusters: int
    nulls: Mapping[str, float] = field(default_factory=dict[str, float])
    p_value: float | None = None
    reason: str | None = None
    higher_is_better: bool | None = True


def as_figure(
    name: str,
    found: Estimate | Gap,
    *,
    case: str = "",
    unit: Unit = "share",
    nulls: Mapping[str, float | None] | None = None,
    empty: str = "no_samples",
    higher_is_better: bool | None = True,
    p_value: float | None = None,
) -> Figure:
    """A figure from an estimate or a gap.

    Args:
        name: What was measured.
        found: Its estimate.
        case: Which of several.
        unit: Scale.
        nulls: What to compare with; those that are None are left out.
        empty: Reason to give when nothing could be counted.
        higher_is_better: Direction.
        p_value: Of the null.
    """
    return Figure(
        name=name,
        case=case,
        unit=unit,
        value=found.value,
        low=found.low,
        high=found.high,
        stderr=found.stderr,
        n=found.n_twins if isinstance(found, Gap) else found.n,
        n_clusters=found.n_clusters,
        nulls={key: value for key, value in (nulls or {}).items() if value is not None},
        p_value=p_value,
        reason=empty if found.reason == "no_samples" else found.reason,
        higher_is_better=higher_is_better,
    )


def estimate(values: Sequence[float], clusters: Sequence[Hashable], scale: Bounds = UNIT) -> Estimate:
    """Mean of values with their clusters by name: a clustered Wilson interval on [0, 1], else a t interval.

    Example:
        >>> estimate([1.0, 0.0], ["car-1", "car-2"]).value
        0.5
    """
    scores, cluster = np.array(values, dtype=float), number(clusters)
    return clustered_interval(scores, cluster) if scale == UNIT else clustered_mean(scores, cluster, scale=scale)
