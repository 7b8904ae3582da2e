"""Exact poses: what an angle in a spec means in pixels. No renderer is involved."""

import random

import numpy as np
import pytest

from lm_eval_ext.orientation.camera import camera, outline, place, turned
from lm_eval_ext.orientation.objects import CATEGORIES
from lm_eval_ext.orientation.scene import Placed, Scene


def step(scene: Scene, direction: np.ndarray) -> np.ndarray:
    """Where the picture of a point above the ground goes when the point moves along a direction of the world."""
    start = np.array([0.0, 0.0, 0.3])
    before, after = camera(scene).project(np.stack([start, start + 0.1 * direction]))
    return after - before


def scene_of(*placed: Placed, **fields: float) -> Scene:
    return Scene(objects=placed, look=0, **fields)


CAR = Placed(category="car", instance=0, facing=0.0)


@pytest.mark.parametrize(
    ("facing", "right", "toward"), [(0, 0, 1), (45, 1, 1), (90, 1, 0), (180, 0, -1), (225, -1, -1), (270, -1, 0)]
)
def test_the_front_points_where_facing_says(facing: float, right: int, toward: int) -> None:
    across, down = step(scene_of(CAR, elevation=30.0), turned(float(facing)) @ [1, 0, 0])
    assert np.sign(across.round(6)) == right
    # Seen from above, what comes nearer goes down in the picture.
    assert np.sign(down) == toward or toward == 0


def test_the_left_of_what_faces_the_camera_is_at_the_pictures_right() -> None:
    across, _ = step(scene_of(CAR), turned(0.0) @ [0, 1, 0])
    assert across > 0


def test_positive_pitch_leans_the_top_toward_the_camera() -> None:
    for facing in (0.0, 90.0, 200.0):
        top = turned(facing, 20.0) @ [0, 0, 1]
        assert top[1] < 0
        assert top[0] == pytest.approx(0)


def test_turning_clockwise_seen_from_above_lowers_facing() -> None:
    x, y, _ = turned(90.0) @ [1, 0, 0]
    after = turned(60.0) @ [1, 0, 0]
    assert x * after[1] - y * after[0] < 0  # negative cross product: clockwise


def test_right_and_depth_are_the_cameras() -> None:
    scene = scene_of(CAR)
    across, down = step(scene, np.array([1.0, 0.0, 0.0]))
    assert across > 0
    assert down == pytest.approx(0)
    _, down = step(scene, np.array([0.0, 1.0, 0.0]))
    assert down < 0


def test_the_camera_looks_at_the_middle_from_its_elevation() -> None:
    for elevation in (0.0, 20.0, 60.0):
        made = camera(scene_of(CAR, elevation=elevation))
        assert made.project(made.target[None])[0] == pytest.approx([128, 128])
        away = made.eye - made.target
        assert np.degrees(np.arctan2(away[2], -away[1])) == pytest.approx(elevation)


def test_an_object_stands_on_the_ground_however_it_is_tipped() -> None:
    for pitch in (0.0, 30.0, 90.0, 180.0, -135.0):
        made = place(Placed(category="horse", instance=3, facing=50.0, pitch=pitch, size=2.0, right=1.0, depth=-0.5))
        points = np.concatenate([part.vertices for part in made.parts])
        assert points[:, 2].min() == pytest.approx(0, abs=1e-5)
        assert np.ptp(points, axis=0).max() <= 2.0 * 3**0.5


def test_everything_placed_stays_in_view_and_of_good_size() -> None:
    rng = random.Random(5)
    sizes: list[float] = []
    for category in CATEGORIES:
        for _ in range(2):
            pitch = rng.choice([0.0, 90.0, 180.0, -45.0])
            placed = Placed(category=category, instance=rng.randrange(40), facing=rng.uniform(0, 360), pitch=pitch)
            box = outline(scene_of(placed, elevation=rng.uniform(0, 60), fov=rng.uniform(15, 70)), placed)
            assert min(box.left, box.top, 255 - box.right, 255 - box.bottom) > 3
            sizes.append(max(box.right - box.left, box.bottom - box.top) / 256)
    assert 0.4 < np.median(sizes) < 0.7


def test_two_objects_side_by_side_stay_in_view() -> None:
    rng = random.Random(6)
    for _ in range(12):
        names = rng.sample(list(CATEGORIES), 2)
        both = tuple(
            Placed(category=name, instance=1, facing=rng.uniform(0, 360), right=side, depth=rng.uniform(-0.2, 0.4))
            for name, side in zip(names, (-0.7, 0.7), strict=True)
        )
        scene = scene_of(*both, elevation=rng.uniform(5, 40), fov=rng.uniform(22, 50))
        for placed in both:
            box = outline(scene, placed)
            assert min(box.left, box.top, 255 - box.right, 255 - box.bottom) > 0


def test_turning_an_upright_object_does_not_move_the_camera() -> None:
    first, second = (camera(scene_of(Placed(category="sofa", instance=2, facing=facing))) for facing in (10.0, 300.0))
    assert first.eye == pytest.approx(second.eye)
