"""A folder of meshes, and a cache of its own for each test."""

from pathlib import Path

import pytest

from tests.orientation.mesh_files import write_cone, write_glb, write_obj, write_ply

DECLARED = """
meshes_only: true
objects:
  - {name: block, file: block.obj, front: "+x", up: "+z", symmetry: none}
  - {name: packed, file: deep/block.glb, front: "+z", up: "+y", symmetry: none, label: packed block}
  - {name: scanned, file: block.ply, front: [1, 0, 0], up: [0, 0, 1], symmetry: none}
  - {name: cone, file: cone.obj, up: "+z", symmetry: round, colour: "#ff8000"}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LM_EVAL_EXT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def meshes(tmp_path: Path) -> Path:
    """Four meshes with their declaration."""
    folder = tmp_path / "meshes"
    (folder / "deep").mkdir(parents=True)
    write_obj(folder / "block.obj")
    write_glb(folder / "deep" / "block.glb")
    write_ply(folder / "block.ply")
    write_cone(folder / "cone.obj")
    (folder / "objects.yaml").write_text(DECLARED)
    return folder
