"""Damaged, hostile and unusual mesh files; what sound ones look like is in test_reading."""

import builtins
import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.mesh import Part
from lm_eval_ext.orientation.user_meshes import importing
from lm_eval_ext.orientation.user_meshes.importing import read_parts
from lm_eval_ext.orientation.user_meshes.sources import MeshSource, read_source
from tests.orientation.mesh_files import SIDES, SIZE, Y_UP, glb_of_block, pack_glb, quad, write_glb, write_obj, write_ply


def of_bytes(data: bytes, file: str = "a.glb") -> tuple[Part, ...]:
    return read_parts(MeshSource(file=file, data=data, companions={}, pictures=(), sha256=""))


def changed_glb(change: Any) -> bytes:
    header, body = glb_of_block()
    change(header)
    return pack_glb(header, body)


@pytest.mark.parametrize("kind", ["mtl", "vertex", "ply", "glb"])
def test_every_format_gives_the_same_sides(tmp_path: Path, kind: str) -> None:
    name = {"ply": "a.ply", "glb": "a.glb"}.get(kind, "a.obj")
    write = {"ply": write_ply, "glb": write_glb}.get(kind) or (lambda path: write_obj(path, colours=kind))
    write(tmp_path / name)
    parts = read_parts(read_source(tmp_path, name))
    turn = Y_UP if kind == "glb" else np.eye(3)
    found: dict[tuple, list[np.ndarray]] = {}
    for part in parts:
        corners = part.vertices[part.faces.ravel()] @ turn
        colours = np.repeat([part.material.rgb], len(corners), axis=0) if part.coat is None else part.coat.corners
        for corner, colour in zip(corners, colours.round(3).tolist(), strict=True):
            found.setdefault(tuple(colour), []).append(corner)
    assert len(found) == len(SIDES)
    for normal, rgb in SIDES.values():
        middle = np.mean(found[tuple(map(float, rgb))], axis=0)
        assert middle == pytest.approx(normal * SIZE / 2, abs=1e-6)
        assert len(found[tuple(map(float, rgb))]) == 6
    assert sum(len(part.faces) for part in parts) == 12


def test_corners_are_joined_so_that_smooth_things_stay_smooth(tmp_path: Path) -> None:
    """A file may list a vertex once for each face; shading needs them to be one."""
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    rows = [points[i] for face in ((0, 1, 2), (0, 2, 3)) for i in face]
    lines = [f"v {x} {y} {z}" for x, y, z in rows] + ["f 1 2 3", "f 4 5 6", "f 1 1 2"]
    (part,) = of_bytes("\n".join(lines).encode(), "a.obj")
    assert len(part.vertices) == 4
    assert len(part.faces) == 2  # the empty triangle is gone


def test_nodes_place_their_meshes(tmp_path: Path) -> None:
    def two(header: dict) -> None:
        header["nodes"] = [{"children": [1, 2]}, {"mesh": 0}, {"mesh": 0, "translation": [0, 0, 3], "scale": [-1, 1, 1]}]

    parts = of_bytes(changed_glb(two))
    points = np.concatenate([part.vertices for part in parts])
    assert sum(len(part.faces) for part in parts) == 24
    # Length 1 and a gap of 2 along z; everything is scaled to a longest side of 1.
    assert np.ptp(points, axis=0) == pytest.approx(np.array([0.7, 0.6, 4.0]) / 4, abs=1e-6)


def test_far_from_the_origin_nothing_is_lost() -> None:
    lines = [f"v {x + 4e6} {y - 7e6} {z}" for x, y, z in np.concatenate([quad(normal) for normal, _ in SIDES.values()])]
    lines += [f"f {4 * i + 1} {4 * i + 2} {4 * i + 3} {4 * i + 4}" for i in range(6)]
    (part,) = of_bytes("\n".join(lines).encode(), "a.obj")
    assert np.ptp(part.vertices, axis=0) == pytest.approx(SIZE, abs=1e-6)


