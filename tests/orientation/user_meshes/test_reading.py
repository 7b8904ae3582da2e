"""From a folder of meshes to pictures and answers."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options, read_options
from lm_eval_ext.orientation.camera import outline, place
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS
from lm_eval_ext.orientation.render import cached_path, draw, draw_many, render
from lm_eval_ext.orientation.scene import MeshFile, Placed, Scene, picture_from_json
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.orientation.task import doc_to_image
from lm_eval_ext.orientation.user_meshes.reading import read_meshes
from lm_eval_ext.orientation.user_meshes.store import kept_path
from tests.orientation import oracle
from tests.orientation.mesh_files import glb_of_block, pack_glb, write_cone, write_glb

NAMES = ("block", "packed", "scanned")


def shares(image: PIL.Image.Image) -> dict[str, float]:
    """Share of the picture that each of the block's colours covers."""
    hue, saturation, value = (np.asarray(channel).astype(int) for channel in image.convert("HSV").split())
    clear = (saturation > 150) & (value > 60)
    hues = {"red": 0, "yellow": 43, "green": 85, "blue": 170}
    return {name: float((clear & (np.abs((hue - at + 128) % 256 - 128) < 12)).mean()) for name, at in hues.items()}


def seen(mesh: MeshFile, facing: float) -> set[str]:
    scene = Scene(objects=(Placed(category="block", instance=0, facing=facing, mesh=mesh),), look=329, pixels=64)
    return {name for name, share in shares(render(scene)).items() if share > 0.01}


@pytest.mark.parametrize("name", NAMES)
def test_fronts_point_where_they_are_declared_to(meshes: Path, name: str) -> None:
    """Red front, blue back, green left, yellow right; at 90 the front points to the right edge, so its right side is seen."""
    mesh = read_catalogue(meshes).meshes[name]
    assert [seen(mesh, facing) for facing in (0.0, 90.0, 180.0, 270.0)] == [{"red"}, {"yellow"}, {"blue"}, {"green"}]
    assert seen(mesh, 45.0) == {"red", "yellow"}
    assert seen(mesh, 315.0) == {"red", "green"}


def test_another_declared_front_turns_the_picture(meshes: Path) -> None:
    text = (meshes / "objects.yaml").read_text().replace('file: block.obj, front: "+x"', 'file: block.obj, front: "-y"')
    (meshes / "objects.yaml").write_text(text)
    mesh = read_catalogue(meshes).meshes["block"]
    assert [seen(mesh, facing) for facing in (0.0, 90.0, 180.0, 270.0)] == [{"yellow"}, {"blue"}, {"green"}, {"red"}]


