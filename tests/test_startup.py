"""Discovery: what plain lm-eval knows after an installation, and what the start-up hook does to every interpreter."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lm_eval_ext import _startup
from lm_eval_ext.host import discovery
from tests.conftest import ROOT

OURS = sorted(path.stem for path in (ROOT / "tasks").rglob("*.yaml"))
MODELS = ["hf-ext", "hf-multimodal-ext", "vllm-ext", "vllm-vlm-ext"]

ASK = """
import importlib.resources, json, sys
before = [name for name in ("torch", "lm_eval", "lm_eval_ext.host") if name in sys.modules]
import lm_eval.models
from lm_eval.api.registry import model_registry
from lm_eval.tasks import TaskManager
import lm_eval_ext
print(json.dumps({
    "armed": sum(getattr(finder, "is_lm_eval_ext", False) for finder in sys.meta_path),
    "before": before,
    "package": lm_eval_ext.__file__,
    "tasks": sorted(TaskManager(include_defaults=False).all_tasks),
    "models": [name for name in %r if name in model_registry],
    "yaml": sorted(str(path.stem) for path in importlib.resources.files("lm_eval_ext.tasks").glob("*/*.yaml")),
}))
"""


def python(*arguments: str, interpreter: Path | str = sys.executable, **environment: str) -> str:
    """Standard output of a Python process that starts away from the repository."""
    clean = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", _startup.OFF}}
    command = [str(interpreter), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=clean | environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(interpreter: Path | str = sys.executable, **environment: str) -> dict[str, Any]:
    """What a fresh interpreter finds."""
    answer: dict[str, Any] = json.loads(python("-c", ASK % MODELS, interpreter=interpreter, **environment).splitlines()[-1])
    return answer


def new_environment(folder: Path, *what: str) -> Path:
    """Interpreter of a new environment that has our package installed, and reads everything else from this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    interpreter = folder / "bin" / "python"
    site = python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", interpreter=interpreter).strip()
    Path(site, "zz_other_packages.pth").write_text(
        sysconfig.get_path("purelib") + "\n"
    )  # a path only: its .pth files are not run
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(interpreter), "install", *options, *what], check=True)
    return interpreter


@pytest.fixture(scope="session")
def from_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_environment(tmp_path_factory.mktemp("wheel-env"), str(wheel))


@pytest.fixture(scope="session")
def from_editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_environment(tmp_path_factory.mktemp("editable-env"), "--editable", str(ROOT))


def test_a_wheel_is_found_by_plain_lm_eval(from_wheel: Path) -> None:
    found = ask(from_wheel)
    assert str(from_wheel.parent.parent) in found["package"]
    assert found["yaml"] == OURS
    assert set(OURS) <= set(found["tasks"])
    assert found["models"] == MODELS
    assert found["armed"] == 1
    assert found["before"] == []  # nothing heavy at interpreter start


def test_an_editable_installation_is_found_by_plain_lm_eval(from_editable: Path) -> None:
    found = ask(from_editable)
    assert found["package"] == str(ROOT / "lm_eval_ext" / "__init__.py")
    assert (found["yaml"], found["models"], found["armed"], found["before"]) == (OURS, MODELS, 1, [])
    assert set(OURS) <= set(found["tasks"])


def test_a_word_in_the_environment_turns_the_hook_off(from_wheel: Path) -> None:
    found = ask(from_wheel, **{_startup.OFF: "1"})
    assert (found["tasks"], found["models"], found["armed"]) == ([], [], 0)


@pytest.mark.slow  # 15 s: lm-eval reads its own 14,000 files
def test_lm_eval_validate_knows_our_tasks(from_wheel: Path) -> None:
    assert "All tasks found and valid" in python(
        "-m", "lm_eval", "validate", "--tasks", "dori,synthworlds", interpreter=from_wheel
    )


def test_installing_twice_and_after_lm_eval_changes_nothing() -> None:
    code = """
import sys, lm_eval.models, lm_eval.tasks
from lm_eval.tasks import TaskManager
first = TaskManager.__init__
import lm_eval_ext._startup as startup
startup.install(); startup.arm()
assert TaskManager.__init__ is first
sys.meta_path[:] = [finder for finder in sys.meta_path if not getattr(finder, "is_lm_eval_ext", False)]
startup.arm()
assert TaskManager.__init__ is first
print(len(TaskManager(include_defaults=False).include_path))
"""
    assert python("-c", code).strip() == "1"


def test_a_late_hook_extends_what_is_loaded_already() -> None:
    code = """
import lm_eval.models
from lm_eval.tasks import TaskManager
import lm_eval_ext._startup as startup
assert TaskManager(include_defaults=False).include_path is None
startup.arm()
print(len(TaskManager(include_defaults=False).all_tasks))
"""
    assert int(python("-c", code, **{_startup.OFF: "1"})) >= len(OURS)


def test_lm_eval_with_native_discovery_is_left_alone() -> None:
    class TaskManager:
        def __init__(self, include_path: object = None) -> None:
            self.include_path = include_path

    module = ModuleType("lm_eval.tasks.manager")
    vars(module).update(TaskManager=TaskManager, discover_plugin_task_paths=list)
    discovery.add_tasks(module)
    assert TaskManager().include_path is None


def test_the_users_own_folder_comes_after_ours_and_so_wins(tmp_path: Path) -> None:
    assert discovery.with_ours(str(tmp_path)) == [discovery.tasks_folder(), str(tmp_path)]
    assert discovery.with_ours([ROOT / "tasks", tmp_path]) == [ROOT / "tasks", tmp_path]  # ours already, by another name


def test_a_failing_extension_warns_and_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("lm_eval.tasks.manager")  # without TaskManager, as after a change in lm-eval
    with pytest.warns(
        UserWarning, match=r"lm_eval_ext could not extend lm_eval\.tasks\.manager .* Give --include_path for the tasks\."
    ):
        _startup._extend(module)


def test_every_yaml_of_ours_is_read() -> None:
    """lm-eval drops a YAML file that it cannot parse without a word."""
    from lm_eval.tasks import TaskManager

    entries = TaskManager(include_defaults=False).task_index
    read = sorted(Path(entry.yaml_path).stem for entry in entries.values() if entry.yaml_path)
    assert read == OURS
