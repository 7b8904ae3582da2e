"""What a category is, and the list of all of them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lm_eval_ext.orientation.mesh import Part, Vertices

Symmetry = Literal["none", "round"]


@dataclass(frozen=True)
class Category:
    """A kind of object.

    Attributes:
        name: Identifier in specs, such as ``traffic_cone``.
        label: What a person calls one, without an article: "traffic cone".
        symmetry: "none" has a clear front, "round" looks the same from all sides, so that its facing cannot be determined.
        build: Makes the parts of one instance, in any size and place, front +x, left +y, up +z.
    """

    name: str
    label: str
    symmetry: Symmetry
    build: Callable[[random.Random], list[Part]]


@dataclass(frozen=True, eq=False)
class Object:
    """One instance: front +x, left +y, up +z, longest side 1, standing on z = 0 and centred in x and y."""

    parts: tuple[Part, ...]

    @property
    def height(self) -> float:
        """Highest point above the ground."""
        return max(float(part.vertices[:, 2].max()) for part in self.parts)

    def with_vertices(self, vertices: Sequence[Vertices]) -> "Object":
        """The same parts at other places."""
        return Object(tuple(replace(part, vertices=v.astype(np.float32)) for part, v in zip(self.parts, vertices, strict=True)))


def normalised(parts: Sequence[Part]) -> Object:
    """Scaled so that the longest side is 1, centred in x and y, standing on z = 0."""
    everything = np.concatenate([part.vertices for part in parts]).astype(float)
    low, high = everything.min(0), everything.max(0)
    shift = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    made = Object(tuple(parts))
    return made.with_vertices([(part.vertices - shift) / (high - low).max() for part in parts])
