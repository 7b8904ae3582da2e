"""Figures that are means over items: each is one entry, from which both lm-eval's table and the breakdown are made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.statistics import Bounds, Figure, as_figure, estimate
from lm_eval_ext.statistics.figures import Unit

SHARE = Bounds(0.0, 1.0)
DEGREES = Bounds(0.0, 180.0)

OfItem = Callable[[Judged], float | None]


def always(_: Judged) -> bool:
    """For figures that every item has."""
    return True


@dataclass(frozen=True, kw_only=True)
class ItemFigure:
    """A mean over items.

    Attributes:
        name: As in the tables.
        of_item: Value of one item, or None where this answer has none (an unparsed one is off by no angle).
        applies: Whether an item of that question has the figure at all, whatever is answered.
        nulls: By name, what an answerer without the ability gets for an item; averaged over the items that count.
        scale: Lowest and highest value.
        unit: Of the value.
        empty: Why there is no value when no item counts.
        higher_is_better: Direction; None for what is neither.
    """

    name: str
    of_item: OfItem
    applies: Callable[[Judged], bool] = always
    nulls: Mapping[str, OfItem] = field(default_factory=dict[str, OfItem])
    scale: Bounds = SHARE
    unit: Unit = "share"
    empty: str = "no_samples"
    higher_is_better: bool | None = True


def guess(judged: Judged) -> float:
    """What a uniform guess gets right: 1/k."""
    return judged.chance


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values that are there; None without any.

    Example:
        >>> mean([1.0, None, 0.0]), mean([None])
        (0.5, None)
    """
    kept = [value for value in values if value is not None]
    return sum(kept) / len(kept) if kept else None


def measure(figure: ItemFigure, judged: Sequence[Judged]) -> Figure | None:
    """The figure over some items, with its interval and nulls; None when it applies to none of them."""
    asked = [one for one in judged if figure.applies(one)]
    if not asked:
        return None
    kept = [(value, one) for one in asked if (value := figure.of_item(one)) is not None]
    return as_figure(
        figure.name,
        estimate([value for value, _ in kept], [one.cluster for _, one in kept], figure.scale),
        unit=figure.unit,
        nulls={name: mean([null(one) for _, one in kept]) for name, null in figure.nulls.items()},
        empty=figure.empty,
        higher_is_better=figure.higher_is_better,
    )
