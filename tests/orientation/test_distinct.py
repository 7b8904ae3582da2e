"""The 40 test instances of a category are 40 objects: in numbers of their parts, and in small renders.

``python -m tests.orientation.test_distinct`` prints the least distances of each category.
"""

import sys
from itertools import combinations, starmap

import numpy as np
import pytest

from lm_eval_ext.orientation.contact_sheet import INSTANCES, LOOK, instances
from lm_eval_ext.orientation.objects import CATEGORIES, Object, build_object
from lm_eval_ext.orientation.objects.colours import to_display
from lm_eval_ext.orientation.raytrace import render
from lm_eval_ext.orientation.scene import Scene

SHAPE, COLOUR, MATERIAL, SEEN = 0.05, 0.1, 0.2, 2.0
"""What is clear: a vertex moved by a twentieth of the longest side; a display colour of a part by a tenth of the scale; roughness
or metal of a part by a fifth; pixels of a small render by 2 of 255 on average (turning a round object gives up to 0.5)."""


def apart(first: Object, second: Object) -> float:
    """How far two objects are from each other, in units of what is clear to see; 10 when they have other parts, and at most."""
    pairs = list(zip(first.parts, second.parts, strict=False))
    if len(first.parts) != len(second.parts) or any(a.vertices.shape != b.vertices.shape for a, b in pairs):
        return 10.0
    shape = max(float(np.linalg.norm(a.vertices - b.vertices, axis=1).max()) for a, b in pairs)
    colours = [np.array([part.material.rgb for part in made.parts]) for made in (first, second)]
    colour = float(np.abs(to_display(colours[0]) - to_display(colours[1])).max())
    finish = [np.array([(part.material.roughness, part.material.metallic) for part in made.parts]) for made in (first, second)]
    material = float(np.abs(finish[0] - finish[1]).max())
    return min(10.0, max(shape / SHAPE, colour / COLOUR, material / MATERIAL))


def distances(category: str) -> np.ndarray:
    """Of all pairs of test instances."""
    made = [build_object(category, number) for number in range(INSTANCES)]
    return np.array(list(starmap(apart, combinations(made, 2))))


def seen_distances(category: str) -> np.ndarray:
    """Mean difference of small renders of all pairs in the part of the picture that the objects fill, in units of ``SEEN``."""
    scenes = (Scene(objects=(placed,), look=LOOK, fov=30.0, pixels=48) for placed, _ in instances(category))
    views = [np.asarray(render(scene))[8:40, 8:40].astype(float) for scene in scenes]
    return np.array([np.abs(one - other).mean() / SEEN for one, other in combinations(views, 2)])


@pytest.mark.slow  # 60 s in all
@pytest.mark.parametrize("category", CATEGORIES)
def test_instances_differ_in_shape_colour_or_material(category: str) -> None:
    numbers = distances(category)
    # The nearest of all are two white washing machines of almost one size; they are two all the same.
    assert numbers.min() > 0.03
    assert np.median(numbers) > 2
    # White washing machines again: a fifth of their pairs; the next are ducks, with a tenth.
    assert (numbers < 1).mean() < (0.2 if category == "washing_machine" else 0.1)


@pytest.mark.timeout(900)
@pytest.mark.slow  # 100 s
def test_instances_differ_in_numbers_or_to_the_eye() -> None:
    least = {category: np.maximum(distances(category), seen_distances(category)) for category in CATEGORIES}
    assert min(clear.min() for clear in least.values()) > 0.4
    # Of 30,420 pairs: 13 of ducks, which come in three colours, and at most 4 of any other category.
    assert sum((clear < 1).sum() for clear in least.values()) <= 30
    assert max((clear < 1).sum() for clear in least.values()) <= 14


if __name__ == "__main__":
    for name in CATEGORIES:
        least = [distances(name), seen_distances(name)]
        both = np.maximum(*least)
        cells = [name, *(f"{found.min():.2f}" for found in (*least, both)), str((both < 1).sum())]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