def test_textures_are_upright(meshes: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4, :4], pixels[:4, 4:], pixels[4:, :4], pixels[4:, 4:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
    data = io.BytesIO()
    PIL.Image.fromarray(pixels).save(data, "PNG")
    (meshes / "deep" / "block.glb").write_bytes(pack_glb(*glb_of_block(picture=data.getvalue())))
    mesh = read_catalogue(meshes).meshes["packed"]
    placed = Placed(category="packed", instance=0, facing=0.0, mesh=mesh)
    scene = Scene(objects=(placed,), look=329, elevation=0.0, fov=15.0, pixels=96)
    box, shown = outline(scene, placed), render(scene)
    wide, tall = (box.right - box.left) / 2, (box.bottom - box.top) / 2
    corners = [(box.left + column * wide, box.top + row * tall) for row in (0, 1) for column in (0, 1)]
    quarters = [shown.crop((round(x + 4), round(y + 4), round(x + wide - 4), round(y + tall - 4))) for x, y in corners]
    assert [max(shares(quarter), key=shares(quarter).__getitem__) for quarter in quarters] == ["red", "green", "blue", "yellow"]


def test_objects_stand_on_the_ground_and_have_a_size_of_one(meshes: Path) -> None:
    for name, mesh in read_catalogue(meshes).meshes.items():
        points = np.concatenate(
            [part.vertices for part in place(Placed(category=name, instance=0, facing=90.0, mesh=mesh)).parts]
        )
        low, high = points.min(0), points.max(0)
        assert (high - low).max() == pytest.approx(1, abs=1e-5)
        assert low[2] == pytest.approx(0, abs=1e-6)


def test_meshes_join_the_objects_or_take_their_place(meshes: Path) -> None:
    alone = read_catalogue(meshes)
    assert (alone.fronted, alone.round) == (NAMES, ("cone",))
    (meshes / "objects.yaml").write_text((meshes / "objects.yaml").read_text().replace("meshes_only: true", ""))
    joined = read_catalogue(meshes)
    assert set(joined.fronted) == {*read_catalogue().fronted, *NAMES}
    assert set(joined.round) == {*read_catalogue().round, "cone"}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_answers_are_exact_and_only_round_meshes_have_none(meshes: Path, question) -> None:
    items = list(generate(question, 3, 30, catalogue=read_catalogue(meshes)))
    assert {item.answer for item in items} == set(question.truths)
    for item in items:
        assert oracle.answer(question, item.spec, ("cone",)) == item.answer
        objects = [placed for panel in json.loads(item.spec)["panels"] for placed in panel["objects"]]
        assert all(placed["mesh"]["file"] and placed["instance"] == 0 for placed in objects)
        assert item.cluster_id in {f"{name}-0" for name in (*NAMES, "cone")}
        asked = objects[:2] if question.type == "inter_object_direction" else objects[:1]
        assert (item.answer == CANNOT) == ("cone" in {placed["category"] for placed in asked}) or not question.truths.count(
            CANNOT
        )


def test_specs_read_back_and_name_the_content(meshes: Path) -> None:
    item = load_items(QUESTIONS["directional_facing_coarse"], options(meshes, n=1))[0]
    picture = picture_from_json(item.spec)
    mesh = picture.panels[0].objects[0].mesh
    assert mesh == read_catalogue(meshes).meshes[picture.panels[0].objects[0].category]
    assert doc_to_image({"spec": item.spec})[0].tobytes() == draw(picture).tobytes()


def options(meshes: Path, **more: object) -> Options:
    return read_options({"source": "generated", "meshes": str(meshes), "pixels": 32, **more})


def test_the_same_files_elsewhere_give_the_same_items_and_pictures(meshes: Path, tmp_path: Path) -> None:
    shutil.copytree(meshes, tmp_path / "elsewhere")
    question = QUESTIONS["single_axis_rotation_granular"]
    first, second = (load_items(question, options(folder, n=3)) for folder in (meshes, tmp_path / "elsewhere"))
    assert first == second
    assert str(tmp_path) not in first[0].model_dump_json()
    expected = draw(picture_from_json(first[0].spec)).tobytes()
    shutil.rmtree(tmp_path / "cache")
    place.cache_clear()
    load_items(question, options(tmp_path / "elsewhere", n=1))
    assert draw(picture_from_json(first[0].spec)).tobytes() == expected


def test_a_changed_file_gives_another_set_and_is_refused_for_the_old_one(meshes: Path, tmp_path: Path) -> None:
    question = QUESTIONS["directional_facing_coarse"]
    before = next(item for item in load_items(question, options(meshes, n=9)) if item.factors["category"] == "packed")
    write_glb(meshes / "deep" / "block.glb")
    assert load_items(question, options(meshes, n=9))[0].source_revision == before.source_revision
    header, body = glb_of_block()
    header["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [0.0, 1.0, 1.0, 1.0]
    (meshes / "deep" / "block.glb").write_bytes(pack_glb(header, body))
    place.cache_clear()
    shutil.rmtree(tmp_path / "cache")
    after = load_items(question, options(meshes, n=9))[0]
    assert after.source_revision != before.source_revision
    with pytest.raises(InputError, match=r"mesh 'deep/block.glb' with sha256 .* is not among the meshes read on this machine"):
        draw(picture_from_json(before.spec))


def test_a_declared_hash_holds_the_file(meshes: Path) -> None:
    known = read_catalogue(meshes).meshes["scanned"].sha256
    text = (meshes / "objects.yaml").read_text()
    (meshes / "objects.yaml").write_text(text.replace("file: block.ply,", f"file: block.ply, sha256: {known},"))
    assert read_catalogue(meshes).meshes["scanned"].sha256 == known
    (meshes / "block.ply").write_text((meshes / "block.ply").read_text().replace(" 255 0 0", " 250 0 0"))
    with pytest.raises(InputError, match=rf"mesh 'block.ply' has sha256 [0-9a-f]{{64}}, not {known[:12]}"):
        read_catalogue(meshes)


def test_names_of_our_own_objects_are_refused(meshes: Path) -> None:
    (meshes / "objects.yaml").write_text((meshes / "objects.yaml").read_text().replace("name: cone", "name: bottle"))
    with pytest.raises(InputError, match="mesh 'bottle' has the name of one of the package's own objects"):
        read_meshes(meshes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'file: block.obj, front: "+x", up: "+z", symmetry: none',
            'file: block.obj, up: "+z", symmetry: round',
            "is declared round",
        ),
        (
            'file: cone.obj, up: "+z", symmetry: round',
            'file: cone.obj, front: "+x", up: "+z", symmetry: none',
            "looks the same turned",
        ),
        ('file: cone.obj, up: "+z"', 'file: cone.obj, up: "+x"', "'cone' is declared round, but looks different turned by 37"),
    ],
)
def test_a_mesh_that_does_not_look_as_declared_is_refused(meshes: Path, old: str, new: str, message: str) -> None:
    text = (meshes / "objects.yaml").read_text()
    assert old in text
    (meshes / "objects.yaml").write_text(text.replace(old, new).replace("meshes_only: true", ""))
    with pytest.raises(InputError, match=message):
        read_meshes(meshes)


