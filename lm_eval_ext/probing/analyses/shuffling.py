"""Every unit measured once as it is and many times with shuffled labels, in pieces that fit in memory."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.probing.analyses.designs import Design, Difference, Effect, studentised
from lm_eval_ext.probing.analyses.group_design import group_design
from lm_eval_ext.probing.analyses.measured import Items, Measured, finite
from lm_eval_ext.probing.analyses.twin_design import twin_design

LARGEST_PIECE = 1 << 21
"""Numbers of units by shuffles held at a time, some ten times over."""


class Tests(NamedTuple):
    """t of the contrast itself, and of what it has beyond its control; the same twice where there is no control."""

    itself: Float[np.ndarray, "..."]
    beyond: Float[np.ndarray, "..."]

    def joint(self) -> Float[np.ndarray, "..."]:
        """The weaker of the two where they point the same way, else 0: large only where both are."""
        smaller = np.minimum(np.abs(self.itself), np.abs(self.beyond))
        return np.where(np.sign(self.itself) == np.sign(self.beyond), smaller, 0.0)


@dataclass(frozen=True)
class Observed:
    """What the labels as they are show, one number per unit.

    Attributes:
        difference: Of the arms, on the scale of the values, with its standard error.
        effect: The same in standard deviations.
        tests: t of both.
        control: Standardised difference, standard error and t on the control; None without.
    """

    difference: Difference
    effect: Effect
    tests: Tests
    control: tuple[Effect, Float[np.ndarray, "u"]] | None


@dataclass(frozen=True)
class Shuffled:
    """What shuffled labels show.

    Attributes:
        as_large: Per unit, how many shuffles reach its own absolute t; for both tests.
        largest: Per shuffle, the largest absolute t of all units; for both tests.
        shuffle: Number of the shuffle of each joint t that reaches the threshold.
        tests: Those t.
    """

    as_large: tuple[Int[np.ndarray, "u"], Int[np.ndarray, "u"]]
    largest: Tests
    shuffle: Int[np.ndarray, "k"]
    tests: Tests


def design_of(items: Items) -> Design:
    """The design that these items allow: inside twins, or of groups.

    Raises:
        InputError: Too few clusters, or clusters in several arms.
    """
    return group_design(items) if items.pair is None else twin_design(items, items.pair)


def observe(main: Measured, control: Measured | None) -> Observed:
    """Measure every unit with the labels as they are.

    Args:
        main: The contrast.
        control: The same units in the control contrast.
    """
    sides = [(one, design_of(one.items)) for one in (main, control) if one is not None]
    pieces = [_observe(sides, piece) for piece in _pieces(main, len(main.items.label))]
    join = np.concatenate
    difference = Difference(*map(join, zip(*(piece.difference for piece in pieces), strict=True)))
    effect = Effect(*map(join, zip(*(piece.effect for piece in pieces), strict=True)))
    tests = Tests(*map(join, zip(*(piece.tests for piece in pieces), strict=True)))
    controls = [piece.control for piece in pieces if piece.control is not None]
    if not controls:
        return Observed(difference, effect, tests, None)
    shared = Effect(*map(join, zip(*(effect for effect, _ in controls), strict=True)))
    return Observed(difference, effect, tests, (shared, join([t for _, t in controls])))


def shuffle(main: Measured, control: Measured | None, seen: Tests, *, threshold: float, n: int, seed: int) -> Shuffled:
    """Measure every unit under shuffled labels.

    Args:
        main: The contrast.
        control: The control contrast, shuffled on its own.
        seen: t of ``observe``.
        threshold: Joint t from which on shuffled ones are kept.
        n: Shuffles.
        seed: Of the shuffles.
    """
    sides = [(one, design_of(one.items)) for one in (main, control) if one is not None]
    deals = [design.shuffles(n, seed, place) for place, (_, design) in enumerate(sides)]
    as_large = [np.zeros(len(main.values), dtype=np.int64) for _ in range(2)]
    largest = Tests(np.zeros(n), np.zeros(n))
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for piece in _pieces(main, n):
        tests = _tests(
            [
                design.measure_shuffled(design.reduce(finite(one.values[piece], piece.start)), deal)
                for (one, design), deal in zip(sides, deals, strict=True)
            ]
        )
        for counts, most, own, drawn in zip(as_large, largest, seen, tests, strict=True):
            absolute, reached = np.abs(drawn), np.abs(own[piece])[:, None]
            counts[piece] = (absolute >= np.where(np.isinf(reached), reached, reached * (1.0 - 1e-9))).sum(axis=1)
            np.maximum(most, absolute.max(axis=0), out=most)
        units, numbers = np.nonzero(tests.joint() >= threshold)
        kept.append((numbers, tests.itself[units, numbers], tests.beyond[units, numbers]))
    numbers, itself, beyond = (np.concatenate(column) for column in zip(*kept, strict=True))
    return Shuffled((as_large[0], as_large[1]), largest, numbers, Tests(itself, beyond))


def _observe(sides: list[tuple[Measured, Design]], piece: slice) -> Observed:
    reduced = [design.reduce(finite(one.values[piece], piece.start)) for one, design in sides]
    found = [design.measure(values) for (_, design), values in zip(sides, reduced, strict=True)]
    effects = [design.standardise(values) for (_, design), values in zip(sides, reduced, strict=True)]
    control = (effects[1], studentised(found[1])) if len(sides) > 1 else None
    return Observed(found[0], effects[0], _tests(found), control)


def _tests(found: list[Difference]) -> Tests:
    itself = studentised(found[0])
    if len(found) == 1:
        return Tests(itself, itself)
    main, control = found
    return Tests(itself, studentised(Difference(main.value - control.value, np.hypot(main.stderr, control.stderr))))


def _pieces(main: Measured, width: int) -> list[slice]:
    step = max(1, LARGEST_PIECE // max(1, width))
    return [slice(start, start + step) for start in range(0, len(main.values), step)]
