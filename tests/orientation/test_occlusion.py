"""What is hidden is measured here on renders, by telling for each pixel which surface a ray meets."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import read_options
from lm_eval_ext.orientation import occlusion
from lm_eval_ext.orientation.camera import camera, place
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.mesh import corners
from lm_eval_ext.orientation.occlusion import LEAST, MOST, covered_share, occluded, silhouette
from lm_eval_ext.orientation.questions import QUESTIONS, Question
from lm_eval_ext.orientation.scene import Picture, Placed, Scene, picture_from_json
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.seeding import stream
from tests.orientation import oracle

CAR = Placed(category="car", instance=2, facing=60.0, tag="A")
PIXELS = 128


def distances(scene: Scene, *objects: Placed) -> np.ndarray:
    """For each pixel, how far a ray through its middle goes until it meets one of the objects; infinite when it meets none."""
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    view, world = camera(replace(scene, pixels=PIXELS)), {"type": "scene"}
    for i, placed in enumerate(objects):
        points = np.concatenate([corners(part.vertices, part.faces)[0] for part in place(placed).parts]).astype(np.float32)
        mesh = mi.Mesh(f"mesh{i}", len(points), len(points) // 3)
        fields = mi.traverse(mesh)
        fields["vertex_positions"], fields["faces"] = points.ravel(), np.arange(len(points), dtype=np.uint32)
        fields.update()
        world[f"mesh{i}"] = mesh
    made, out = mi.load_dict(world), np.full((PIXELS, PIXELS), np.inf)
    focal = PIXELS / 2 / np.tan(np.radians(view.fov / 2))
    for row, column in np.ndindex(out.shape):
        direction = view.axes.T @ np.array([(column + 0.5 - PIXELS / 2) / focal, (PIXELS / 2 - row - 0.5) / focal, 1.0])
        hit = made.ray_intersect_preliminary(mi.Ray3f(view.eye.tolist(), direction.tolist()))
        out[row, column] = hit.t if hit.is_valid() else np.inf
    return out


def hidden_share(scene: Scene) -> float:
    """Share of the pixels of Object A before which another object stands."""
    first, *others = scene.objects
    alone, before = distances(scene, first), distances(scene, *others)
    return float((before < alone)[np.isfinite(alone)].mean())


def options(**more: object) -> object:
    return read_options({"source": "generated", "occlusion": True, "pixels": 32} | more)


@pytest.mark.parametrize("name", ["directional_facing_coarse", "inter_object_direction_granular", "compound_rotation_coarse"])
def test_a_seventh_to_two_fifths_of_object_a_are_hidden(name: str) -> None:
    scenes = [panel for item in list(generate(QUESTIONS[name], 5, 6, occlusion=True))[::2] for panel in read(item.spec).panels]
    shares = [hidden_share(scene) for scene in scenes]
    assert LEAST - 0.005 < min(shares) <= max(shares) < MOST + 0.005
    assert max(shares) - min(shares) > 0.05


def read(spec: str) -> Picture:
    return picture_from_json(spec)


def test_silhouettes_are_what_rays_meet() -> None:
    scene = Scene(objects=(CAR,), look=1)
    mask, met = silhouette(scene, CAR, PIXELS), np.isfinite(distances(scene, CAR))
    assert mask.sum() > 1000
    assert (mask != met).sum() <= 3  # where an edge runs through the middle of a pixel


def test_shares_are_counted_on_the_object_behind() -> None:
    behind, front = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    behind[:2], front[1:, :2] = True, True
    assert covered_share(behind, front) == 2 / 8
    assert covered_share(front, ~front) == 0


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_all_else_stays_as_it_is(question: Question) -> None:
    plain, covered = (list(generate(question, 3, 3, occlusion=hidden)) for hidden in (False, True))
    for before, after in zip(plain, covered, strict=True):
        assert before.model_dump(exclude={"spec", "source_revision"}) == after.model_dump(exclude={"spec", "source_revision"})
        assert before.source_revision != after.source_revision
        panels = [json.loads(item.spec)["panels"] for item in (before, after)]
        for one, other in zip(*panels, strict=True):
            assert other["objects"][:-1] == one["objects"]
            assert one | {"objects": other["objects"]} == other
            added = other["objects"][-1]
            assert added["category"] not in {placed["category"] for placed in one["objects"]}
            assert added["tag"] == ""
            assert not added["dot"]
        assert oracle.answer(question, after.spec, ROUND) == after.answer


ROUND = ("bottle", "bowl", "stool", "traffic_cone", "vase")


def test_panels_that_were_equal_stay_equal() -> None:
    item = next(generate(QUESTIONS["viewer_scene_direction_coarse"], 3, 1, occlusion=True))
    first, second = read(item.spec).panels
    assert first == second
    assert len(first.objects) >= 2


def test_other_objects_are_hidden_in_part_too() -> None:
    question = QUESTIONS["directional_facing_coarse"]
    for item in load_items(question, options(n=3, twins="mirrored,other_view,other_object")):  # pyright: ignore[reportArgumentType]
        scene = read(item.spec).panels[0]
        share = covered_share(silhouette(scene, scene.objects[0]), silhouette(scene, scene.objects[-1]))
        assert LEAST <= share <= MOST, item.item_id


def test_what_cannot_hide_enough_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occlusion, "_TRIES", 30)
    flat = Placed(category="trainer", instance=1, facing=0.0)
    scene = Scene(objects=(Placed(category="stool", instance=0, facing=0.0),), look=1, elevation=60.0)
    with pytest.raises(InputError, match="occlusion: none of trainer hides 15% to 40% of a stool in 30 tries"):
        occluded(Picture(panels=(scene,)), [flat], stream("test"))
