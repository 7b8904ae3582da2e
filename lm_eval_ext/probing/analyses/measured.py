"""What was measured of every unit on every item, and which items are set against which."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.errors import InputError


@dataclass(frozen=True)
class Items:
    """Items of a binary contrast. Either twins are compared, or groups of whole clusters.

    Attributes:
        label: The arm of each item: True for the arm whose excess is positive (reasoning), False for the other (recall).
        cluster: Number of the sampled unit (fact, entity) behind each item.
        pair: Number of the twin of each item; its arms are averaged inside it, and a twin without both arms does not count.
            None: groups are compared, every cluster lies in one arm and weighs alike.
        block: Number of the template of each item, for groups: labels are compared and shuffled only inside a block. None: one.
    """

    label: Bool[np.ndarray, "n"]
    cluster: Int[np.ndarray, "n"]
    pair: Int[np.ndarray, "n"] | None = None
    block: Int[np.ndarray, "n"] | None = None

    def __post_init__(self) -> None:
        given = {"cluster": self.cluster, "pair": self.pair, "block": self.block}
        for name, numbers in given.items():
            if numbers is not None and len(numbers) != len(self.label):
                raise InputError(f"{len(self.label)} labels came with {len(numbers)} {name} numbers. Give one per item.")
        if self.pair is not None and self.block is not None:
            raise InputError("block and pair were both given; twins are compared inside the pair already. Leave block out.")

    def part(self, kept: Bool[np.ndarray, "n"]) -> "Items":
        """The items that are kept.

        Args:
            kept: True for those.
        """
        pair = None if self.pair is None else self.pair[kept]
        block = None if self.block is None else self.block[kept]
        return replace(self, label=self.label[kept], cluster=self.cluster[kept], pair=pair, block=block)


@dataclass(frozen=True)
class Measured:
    """One number per unit (layer, head, neuron) and item.

    Attributes:
        values: On any scale, one row per unit; may be memory-mapped, and of any float type.
        items: Of the columns.
    """

    values: Float[np.ndarray, "u n"]
    items: Items

    def __post_init__(self) -> None:
        if not len(self.values):
            raise InputError("there are no units to compare. Measure at least one layer, head or neuron.")
        if self.values.shape[1] != len(self.items.label):
            raise InputError(
                f"values of {self.values.shape[1]} items came with {len(self.items.label)} labels. Give one per item."
            )


def finite(values: Float[np.ndarray, "u n"], first: int) -> Float[np.ndarray, "u n"]:
    """Values in double precision.

    Args:
        values: Of some units.
        first: Number of the first of them, for the message.

    Raises:
        InputError: One is not finite.
    """
    doubles = np.asarray(values, dtype=np.float64)
    if not np.isfinite(doubles).all():
        unit, item = np.argwhere(~np.isfinite(doubles))[0]
        raise InputError(
            f"unit {first + unit}, item {item} is {doubles[unit, item]}; measurements are finite. Leave out what has no value."
        )
    return doubles