def test_a_coarse_round_mesh_is_round_enough(meshes: Path) -> None:
    write_cone(meshes / "cone.obj", sides=16)
    assert "cone" in read_catalogue(meshes).round


def test_a_damaged_kept_mesh_is_read_again(meshes: Path) -> None:
    mesh = read_catalogue(meshes).meshes["block"]
    expected = render(Scene(objects=(Placed(category="block", instance=0, facing=10.0, mesh=mesh),), look=1, pixels=24)).tobytes()
    data = bytearray(kept_path(mesh.sha256).read_bytes())
    data[len(data) // 2] ^= 255
    kept_path(mesh.sha256).write_bytes(data)
    place.cache_clear()
    read_catalogue(meshes)
    again = render(Scene(objects=(Placed(category="block", instance=0, facing=10.0, mesh=mesh),), look=1, pixels=24))
    assert again.tobytes() == expected


def test_every_part_of_a_mesh_names_another_picture(meshes: Path) -> None:
    picture = picture_from_json(load_items(QUESTIONS["directional_facing_coarse"], options(meshes, n=1))[0].spec)
    scene = picture.panels[0]
    mesh = scene.objects[0].mesh
    assert mesh is not None
    others = [
        replace(mesh, sha256="0" * 64),
        replace(mesh, front=(0.0, 1.0, 0.0)),
        replace(mesh, up=(0.0, 0.0, -1.0)),
        replace(mesh, colour="#00ff00"),
    ]
    pictures = [
        replace(picture, panels=(replace(scene, objects=(replace(scene.objects[0], mesh=other),)),)) for other in (mesh, *others)
    ]
    assert len({cached_path(made) for made in pictures}) == 5


def test_other_processes_draw_the_same_meshes(meshes: Path) -> None:
    items = load_items(QUESTIONS["directional_facing_coarse"], options(meshes, n=4))
    pictures = [picture_from_json(item.spec) for item in items]
    for picture, path in zip(pictures, draw_many(pictures, workers=2, progress=False), strict=True):
        assert np.asarray(PIL.Image.open(path)).tobytes() == draw(picture).tobytes()


def test_meshes_are_for_generated_items_and_other_objects_need_enough_of_them(meshes: Path) -> None:
    question = QUESTIONS["directional_facing_coarse"]
    with pytest.raises(InputError, match="meshes, occlusion and levels=shared are for generated items; source is hub"):
        load_items(question, Options(meshes=meshes))
    with pytest.raises(
        InputError, match=r"other_object needs three meshes with a front and three round ones. There are 3 .* 1 round"
    ):
        load_items(question, options(meshes, twins="other_object"))
    with pytest.raises(InputError, match="occlusion needs five meshes"):
        load_items(question, options(meshes, occlusion=True))
