"""Promises of the catalogue. Renders are tiny: they only tell views apart."""

import json
from pathlib import Path

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.objects import CATEGORIES, GROUPS, Object, build_object
from lm_eval_ext.orientation.raytrace import render
from lm_eval_ext.orientation.scene import Placed, Scene

FINGERPRINTS = Path(__file__).parent / "object_fingerprints.json"
FRONTED = [name for name, category in CATEGORIES.items() if category.symmetry == "none"]
ROUND = [name for name, category in CATEGORIES.items() if category.symmetry == "round"]


def all_vertices(made: Object) -> np.ndarray:
    return np.concatenate([part.vertices for part in made.parts])


def view(category: str, facing: float, instance: int = 1) -> np.ndarray:
    scene = Scene(objects=(Placed(category=category, instance=instance, facing=facing),), look=3, pixels=40)
    return np.asarray(render(scene)).astype(float)


def fingerprint(category: str, instance: int) -> list[float]:
    """Faces, extents and spread of an object, and its mean colour by area: what changes when the object changes."""
    made = build_object(category, instance)
    points = all_vertices(made)
    weights = np.array([len(part.faces) for part in made.parts], dtype=float)
    colour = weights @ np.array([part.material.rgb for part in made.parts]) / weights.sum()
    return [*np.ptp(points, axis=0).tolist(), *points.std(axis=0).tolist(), *colour.tolist(), weights.sum() / 1000]


def test_there_are_enough_categories_in_groups_of_unique_names() -> None:
    assert len(FRONTED) >= 24
    assert len(ROUND) >= 3
    assert len(CATEGORIES) == sum(len(group) for group in GROUPS.values())
    assert len({category.label for category in CATEGORIES.values()}) == len(CATEGORIES)


@pytest.mark.parametrize("category", CATEGORIES)
def test_objects_are_normalised_and_sound(category: str) -> None:
    for instance in (0, 1000):
        made = build_object(category, instance)
        points = all_vertices(made)
        low, high = points.min(0), points.max(0)
        assert (high - low).max() == pytest.approx(1.0, abs=1e-5)
        assert low[2] == pytest.approx(0.0, abs=1e-6)
        assert (low + high)[:2] == pytest.approx(0.0, abs=1e-5)
        for part in made.parts:
            assert part.vertices.dtype == np.float32
            assert part.faces.dtype == np.int32
            assert np.isfinite(part.vertices).all()
            assert part.faces.min() >= 0
            assert part.faces.max() < len(part.vertices)
            assert all(0 <= channel <= 1 for channel in (*part.material.rgb, part.material.roughness, part.material.metallic))


@pytest.mark.parametrize("category", CATEGORIES)
def test_same_numbers_give_same_bytes(category: str) -> None:
    first, second = build_object(category, 5), build_object(category, 5)
    for a, b in zip(first.parts, second.parts, strict=True):
        assert a.vertices.tobytes() == b.vertices.tobytes()
        assert a.faces.tobytes() == b.faces.tobytes()
        assert a.material == b.material


@pytest.mark.parametrize("category", CATEGORIES)
def test_instances_differ(category: str) -> None:
    """Four of them; all forty are compared in test_distinct."""
    prints = np.array([fingerprint(category, instance) for instance in range(4)])
    apart = np.abs(prints[:, None] - prints[None]).max(-1)[np.triu_indices(4, 1)]
    assert apart.min() > 0.002
    assert np.median(apart) > 0.04


@pytest.mark.parametrize("category", FRONTED)
def test_front_side_and_rear_look_different(category: str) -> None:
    front, right, rear, left = (view(category, facing) for facing in (0.0, 90.0, 180.0, 270.0))
    for one, other in ((front, right), (front, rear), (right, rear), (right, left)):
        assert np.abs(one - other).max(-1).mean() > 1.2


@pytest.mark.parametrize("category", ROUND)
def test_round_objects_look_the_same_from_all_sides(category: str) -> None:
    first = view(category, 0.0)
    for facing in (37.0, 90.0, 180.0):
        assert np.abs(first - view(category, facing)).mean() < 1.0


def test_objects_keep_their_shape_between_releases() -> None:
    """Golden numbers: when this fails on purpose, raise RENDER_VERSION and write the file anew (see the last lines)."""
    golden = json.loads(FINGERPRINTS.read_text())
    assert golden.keys() == CATEGORIES.keys()
    for category, numbers in golden.items():
        assert fingerprint(category, 0) == pytest.approx(numbers, abs=2e-4), category


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(InputError, match=r"category 'unicorn' is unknown\. Categories: car, bus"):
        build_object("unicorn", 0)


if __name__ == "__main__":
    numbers = {name: [round(number, 4) for number in fingerprint(name, 0)] for name in CATEGORIES}
    FINGERPRINTS.write_text(json.dumps(numbers, indent=1) + "\n")
