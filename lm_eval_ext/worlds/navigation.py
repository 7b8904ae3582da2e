"""Navigation pairs: from which page to reach which other one by links, and how hard that is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.hitting import HittingTimes
from lm_eval_ext.worlds.links import LinkGraph, navigable, page_links
from lm_eval_ext.worlds.world import World

Scheme = Literal["decades", "quantiles"]
DECADES = (50.0, 1e3, 1e4, 1e5, 1e6, 1e7)
"""Limits of the paper's difficulties."""
NEAREST = 2
"""Fewest clicks between the pages of a pair; at 1 the target's name would stand among the links of the start."""
_SURVEYED = 64
"""Targets by which the difficulties are set; their number is fixed, so that a pair does not depend on how many are drawn."""
_FEWEST_SHARE = 0.02
_QUANTILES = 5
_TRIES = 500
_TARGETS_PER_PAIR = 4
"""A new target is taken up for every so many pairs."""


@dataclass(frozen=True)
class NavigationPair:
    """Two pages of one world, the same in all of its worlds.

    Attributes:
        start: Page to start from.
        target: Page to reach.
        hitting_time: Expected clicks of a random walk, to six digits.
        distance: Fewest clicks.
        difficulty: Range of hitting times that the pair was drawn from, such as "1K-10K".
        scheme: Whether ranges are the paper's decades or quantiles of this world.
    """

    start: str
    target: str
    hitting_time: float
    distance: int
    difficulty: str
    scheme: Scheme


@dataclass(frozen=True)
class Difficulties:
    """Ranges of hitting times, lowest first; range i is ``limits[i]`` (included) to ``limits[i + 1]``."""

    scheme: Scheme
    ranges: tuple[tuple[float, float], ...]

    def label(self, number: int) -> str:
        """How a range is called.

        Example:
            >>> Difficulties("decades", ((50.0, 1e3), (1e3, 1e4))).label(1)
            '1K-10K'
        """
        return "-".join(map(_short, self.ranges[number]))


def navigation_pairs(world: World, seed: int, n: int) -> list[NavigationPair]:
    """Distinct pairs, difficulties taking turns; the first ones do not depend on ``n``.

    Args:
        world: The world.
        seed: Names the draw.
        n: How many.

    Raises:
        InputError: Too few pages reach each other, or the world yields fewer pairs.
    """
    return list(islice(draw_pairs(navigable(page_links(world)), seed), n))


def draw_pairs(graph: LinkGraph, seed: int) -> Iterator[NavigationPair]:
    """``navigation_pairs`` over any graph of links, without end.

    Raises:
        InputError: The graph yields no further pair.
    """
    return _Sampler(graph, seed).pairs()


class _Sampler:
    """Draws pairs of one graph."""

    def __init__(self, graph: LinkGraph, seed: int) -> None:
        self._graph, self._seed = graph, seed
        self._times = HittingTimes(graph)
        self._targets = list(graph.pages)
        stream("navigation targets", seed).shuffle(self._targets)
        self.measured = lru_cache(maxsize=256)(self._measured)
        self.difficulties = set_difficulties(np.concatenate([self._far_times(page) for page in self._targets[:_SURVEYED]]))

    def pairs(self) -> Iterator[NavigationPair]:
        """Endless pairs."""
        seen: set[tuple[str, str]] = set()
        ranges = len(self.difficulties.ranges)
        while True:
            number = len(seen)
            drawn = self._draws(number, number % ranges)
            pair = next((pair for pair in drawn if (pair.start, pair.target) not in seen), None)
            if pair is None:
                raise InputError(
                    f"{number} navigation pairs are all that {len(self._graph.pages)} linked pages yield: no further one was "
                    f"found in the difficulty {self.difficulties.label(number % ranges)}. Give a smaller n or more pages."
                )
            seen.add((pair.start, pair.target))
            yield pair

    def _draws(self, number: int, which: int) -> Iterator[NavigationPair]:
        """A limited number of draws for one pair."""
        rng = stream("navigation", self._seed, number)
        known = max(_SURVEYED, 1 << (number // _TARGETS_PER_PAIR).bit_length())  # grows in powers of two
        low, high = self.difficulties.ranges[which]
        for _ in range(_TRIES):
            target = rng.choice(self._targets[:known])
            times, distances = self.measured(target)
            starts = np.flatnonzero((distances >= NEAREST) & (times >= low) & (times < high)).tolist()
            if starts:
                start = rng.choice(starts)
                distance = int(distances[start])
                difficulty, scheme = self.difficulties.label(which), self.difficulties.scheme
                yield NavigationPair(self._graph.pages[start], target, float(times[start]), distance, difficulty, scheme)

    def _measured(self, target: str) -> tuple[Float[np.ndarray, "pages"], Int[np.ndarray, "pages"]]:
        """Hitting times, rounded, so that every machine draws the same pairs; and fewest clicks."""
        return round_digits(self._times.to(target), 6), self._graph.distances(target)

    def _far_times(self, target: str) -> Float[np.ndarray, "far"]:
        times, distances = self.measured(target)
        return times[distances >= NEAREST]


def set_difficulties(times: Float[np.ndarray, "n"]) -> Difficulties:
    """The paper's decades that hold at least 2 % of the hitting times; if fewer than two do, quintiles.

    Raises:
        InputError: There is no hitting time: every page is one click from every other one.

    Example:
        >>> set_difficulties(np.geomspace(60.0, 9e3, 100)).scheme, set_difficulties(np.arange(50.0, 150.0)).ranges[0]
        ('decades', (50.0, 69.8))
    """
    if not len(times):
        raise InputError("Every page links to every other one, so there is nothing to navigate. Give more pages.")
    shares = np.histogram(times, DECADES)[0] / len(times)
    decades = tuple(ends for ends, share in zip(pairwise(DECADES), shares, strict=True) if share >= _FEWEST_SHARE)
    if len(decades) >= 2:
        return Difficulties("decades", decades)
    inner = round_digits(np.quantile(times, np.arange(1, _QUANTILES) / _QUANTILES), 3).tolist()
    limits = sorted({math.floor(times.min()), *inner, math.floor(times.max()) + 1.0})
    return Difficulties("quantiles", tuple(pairwise(map(float, limits))))


def round_digits(values: Float[np.ndarray, "n"], digits: int) -> Float[np.ndarray, "n"]:
    """Values with so many significant digits; zeros stay.

    Example:
        >>> round_digits(np.array([0.0, 1234.5678, 98.765]), 3).tolist()
        [0.0, 1230.0, 98.8]
    """
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.where(values == 0.0, 1.0, np.abs(values)))))
    return np.round(values * scale) / scale


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "K")):
        if value >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"
