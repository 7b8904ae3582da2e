"""Which units (layers, heads, neurons) tell one arm of a contrast from the other, beyond chance and beyond the template."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses.measured import Measured
from lm_eval_ext.probing.analyses.shuffling import Shuffled, Tests, design_of, observe, shuffle
from lm_eval_ext.statistics import adjusted, p_at_least, t_quantile
from lm_eval_ext.statistics.spread import FEW_CLUSTERS, check_alpha

FEWEST_SHUFFLES = 200


@dataclass(frozen=True)
class Rule:
    """When a unit is a hit; declared before it is looked at.

    Attributes:
        correction: Over all units: ``holm`` and ``max_statistic`` hold the chance of any false hit, ``benjamini_hochberg`` their
            share. ``max_statistic`` compares with the largest t that shuffled labels give anywhere; the others use Student's t.
        alpha: Error rate in (0, 1).
        n_shuffles: Label shuffles, at least 200.
        seed: Of the shuffles.

    Raises:
        InputError: There are fewer than 200 shuffles.
    """

    correction: Literal["holm", "benjamini_hochberg", "max_statistic"] = "holm"
    alpha: float = 0.05
    n_shuffles: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if self.n_shuffles < FEWEST_SHUFFLES:
            raise InputError(f"n_shuffles={self.n_shuffles} is too few for a null. Give at least {FEWEST_SHUFFLES}.")


@dataclass(frozen=True, kw_only=True)
class Selectivity:
    """What was found, unit by unit and as counts beside their null.

    Attributes:
        difference: Mean of the True arm less that of the False arm, on the scale of the values.
        stderr: Its clustered standard error.
        effect: The difference in standard deviations (of twin differences, or inside groups); nan where nothing varies.
        low: Lower end of the 1 - alpha interval of ``effect``, for one unit taken alone.
        high: Upper end.
        t: Difference over its standard error.
        p_value: Of the t distribution; with a control the larger of two, of the contrast and of what it has beyond its control.
        p_shuffled: Share of shuffles that reach this unit's t, likewise.
        p_family: Share of shuffles in which any unit reaches it, likewise.
        p_adjusted: What the rule compares with alpha.
        control_effect: Standardised difference on the control items; None without control.
        shared: Units whose control shows the same difference by the same rule; None without control.
        hits: Units that pass: ``p_adjusted`` at most alpha, and not shared.
        rule: The rule.
        n: Twins, or clusters of groups.
        n_clusters: Clusters.
        n_unpaired: Items left out because their twin is missing.
        n_tests: Units, all of them in the family.
        n_hits: Hits.
        n_removed: Units that would be hits but for the control; None without control.
        null_hits: Mean number of hits of the same rule with shuffled labels.
        null_hits_high: Number of hits that 95 % of the shuffles stay at or below.
        null_hits_p: Chance of as many hits with shuffled labels.
        reason: ``few_clusters``: fewer than 10, intervals need care; ``no_shuffle_is_rare``: so few clusters that no difference
            can be rejected; None.
    """

    difference: Float[np.ndarray, "u"]
    stderr: Float[np.ndarray, "u"]
    effect: Float[np.ndarray, "u"]
    low: Float[np.ndarray, "u"]
    high: Float[np.ndarray, "u"]
    t: Float[np.ndarray, "u"]
    p_value: Float[np.ndarray, "u"]
    p_shuffled: Float[np.ndarray, "u"]
    p_family: Float[np.ndarray, "u"]
    p_adjusted: Float[np.ndarray, "u"]
    control_effect: Float[np.ndarray, "u"] | None
    shared: Bool[np.ndarray, "u"] | None
    hits: Bool[np.ndarray, "u"]
    rule: Rule
    n: int
    n_clusters: int
    n_unpaired: int
    n_tests: int
    n_hits: int
    n_removed: int | None
    null_hits: float
    null_hits_high: int
    null_hits_p: float
    reason: str | None

    def selected(self, sign: int) -> Int[np.ndarray, "k"]:
        """Hits of one direction, the largest t first.

        Args:
            sign: 1 for units larger in the True arm, -1 for those larger in the False arm.
        """
        found = np.flatnonzero(self.hits & (np.sign(self.t) == sign))
        return found[np.argsort(-np.abs(self.t[found]), kind="stable")]


def selectivity(main: Measured, control: Measured | None = None, rule: Rule | None = None) -> Selectivity:
    """Find the units whose values differ between the arms.

    With a control (the same wording over nonsense entities) a unit must differ in the contrast and must differ there by more than
    in the control, both in the same direction; a unit whose control shows the difference too is marked and is no hit.

    Args:
        main: Units by items of the contrast.
        control: The same units on the control items, sampled apart from the main ones.
        rule: What counts as a hit; by default Holm at .05 with 1,000 shuffles.

    Raises:
        InputError: Units of the two do not match, a value is not finite, or the items allow no contrast.

    Source:
        Largest statistic over shuffles: Westfall & Young 1993. Both of two tests: Berger 1982,
        doi:10.1080/00401706.1982.10487790.

    Example:
        >>> from lm_eval_ext.probing.analyses import Items
        >>> twins = np.repeat(np.arange(20), 2)
        >>> reasoning = np.tile([False, True], 20)
        >>> noise = np.random.default_rng(0).normal(size=(5, 40))
        >>> noise[3] += 2.0 * reasoning
        >>> found = selectivity(Measured(noise, Items(label=reasoning, cluster=twins, pair=twins)))
        >>> found.selected(1).tolist(), found.n_tests, found.null_hits < 0.1
        ([3], 5, True)
    """
    rule = rule or Rule()
    if control is not None and len(control.values) != len(main.values):
        raise InputError(f"{len(main.values)} units came with a control of {len(control.values)}. Give the same units in both.")
    design, seen = design_of(main.items), observe(main, control)
    degrees, smallest = design.degrees, design.smallest_p
    if control is not None:
        other = design_of(control.items)
        degrees, smallest = min(degrees, other.degrees), max(smallest, other.smallest_p)
    threshold = t_quantile(1.0 - rule.alpha / 2.0, degrees)
    null = shuffle(main, control, seen.tests, threshold=threshold, n=rule.n_shuffles, seed=rule.seed)
    judge = _Judge(rule, degrees, smallest, len(main.values), null)
    p_adjusted = judge.adjust(seen.tests)
    passed, shared, control_effect = p_adjusted <= rule.alpha, None, None
    if seen.control is not None:
        control_effect = seen.control[0].value
        alone = judge.adjust(Tests(seen.control[1], seen.control[1])) <= rule.alpha
        shared = alone & (np.sign(seen.control[1]) == np.sign(seen.tests.itself))
    hits = passed if shared is None else passed & ~shared
    itself = judge.adjust(Tests(seen.tests.itself, seen.tests.itself)) <= rule.alpha
    drawn = judge.null_hits()
    reach = t_quantile(1.0 - rule.alpha / 2.0, design.degrees) * seen.effect.stderr
    return Selectivity(
        difference=seen.difference.value,
        stderr=seen.difference.stderr,
        effect=seen.effect.value,
        low=seen.effect.value - reach,
        high=seen.effect.value + reach,
        t=seen.tests.itself,
        p_value=judge.p_values(seen.tests),
        p_shuffled=(1.0 + np.maximum(*null.as_large)) / (1.0 + rule.n_shuffles),
        p_family=judge.p_family(seen.tests),
        p_adjusted=p_adjusted,
        control_effect=control_effect,
        shared=shared,
        hits=hits,
        rule=rule,
        n=design.n,
        n_clusters=design.n_clusters,
        n_unpaired=design.n_unpaired,
        n_tests=len(main.values),
        n_hits=int(hits.sum()),
        n_removed=None if control is None else int((itself & ~hits).sum()),
        null_hits=float(drawn.mean()),
        null_hits_high=int(np.quantile(drawn, 0.95, method="higher")),
        null_hits_p=p_at_least(float(hits.sum()), drawn.astype(np.float64)),
        reason=_reason(smallest, rule.alpha, design.n_clusters),
    )


@dataclass(frozen=True)
class _Judge:
    """p-values of t by one rule, for the labels as they are and for shuffled ones."""

    rule: Rule
    degrees: float
    smallest_p: float
    n_tests: int
    null: Shuffled

    def p_values(self, tests: Tests) -> Float[np.ndarray, "k"]:
        """Two-sided, of the t distribution; where arms are wholly apart, the smallest that shuffling could ever give."""
        from scipy.special import stdtr

        joint = tests.joint()
        return np.where(np.isinf(joint), self.smallest_p, np.minimum(1.0, 2.0 * stdtr(self.degrees, -joint)))

    def p_family(self, tests: Tests) -> Float[np.ndarray, "u"]:
        """Share of shuffles whose largest t reaches each; the larger share of both tests, and 1 where they point apart."""
        shares = [_share_reaching(np.abs(own), drawn) for own, drawn in zip(tests, self.null.largest, strict=True)]
        return np.where(tests.joint() > 0.0, np.maximum(*shares), 1.0)

    def adjust(self, tests: Tests) -> Float[np.ndarray, "u"]:
        """What the rule compares with alpha."""
        if self.rule.correction == "max_statistic":
            return self.p_family(tests)
        return adjusted(self.p_values(tests), self.rule.correction)

    def null_hits(self) -> Int[np.ndarray, "p"]:
        """Hits of the rule under each shuffle."""
        if self.rule.correction == "max_statistic":
            passed = self.p_family(self.null.tests) <= self.rule.alpha
            return np.bincount(self.null.shuffle[passed], minlength=self.rule.n_shuffles)
        order = np.argsort(self.null.shuffle, kind="stable")
        p_values, shuffles = self.p_values(self.null.tests)[order], self.null.shuffle[order]
        ends = np.searchsorted(shuffles, np.arange(self.rule.n_shuffles + 1))
        counts = [
            int((adjusted(p_values[start:end], self.rule.correction, n_tests=self.n_tests) <= self.rule.alpha).sum())
            for start, end in pairwise(ends)
        ]
        return np.array(counts, dtype=np.int64)


def _share_reaching(own: Float[np.ndarray, "k"], largest: Float[np.ndarray, "p"]) -> Float[np.ndarray, "k"]:
    below = np.searchsorted(np.sort(largest), np.where(np.isinf(own), own, own * (1.0 - 1e-9)), side="left")
    return (1.0 + len(largest) - below) / (1.0 + len(largest))


def _reason(smallest: float, alpha: float, n_clusters: int) -> str | None:
    if smallest > alpha:
        return "no_shuffle_is_rare"
    return "few_clusters" if n_clusters < FEW_CLUSTERS else None
