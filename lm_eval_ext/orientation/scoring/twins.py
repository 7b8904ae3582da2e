"""Figures of twins: what an answer does when one thing changes and the rest stays."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lm_eval_ext.orientation.scoring.items import SHARE, mean
from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.orientation.twins import DEGRADED, MIRRORED, OTHER_OBJECT, OTHER_VIEW, PLAIN, ROTATED
from lm_eval_ext.statistics import Bounds, Figure, as_figure, estimate

SIGNED = Bounds(-1.0, 1.0)
ALL_KINDS = "all kinds"


@dataclass(frozen=True, kw_only=True)
class Twin:
    """The plain item of a twin and the other items of one kind."""

    plain: Judged
    others: tuple[Judged, ...]


def pairs(judged: Sequence[Judged], kind: str, *, keep: Callable[[Judged], bool] = lambda _: True) -> list[Twin]:
    """Every twin that has its plain item and at least one of that kind; others, cut off by ``--limit``, don't count.

    Args:
        judged: Items of any number of twins.
        kind: Of the other items.
        keep: Which of the other items count.
    """
    plain: dict[str, Judged] = {}
    others: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.twin == PLAIN:
            plain[one.doc["twin_id"]] = one
        elif one.twin == kind and keep(one):
            others[one.doc["twin_id"]].append(one)
    return [Twin(plain=plain[name], others=tuple(items)) for name, items in others.items() if name in plain]


def read_back(judged: Judged) -> str | None:
    """The answer, as it would be for the picture that is not mirrored."""
    if judged.choice is None or judged.twin != MIRRORED:
        return judged.choice
    return judged.question.mirrored(judged.choice)


def agree(one: str | None, other: str | None) -> float:
    """1.0 when two answers are the same option; an unparsed one agrees with nothing."""
    return float(one is not None and one == other)


def mirror_consistency(judged: Sequence[Judged]) -> Figure | None:
    """Share of twins whose two answers agree once the mirrored one is read back."""
    if not _has(judged, MIRRORED):
        return None
    twins = pairs(judged, MIRRORED)
    values = [agree(twin.plain.choice, read_back(twin.others[0])) for twin in twins]
    return _figure("mirror_consistency", twins, values, nulls={"guess": _chance(twins)})


def rotations(judged: Sequence[Judged]) -> Iterator[Figure]:
    """Figures of the rounds of options: right in every order, and how often the order changes the answer.

    The null of ``circular_acc`` is (1/k)^k for a guesser who draws anew each time and 1/k for one who sticks to an option
    whatever its place. Twins with a missing order don't count.
    """
    if not _has(judged, ROTATED):
        return
    twins = [twin for twin in pairs(judged, ROTATED) if _is_full_circle(twin)]
    chances = [twin.plain.chance for twin in twins]
    nulls = {"guess": mean([chance ** (1 / chance) for chance in chances]), "one option": mean(chances)}
    yield _figure("circular_acc", twins, [_all_right(twin) for twin in twins], nulls=nulls)
    flips = [_flips(twin) for twin in twins]
    yield _figure("rotation_flips", twins, flips, nulls={"guess": mean([1 - chance for chance in chances])}, better=False)


def degradations(judged: Sequence[Judged]) -> Iterator[Figure]:
    """Per kind and severity, and per severity over all kinds: accuracy lost against the plain picture, and changed answers.

    The null of both is severity 0 of that kind, the same picture once more.
    """
    cells = sorted({_cell(one) for one in judged if one.twin == DEGRADED})
    severities = sorted({severity for _, severity in cells})
    for kind, severity in [*((ALL_KINDS, severity) for severity in severities), *cells]:
        null = {} if severity == 0 else {"severity 0": (kind, 0)}
        twins = _degraded(judged, kind, severity)
        for name, of_twin, scale in (("accuracy_lost", _lost, SIGNED), ("degraded_flips", _flips, SHARE)):
            yield _figure(
                name,
                twins,
                [of_twin(twin) for twin in twins],
                case=f"{kind} {severity}",
                nulls={key: mean([of_twin(twin) for twin in _degraded(judged, *cell)]) for key, cell in null.items()},
                scale=scale,
                better=False,
            )


def other_object(judged: Sequence[Judged]) -> Figure | None:
    """Share of twins in which another object in the same pose gets the same answer."""
    if not _has(judged, OTHER_OBJECT):
        return None
    twins = pairs(judged, OTHER_OBJECT)
    return _figure("object_consistency", twins, [_agreement(twin) for twin in twins], nulls={"guess": _chance(twins)})


def other_view(judged: Sequence[Judged]) -> Figure | None:
    """Share of twins right for both views of one object; independent views would reach the product of both accuracies."""
    if not _has(judged, OTHER_VIEW):
        return None
    twins = pairs(judged, OTHER_VIEW)
    both = [_all_right(twin) for twin in twins]
    plain, other = mean([twin.plain.right for twin in twins]), mean([_mean_right(twin) for twin in twins])
    nulls = {"independent": None if plain is None or other is None else plain * other}
    return _figure("both_views", twins, both, nulls=nulls)


def _has(judged: Sequence[Judged], kind: str) -> bool:
    return any(one.twin == kind for one in judged)


def _is_full_circle(twin: Twin) -> bool:
    """Whether every other order of the options was asked, once."""
    turned = sorted(int(one.factors["rotation"] or 0) for one in twin.others)
    return turned == list(range(1, len(twin.plain.doc["choices"])))


def _all_right(twin: Twin) -> float:
    return float(all(one.right for one in (twin.plain, *twin.others)))


def _agreement(twin: Twin) -> float:
    return sum(agree(twin.plain.choice, one.choice) for one in twin.others) / len(twin.others)


def _mean_right(twin: Twin) -> float:
    return sum(one.right for one in twin.others) / len(twin.others)


def _chance(twins: Sequence[Twin]) -> float | None:
    """How often two uniform guesses agree."""
    return mean([twin.plain.chance for twin in twins])


def _degraded(judged: Sequence[Judged], kind: str, severity: int) -> list[Twin]:
    """Twins of one cell; ``ALL_KINDS`` takes every kind at that severity."""

    def is_in_cell(one: Judged) -> bool:
        found, how_bad = _cell(one)
        return how_bad == severity and kind in (found, ALL_KINDS)

    return pairs(judged, DEGRADED, keep=is_in_cell)


def _cell(judged: Judged) -> tuple[str, int]:
    return str(judged.factors.get("degradation")), int(judged.factors.get("severity") or 0)


def _lost(twin: Twin) -> float:
    return twin.plain.right - _mean_right(twin)


def _flips(twin: Twin) -> float:
    return 1.0 - _agreement(twin)


def _figure(
    name: str,
    twins: Sequence[Twin],
    values: Sequence[float],
    *,
    nulls: dict[str, float | None],
    case: str = "",
    scale: Bounds = SHARE,
    better: bool = True,
) -> Figure:
    found = estimate(values, [twin.plain.cluster for twin in twins], scale)
    unit = "share" if scale == SHARE else "difference"
    return as_figure(name, found, case=case, unit=unit, nulls=nulls, empty="no_whole_twins", higher_is_better=better)
