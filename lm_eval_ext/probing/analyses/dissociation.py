"""Double dissociation: one set carries one ability, the other set the other, and random sets carry neither."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.statistics import Bounds, cluster_table, expanded_percentiles, p_at_least, resampled_sums
from lm_eval_ext.statistics.spread import check_alpha, check_unit, check_values, constant_bounds

SCALE = Bounds(-2.0, 2.0)
"""Of a bracket: two drops, each in -1..1."""


@dataclass(frozen=True)
class Suite:
    """Scores of one suite's items, nothing ablated and with either set ablated.

    Attributes:
        intact: In [0, 1], one per item.
        without_recall: With the recall set ablated.
        without_reasoning: With the reasoning set ablated.
        cluster: Number of the sampled unit behind each item; the same numbers in both suites mean the same units.
        chance: Score of a guesser; the drop of a normalised index is a share of the score above it.
    """

    intact: Float[np.ndarray, "n"]
    without_recall: Float[np.ndarray, "n"]
    without_reasoning: Float[np.ndarray, "n"]
    cluster: Int[np.ndarray, "n"]
    chance: float = 0.0

    def __post_init__(self) -> None:
        for scores in (self.intact, self.without_recall, self.without_reasoning):
            check_values(scores, self.cluster)
            check_unit(scores, 0.05)
        if not 0.0 <= self.chance < 1.0:
            raise InputError(f"chance={self.chance} is no score of a guesser. Give a share from 0 to below 1.")


@dataclass(frozen=True)
class RandomDrops:
    """Drops of mean scores under random sets, positive where a suite gets worse; one per set.

    Attributes:
        recall_like_recall: Drop of the recall suite under sets matched to the recall set.
        reasoning_like_recall: Drop of the reasoning suite under the same sets.
        recall_like_reasoning: Drop of the recall suite under sets matched to the reasoning set.
        reasoning_like_reasoning: Drop of the reasoning suite under the same sets.
    """

    recall_like_recall: Float[np.ndarray, "r"]
    reasoning_like_recall: Float[np.ndarray, "r"]
    recall_like_reasoning: Float[np.ndarray, "s"]
    reasoning_like_reasoning: Float[np.ndarray, "s"]


@dataclass(frozen=True)
class Part:
    """A bracket of the index, or the index.

    Attributes:
        value: Of the items; None where it is undefined.
        low: Lower end of the paired cluster bootstrap interval.
        high: Upper end.
        null: Mean over random sets; None without them.
        null_high: What 95 % of the random sets stay at or below.
        p_value: (1 + random sets with at least this value) / (1 + random sets).
        n_random: Random sets.
    """

    value: float | None
    low: float | None
    high: float | None
    null: float | None
    null_high: float | None
    p_value: float | None
    n_random: int

    def stands(self, alpha: float) -> bool:
        """Whether it is above 0 with its interval, and beyond the random sets."""
        return self.low is not None and self.low > 0.0 and self.p_value is not None and self.p_value <= alpha


@dataclass(frozen=True, kw_only=True)
class Dissociation:
    """The index D = recall bracket + reasoning bracket, and what follows.

    Attributes:
        index: D.
        recall: [drop of recall - drop of reasoning] under ablation of the recall set.
        reasoning: [drop of reasoning - drop of recall] under ablation of the reasoning set.
        verdict: ``dissociation`` only if both brackets are above 0 with their intervals and beyond the random sets. Both must
            pass, so neither needs a correction.
        sentence: The verdict in plain words.
        normalised: Drops are shares of the score above chance.
        alpha: Error rate of intervals and tests.
        n_recall: Items of the recall suite.
        n_reasoning: Items of the reasoning suite.
        n_clusters: Clusters of both together.
        reason: ``suite_at_chance``, ``no_samples`` or ``one_cluster`` where there is no index; ``few_clusters`` where intervals
            need care, or are missing; ``no_random_sets``, which allow no verdict; None.
    """

    index: Part
    recall: Part
    reasoning: Part
    verdict: Literal["dissociation", "none_found"]
    sentence: str
    normalised: bool
    alpha: float
    n_recall: int
    n_reasoning: int
    n_clusters: int
    reason: str | None


class _Brackets(NamedTuple):
    recall: Float[np.ndarray, "r"]
    reasoning: Float[np.ndarray, "r"]

    def all(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.recall + self.reasoning, self.recall, self.reasoning


def dissociation(
    recall: Suite,
    reasoning: Suite,
    random: RandomDrops | None,
    *,
    normalised: bool = False,
    n_resamples: int = 10_000,
    seed: int = 0,
    alpha: float = 0.05,
) -> Dissociation:
    """Judge whether two sets of components carry two abilities apart, on items that chose neither set.

    Args:
        recall: Items of the recall suite.
        reasoning: Items of the reasoning suite; a fact asked for in both has one cluster number.
        random: Drops under random sets; without them there is no verdict but ``none_found``.
        normalised: Divide each suite's drops by its score above chance, for suites with different numbers of options. A suite
            whose score is not above chance with its interval makes the index undefined.
        n_resamples: Bootstrap draws of clusters, both suites and all three runs together.
        seed: Of the draws.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        InputError: Random drops of one kind differ in number.
        ValueError: alpha is outside (0, 1).

    Source:
        Teuber 1955, doi:10.1146/annurev.ps.06.020155.001411 (double dissociation); the index is this package's.

    Example:
        >>> facts, kept, lost = np.arange(30), np.ones(30), np.zeros(30)
        >>> weak = RandomDrops(*[np.zeros(100)] * 4)
        >>> found = dissociation(Suite(kept, lost, kept, facts), Suite(kept, kept, lost, facts), weak)
        >>> found.index.value, found.verdict
        (2.0, 'dissociation')
    """
    check_alpha(alpha)
    table, n_clusters = _table(recall, reasoning)
    chances = (recall.chance, reasoning.chance) if normalised else None
    empty = Part(None, None, None, None, None, None, 0)
    parts, reason = (empty, empty, empty), "no_samples" if not min(len(recall.intact), len(reasoning.intact)) else None
    if reason is None and n_clusters < 2:
        reason = "one_cluster"
    if reason is None:
        draws = resampled_sums(table, n_resamples, seed)
        if chances and not _above_chance(draws, chances, n_clusters, alpha):
            reason = "suite_at_chance"
        else:
            parts, reason = _parts(table, draws, random, chances=chances, alpha=alpha)
    stands = [part.stands(alpha) for part in parts[1:]]
    verdict = "dissociation" if all(stands) else "none_found"
    return Dissociation(
        index=parts[0],
        recall=parts[1],
        reasoning=parts[2],
        verdict=verdict,
        sentence=_sentence(stands, reason),
        normalised=normalised,
        alpha=alpha,
        n_recall=len(recall.intact),
        n_reasoning=len(reasoning.intact),
        n_clusters=n_clusters,
        reason=reason,
    )


def _table(recall: Suite, reasoning: Suite) -> tuple[Float[np.ndarray, "c 8"], int]:
    """Of each cluster and suite: items, and sums of the scores of the three runs."""
    names, index = np.unique(np.concatenate([recall.cluster, reasoning.cluster]), return_inverse=True)
    sides = []
    for suite, rows in ((recall, index[: len(recall.cluster)]), (reasoning, index[len(recall.cluster) :])):
        columns = np.column_stack([np.ones(len(rows)), suite.intact, suite.without_recall, suite.without_reasoning])
        sides.append(cluster_table(columns, rows, len(names)))
    return np.concatenate(sides, axis=1), len(names)


def _brackets(sums: Float[np.ndarray, "r 8"], chances: tuple[float, float] | None) -> _Brackets:
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, reasoning = sums[:, 1:4] / sums[:, :1], sums[:, 5:8] / sums[:, 4:5]
        drops = [means[:, :1] - means[:, 1:] for means in (recall, reasoning)]
        if chances:
            drops = [
                drop / (means[:, :1] - chance) for drop, means, chance in zip(drops, (recall, reasoning), chances, strict=True)
            ]
    return _Brackets(drops[0][:, 0] - drops[1][:, 0], drops[1][:, 1] - drops[0][:, 1])


def _above_chance(draws: Float[np.ndarray, "r 8"], chances: tuple[float, float], n_clusters: int, alpha: float) -> bool:
    for column, chance in zip((0, 4), chances, strict=True):
        held = draws[:, column] > 0.0
        means = draws[held, column + 1] / draws[held, column]
        if expanded_percentiles(means, n_clusters, alpha=alpha).low <= chance:
            return False
    return True


def _parts(
    table: Float[np.ndarray, "c 8"],
    draws: Float[np.ndarray, "r 8"],
    random: RandomDrops | None,
    *,
    chances: tuple[float, float] | None,
    alpha: float,
) -> tuple[tuple[Part, Part, Part], str | None]:
    n_clusters = len(table)
    found = [float(one[0]) for one in _brackets(table.sum(axis=0, keepdims=True), chances).all()]
    drawn = _brackets(draws, chances).all()
    nulls = (None, None, None) if random is None else _random_brackets(random, table.sum(axis=0), chances).all()
    width = 1.0 if chances is None else 1.0 / min(1.0 - chance for chance in chances)
    parts = tuple(
        _part(value, _interval(value, one, n_clusters, alpha=alpha, width=scale * width), null)
        for value, one, null, scale in zip(found, drawn, nulls, (2.0, 1.0, 1.0), strict=True)
    )
    few = n_clusters < 10 or parts[0].low is None
    return (parts[0], parts[1], parts[2]), "no_random_sets" if random is None else "few_clusters" if few else None


def _interval(value: float, draws: Float[np.ndarray, "r"], n_clusters: int, *, alpha: float, width: float) -> Bounds | None:
    """Percentiles; where all clusters agree, what unseen ones could change; None where over 1 % of the draws lack a suite."""
    kept = draws[np.isfinite(draws)]
    if len(kept) < 0.99 * len(draws):
        return None
    if np.ptp(kept) <= 1e-12:
        return constant_bounds(value, n_clusters, alpha, Bounds(SCALE.low * width, SCALE.high * width))
    return expanded_percentiles(kept, n_clusters, alpha=alpha)


def _part(value: float, interval: Bounds | None, null: Float[np.ndarray, "r"] | None) -> Part:
    low, high = interval or (None, None)
    if null is None or not len(null):
        return Part(value, low, high, None, None, None, 0)
    return Part(value, low, high, float(null.mean()), float(np.quantile(null, 0.95)), p_at_least(value, null), len(null))


def _random_brackets(random: RandomDrops, sums: Float[np.ndarray, "8"], chances: tuple[float, float] | None) -> _Brackets:
    """Brackets of random sets; the i-th set of one kind goes with the i-th of the other, as far as there are both."""
    pairs = (
        (random.recall_like_recall, random.reasoning_like_recall),
        (random.reasoning_like_reasoning, random.recall_like_reasoning),
    )
    if any(len(one) != len(other) for one, other in pairs):
        raise InputError(
            f"random drops come in {[len(one) for pair in pairs for one in pair]} sets. Give both suites for every set."
        )
    above = [1.0, 1.0] if chances is None else [sums[1] / sums[0] - chances[0], sums[5] / sums[4] - chances[1]]
    n = min(len(pairs[0][0]), len(pairs[1][0]))
    recall = pairs[0][0][:n] / above[0] - pairs[0][1][:n] / above[1]
    return _Brackets(recall, pairs[1][0][:n] / above[1] - pairs[1][1][:n] / above[0])


def _sentence(stands: list[bool], reason: str | None) -> str:
    if all(stands):
        return (
            "Ablating the recall set costs more recall than reasoning, ablating the reasoning set costs more reasoning than "
            "recall, and both by more than random sets of the same make-up: a double dissociation on these items."
        )
    why = {
        "no_samples": "a suite has no items",
        "one_cluster": "all items come from one cluster",
        "suite_at_chance": "a suite is not above chance with nothing ablated, so it has nothing to lose",
        "no_random_sets": "there are no random sets to compare with",
    }.get(reason or "")
    if why is None:
        who = "neither set" if not any(stands) else "only the recall set" if stands[0] else "only the reasoning set"
        why = f"{who} harms its own suite more than the other beyond 0 and beyond random sets"
    return f"No dissociation found: {why}."
