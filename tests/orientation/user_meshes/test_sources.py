import hashlib
from pathlib import Path

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.user_meshes import sources
from lm_eval_ext.orientation.user_meshes.sources import read_source
from tests.orientation.mesh_files import write_glb, write_obj


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    write_glb(tmp_path / "a.glb")
    source = read_source(tmp_path, "a.glb")
    assert source.sha256 == hashlib.sha256((tmp_path / "a.glb").read_bytes()).hexdigest()
    assert source.format == "glb"


def test_the_hash_covers_the_materials(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write_obj(tmp_path / "deep" / "a.obj")
    before = read_source(tmp_path, "deep/a.obj")
    assert list(before.companions) == ["a.mtl"]
    path = tmp_path / "deep" / "a.mtl"
    path.write_text(path.read_text() + "# changed\n")
    assert read_source(tmp_path, "deep/a.obj").sha256 != before.sha256


@pytest.mark.parametrize(
    "name",
    ["../a.glb", "/etc/a.glb", "deep/../../a.glb", "a\\b.glb", "C:a.glb", "deep/..", "https://x.org/a.glb"],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    write_glb(tmp_path / "a.glb")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    with pytest.raises(InputError, match=r"is no path below|in no format"):
        read_source(tmp_path / "in", name)


@pytest.mark.parametrize("where", ["file", "folder"])
def test_links_are_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "in").mkdir()
    write_glb(tmp_path / "real" / "a.glb")
    if where == "file":
        (tmp_path / "in" / "a.glb").symlink_to(tmp_path / "real" / "a.glb")
    else:
        (tmp_path / "in" / "sub").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match="is or goes through a link"):
        read_source(tmp_path / "in", "a.glb" if where == "file" else "sub/a.glb")


def test_missing_empty_large_and_foreign_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.ply").touch()
    (tmp_path / "folder.ply").mkdir()
    write_glb(tmp_path / "a.glb")
    for name, message in (
        ("none.glb", "is no file in"),
        ("folder.ply", "is no file in"),
        ("empty.ply", "has 0 bytes"),
        ("a.stl", r"in no format that is read\. Give a file that ends in \.obj, \.glb or \.ply"),
    ):
        with pytest.raises(InputError, match=message):
            read_source(tmp_path, name)
    monkeypatch.setattr(sources, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="Give a file of 1 to 100 bytes"):
        read_source(tmp_path, "a.glb")


def test_what_an_obj_file_names_must_lie_beside_it(tmp_path: Path) -> None:
    write_obj(tmp_path / "a.obj")
    (tmp_path / "a.mtl").unlink()
    with pytest.raises(InputError, match=r"the material file of mesh 'a.obj', 'a.mtl' is no file"):
        read_source(tmp_path, "a.obj")
    (tmp_path / "a.obj").write_text("mtllib ../../secret.mtl\nf 1 2 3\n")
    with pytest.raises(InputError, match=r"'\.\./\.\./secret.mtl' is no path below"):
        read_source(tmp_path, "a.obj")
    (tmp_path / "a.obj").write_text("mtllib a.mtl\nmtllib b.mtl\n")
    with pytest.raises(InputError, match=r"names 2 material files \(a.mtl, b.mtl\)"):
        read_source(tmp_path, "a.obj")
    (tmp_path / "a.obj").write_text("mtllib a.mtl\n")
    (tmp_path / "a.mtl").write_text("newmtl x\nmap_Kd /etc/passwd\n")
    with pytest.raises(InputError, match=r"the picture of mesh 'a.obj', '/etc/passwd' is no path below"):
        read_source(tmp_path, "a.obj")
