"""How a contrast is counted: what it measures of many units at once, and again with shuffled labels."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float


class Difference(NamedTuple):
    """Difference of the arms and its clustered standard error; per unit, or per unit and shuffle."""

    value: Float[np.ndarray, "..."]
    stderr: Float[np.ndarray, "..."]


class Effect(NamedTuple):
    """Standardised difference and its standard error, per unit; nan where nothing varies."""

    value: Float[np.ndarray, "u"]
    stderr: Float[np.ndarray, "u"]


@runtime_checkable
class Design(Protocol):
    """How a contrast is counted. ``reduced`` values are those of ``reduce``: one column per twin, or per cluster."""

    @property
    def n(self) -> int:
        """Twins, or clusters."""
        ...

    @property
    def n_clusters(self) -> int:
        """Clusters."""
        ...

    @property
    def n_unpaired(self) -> int:
        """Items that count for nothing, their twin being missing."""
        ...

    @property
    def degrees(self) -> float:
        """Degrees of freedom of t."""
        ...

    @property
    def smallest_p(self) -> float:
        """Of all shuffles, the share that differs as much as arms that are wholly apart."""
        ...

    def reduce(self, values: Float[np.ndarray, "u n"]) -> Float[np.ndarray, "u k"]:
        """What the design counts, of items in double precision."""
        ...

    def measure(self, reduced: Float[np.ndarray, "u k"]) -> Difference:
        """Difference with the labels as they are."""
        ...

    def standardise(self, reduced: Float[np.ndarray, "u k"]) -> Effect:
        """Difference in standard deviations."""
        ...

    def shuffles(self, n: int, *name: object) -> Float[np.ndarray, "c p"]:
        """Shuffled labels, one column per shuffle, from a stream of that name."""
        ...

    def measure_shuffled(self, reduced: Float[np.ndarray, "u k"], shuffles: Float[np.ndarray, "c p"]) -> Difference:
        """Difference under each shuffle."""
        ...


def studentised(found: Difference) -> Float[np.ndarray, "..."]:
    """t: the difference over its standard error; infinite where every cluster shows the same one, 0 where there is none."""
    exact = found.stderr <= 1e-7 * np.abs(found.value)  # rounding, not variation
    sign = np.sign(found.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(exact, sign * np.inf, found.value / found.stderr)
    return np.where(sign == 0.0, 0.0, t)