def test_a_texture_is_scaled_down_and_tinted() -> None:
    picture = io.BytesIO()
    PIL.Image.new("RGB", (2000, 500), "white").save(picture, "PNG")
    header, body = glb_of_block(picture=picture.getvalue())
    header["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [1.0, 0.0, 0.5, 1.0]
    textured = [part for part in of_bytes(pack_glb(header, body)) if part.coat is not None]
    assert len(textured) == 1
    assert textured[0].coat is not None
    image = textured[0].coat.image
    assert image is not None
    assert image.shape == (256, 1024, 3)
    assert image[0, 0].tolist() == pytest.approx([255, 0, 188], abs=1)  # half the light is 188 of 255 on a display


HEADERS = [
    (lambda h: h["buffers"][0].update(uri="block.bin"), "keeps a part outside"),
    (lambda h: h["buffers"][0].update(uri="data:application/octet-stream;base64,AAAA"), "keeps a part outside"),
    (lambda h: h.update(images=[{"uri": "https://example.org/a.png"}]), "keeps a part outside"),
    (lambda h: h["buffers"].append({"byteLength": 4}), "keeps a part outside"),
    (lambda h: h.update(extensionsRequired=["KHR_draco_mesh_compression"]), "needs the extension KHR_draco_mesh_compression"),
    (lambda h: h["accessors"][0].pop("bufferView"), "data with gaps"),
    (lambda h: h["accessors"][0].update(count=2_000_000_000), "over 3,000,000 values"),
    (lambda h: h["accessors"][0].update(count=-1), "data with gaps"),
    (lambda h: h["accessors"][0].update(sparse={"count": 1}), "data with gaps"),
    (lambda h: h["meshes"][0]["primitives"][0].update(mode=0), "has points, lines or fans"),
    (lambda h: h.update(nodes=[{"mesh": 0}] * 10_001), "over 10,000 nodes"),
    (lambda h: h.update(nodes=[{"children": [1, 1]}, {"mesh": 0}]), "two parents"),
    (lambda h: h.update(nodes=[{"mesh": 0, "children": [0, 0]}]), "two parents"),
    (lambda h: h["bufferViews"][0].update(byteLength=10**9), "can't be read|damaged"),
    (lambda h: h["meshes"][0]["primitives"][0]["attributes"].pop("POSITION"), "can't be read"),
    (lambda h: h["meshes"][0]["primitives"][0].update(indices=77), "can't be read"),
    (lambda h: h.update(meshes=7), "damaged GLB"),
    (lambda h: h.pop("meshes"), "damaged GLB"),
    (lambda h: h.update(nodes=[{"mesh": 0, "scale": [0, 0, 0]}]), "extent of 0"),
    (lambda h: h.update(nodes=[{"mesh": 0, "scale": [1e300, 1e300, 1e300]}]), "extent of|no numbers"),
    (lambda h: h.update(nodes=[{"mesh": 0, "translation": [float("nan"), 0, 0]}]), "no numbers|damaged"),
    (lambda h: h.update(nodes=[{}]), "no triangles"),
]


@pytest.mark.parametrize(("change", "message"), HEADERS)
def test_unsound_glb_files_are_refused(change: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        of_bytes(changed_glb(change))


def test_repeated_nodes_count_as_often_as_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_FACES", 1000)

    def many(header: dict) -> None:
        header["nodes"] = [{"children": list(range(1, 101))}, *[{"mesh": 0} for _ in range(100)]]

    with pytest.raises(InputError, match="has 1,200 triangles, more than 1,000"):
        of_bytes(changed_glb(many))


def test_huge_pictures_are_refused_before_they_are_decoded() -> None:
    ihdr = struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", ihdr), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    packed = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks]
    with pytest.raises(InputError, match=r"picture 0 of mesh 'a.glb' .*(too large|60000 x 60000 pixels)"):
        of_bytes(pack_glb(*glb_of_block(picture=b"\x89PNG\r\n\x1a\n" + b"".join(packed))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\n", "points or lines|no triangles"),
        ("v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "no numbers|can't be read"),
        ("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n", "no triangle with an area"),
        ("v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n", "extent of 0"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "don't exist|can't be read"),
        ("no mesh at all", "no triangles|can't be read"),
    ],
)
def test_unsound_obj_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        of_bytes(text.encode(), "a.obj")


def test_comments_name_no_files() -> None:
    (part,) = of_bytes(b"# mtllib nowhere.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "a.obj")
    assert len(part.faces) == 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_mesh_or_one_line(data: st.DataObject) -> None:
    whole = bytearray(pack_glb(*glb_of_block()))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        said = f"{len(of_bytes(bytes(whole)))} parts"
    except InputError as error:
        said = str(error)
    assert said
    assert "\n" not in said


@pytest.mark.parametrize("cut", [0, 11, 19, 200, -1])
def test_cut_files_are_refused(cut: int) -> None:
    with pytest.raises(InputError, match=r"no whole GLB file|damaged GLB"):
        of_bytes(pack_glb(*glb_of_block())[:cut])


def test_deep_headers_are_refused() -> None:
    text = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    text += b" " * (-len(text) % 4)
    data = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text
    with pytest.raises(InputError, match="damaged GLB"):
        of_bytes(data)


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "trimesh":
            raise ImportError(name)
        return whole(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r'pip install "lm-eval-ext\[meshes\]"'):
        of_bytes(json.dumps({}).encode(), "a.ply")
