"""What is asked of an embedding: factors, each with a role, and which of them can be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num

from lm_eval_ext.errors import InputError

FEWEST_GROUPS = 5
"""A level seen in fewer groups than this cannot be held out fairly."""


@dataclass(frozen=True)
class Factor:
    """One property of every picture.

    Attributes:
        name: As printed.
        values: Integer levels, or degrees for an angle.
        role: Name of the block that should hold it (``semantic``, ``geometric``, ``perceptual``); None for a nuisance.
        kind: ``levels`` are probed with a logistic regression, an ``angle`` as (cos, sin) with a ridge regression.
    """

    name: str
    values: Num[np.ndarray, "n"]
    role: str | None = None
    kind: Literal["levels", "angle"] = "levels"

    @property
    def levels(self) -> Int[np.ndarray, "n"]:
        """Levels numbered from 0; of an angle, its eighth of the circle."""
        values = np.floor(self.values % 360.0 / 45.0) if self.kind == "angle" else self.values
        return np.unique(values, return_inverse=True)[1].astype(np.int64)

    @property
    def circle(self) -> Float[np.ndarray, "n 2"]:
        """(cos, sin) of an angle given in degrees."""
        radians = np.deg2rad(self.values)
        return np.stack([np.cos(radians), np.sin(radians)], axis=1)


class Usable(NamedTuple):
    """Factors that can be asked, and why others cannot."""

    factors: list[Factor]
    skipped: dict[str, str]


def usable_factors(factors: Sequence[Factor], groups: Int[np.ndarray, "m"]) -> Usable:
    """Leave out factors with a level in fewer than five groups, with the reason.

    Args:
        factors: One value per row each.
        groups: Object, scene or picture of each row: what is held out together.

    Raises:
        InputError: A factor is constant, has another length, a name twice, or values that are not numbers; or none is left.
    """
    names = [factor.name for factor in factors]
    if len(set(names)) < len(names):
        raise InputError(f"factor names {names} are not distinct. Rename one.")
    kept: list[Factor] = []
    skipped: dict[str, str] = {}
    for factor in factors:
        rare = _rarest(factor, groups)
        if rare is None:
            kept.append(factor)
        else:
            skipped[factor.name] = rare
    if not kept:
        raise InputError(f"no factor can be asked: {skipped}. Give more groups per level, or merge rare levels.")
    return Usable(kept, skipped)


def _rarest(factor: Factor, groups: Int[np.ndarray, "m"]) -> str | None:
    if len(factor.values) != len(groups):
        raise InputError(f"factor {factor.name!r} has {len(factor.values)} values for {len(groups)} rows. Give one per row.")
    if not np.isfinite(factor.values).all():
        raise InputError(f"factor {factor.name!r} has values that are not finite. Remove those rows.")
    if np.ptp(factor.values) == 0:
        raise InputError(
            f"factor {factor.name!r} is constant ({factor.values[0]}), so nothing can be said about it. Leave it out."
        )
    levels = factor.levels
    counts = [len(np.unique(groups[levels == level])) for level in range(int(levels.max()) + 1)]
    if min(counts) >= FEWEST_GROUPS:
        return None
    named = "an eighth of the circle" if factor.kind == "angle" else f"level {factor.values[levels == int(np.argmin(counts))][0]}"
    return f"{named} is seen in {min(counts)} groups, {FEWEST_GROUPS} are needed"
