"""What is in the distribution."""

import re
import sys
import tarfile
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path

import lm_eval_ext
from lm_eval_ext.host.discovery import MODELS
from tests.conftest import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIMIT = 1_500_000


def test_the_wheel_is_small_and_holds_what_is_declared(wheel: Path) -> None:
    assert wheel.stat().st_size <= LIMIT
    names = set(zipfile.ZipFile(wheel).namelist())
    declared = {f"lm_eval_ext/{path.relative_to(ROOT)}" for path in (ROOT / "tasks").rglob("*") if "yaml" in path.name}
    assert declared
    assert declared <= names
    assert {"lm_eval_ext.pth", "lm_eval_ext.start", "lm_eval_ext/py.typed", "lm_eval_ext/probes/__init__.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "tasks/", "scripts/")) or "__pycache__" in name]


def test_the_source_distribution_holds_no_model_and_no_results(wheel: Path) -> None:
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
    assert not [name for name in names if re.search(r"\.safetensors$|/(results|out|tests)/", name)]


def test_the_version_stands_in_one_place() -> None:
    assert version("lm-eval-ext") == lm_eval_ext.__version__
    number = re.escape(lm_eval_ext.__version__)
    places = [path for path in ROOT.glob("*.toml") if re.search(rf'version\s*=\s*"{number}"', path.read_text())]
    assert places == []


def test_entry_points_are_the_models_that_the_hook_registers() -> None:
    declared = {
        entry.name: entry.value
        for entry in entry_points(group="lm_eval.models")
        if entry.dist and entry.dist.name == "lm-eval-ext"
    }
    assert declared == MODELS
    assert {entry.name: entry.value for entry in entry_points(group="lm_eval.tasks")}["lm_eval_ext"] == "lm_eval_ext.tasks"


def test_every_extra_that_an_error_names_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    code = "\n".join(path.read_text() for path in (ROOT / "lm_eval_ext").rglob("*.py"))
    named = set(re.findall(r"lm-eval-ext\[(\w+)\]", code))
    assert named <= set(extras)
    assert {"clip", "vllm", "report", "dev"} <= set(extras)
