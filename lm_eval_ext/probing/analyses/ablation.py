"""What a suite loses when a set of components is taken out, beside what random sets of the same make-up cost it."""

from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.statistics import Bounds, Estimate, clustered_mean, generator, p_at_least

ENOUGH_SETS = 100


@dataclass(frozen=True)
class RandomSets:
    """Sets of units that match a chosen set in size and in their number per layer.

    Attributes:
        sets: Unit numbers, one set per row.
        possible: How many such sets there are.
        exhaustive: The rows are all of them.
        reason: ``few_random_sets``: there are fewer than 100, so no p below 1 / (1 + their number) can be had; None.
    """

    sets: Int[np.ndarray, "r k"]
    possible: int
    exhaustive: bool
    reason: str | None


@dataclass(frozen=True)
class Drop:
    """Loss of accuracy under an ablation, positive where the suite gets worse.

    Attributes:
        estimate: Mean paired difference, before less after, with its clustered interval; on -1..1.
        null: Mean drop under the random sets; None without them.
        null_low: What 2.5 % of the random sets stay below.
        null_high: What 97.5 % stay below.
        p_value: (1 + random sets with at least this drop) / (1 + random sets).
        n_random: Random sets.
    """

    estimate: Estimate
    null: float | None
    null_low: float | None
    null_high: float | None
    p_value: float | None
    n_random: int


def random_sets(
    chosen: Int[np.ndarray, "k"],
    layer: Int[np.ndarray, "u"],
    *,
    n: int = ENOUGH_SETS,
    seed: int = 0,
    excluded: Int[np.ndarray, "e"] | None = None,
) -> RandomSets:
    """Draw distinct sets with as many units in every layer as the chosen set has; all of them where no more than ``n`` exist.

    Args:
        chosen: Numbers of the chosen units, each once.
        layer: Layer of every unit; the same number for all where the units are layers.
        n: Sets to draw, at least 100.
        seed: Of the draws.
        excluded: Units that no random set may hold; None: the chosen ones.

    Raises:
        InputError: n is below 100, a unit is out of range or named twice, or a layer has too few other units.

    Example:
        >>> drawn = random_sets(np.array([0, 5]), np.repeat([0, 1], 4))
        >>> drawn.possible, drawn.exhaustive, drawn.reason
        (9, True, 'few_random_sets')
    """
    if n < ENOUGH_SETS:
        raise InputError(f"n={n} random sets are too few for a null. Give at least {ENOUGH_SETS}.")
    if len(np.unique(chosen)) != len(chosen) or not len(chosen) or chosen.min() < 0 or chosen.max() >= len(layer):
        raise InputError(f"chosen units {chosen.tolist()} are not distinct numbers below {len(layer)}. Name each unit once.")
    free = np.setdiff1d(np.arange(len(layer)), chosen if excluded is None else excluded)
    layers, wanted = np.unique(layer[chosen], return_counts=True)
    pools = [free[layer[free] == one] for one in layers]
    for one, size, pool in zip(layers.tolist(), wanted.tolist(), pools, strict=True):
        if len(pool) < size:
            raise InputError(
                f"layer {one} has {len(pool)} units to draw {size} from. Choose fewer units there, or pass excluded=[] to let "
                "random sets overlap the chosen one."
            )
    possible = prod(comb(len(pool), size) for pool, size in zip(pools, wanted.tolist(), strict=True))
    if possible <= n:
        parts = [list(combinations(pool.tolist(), size)) for pool, size in zip(pools, wanted.tolist(), strict=True)]
        rows = [[unit for part in one for unit in part] for one in product(*parts)]
        return RandomSets(np.array(rows, dtype=np.int64), possible, True, "few_random_sets" if possible < ENOUGH_SETS else None)
    random, drawn = generator("random sets", seed), dict[tuple[int, ...], None]()
    while len(drawn) < n:
        picks = [np.sort(random.choice(pool, size, replace=False)) for pool, size in zip(pools, wanted.tolist(), strict=True)]
        drawn[tuple(np.concatenate(picks).tolist())] = None
    return RandomSets(np.array(list(drawn), dtype=np.int64), possible, False, None)


def accuracy_drop(
    before: Float[np.ndarray, "n"],
    after: Float[np.ndarray, "n"],
    cluster: Int[np.ndarray, "n"],
    *,
    random: Float[np.ndarray, "r n"] | None = None,
    alpha: float = 0.05,
) -> Drop:
    """Paired loss of score under an ablation, and its place among the losses under random sets.

    Args:
        before: Score of each item in [0, 1], nothing ablated.
        after: With the chosen set ablated.
        cluster: Number of the sampled unit behind each item.
        random: Scores with each random set ablated.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        ValueError: Lengths differ, or a score is not finite or outside [0, 1].

    Example:
        >>> found = accuracy_drop(np.ones(20), np.repeat([0.0, 1.0], 10), np.arange(20), random=np.ones((100, 20)))
        >>> found.estimate.value, round(found.p_value, 3)
        (0.5, 0.01)
    """
    if not len(before) == len(after) == len(cluster):
        raise InputError(
            f"{len(before)} scores before came with {len(after)} after and {len(cluster)} clusters. Give one per item."
        )
    found = clustered_mean(before - after, cluster, scale=Bounds(-1.0, 1.0), alpha=alpha)
    if random is None or found.value is None or not len(random):
        return Drop(found, None, None, None, None, 0)
    drops = before.mean() - random.mean(axis=1)
    low, high = np.quantile(drops, [0.025, 0.975])
    return Drop(found, float(drops.mean()), float(low), float(high), p_at_least(found.value, drops), len(drops))
