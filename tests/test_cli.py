"""The command line, in processes of its own: what is printed, where, and with which status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lm_eval_ext import __version__

GENERATED = '{"source": "generated", "n": 2}'


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", *arguments]
    return subprocess.run(program, capture_output=True, text=True, env=os.environ | environment, check=False)


def lines_without_log(text: str) -> list[str]:
    """What lm-eval's log (one of its messages has two lines) did not write."""
    logged = (" INFO ", " WARNING ", "For example --metadata=")
    return [line for line in text.splitlines() if line and not any(mark in line for mark in logged)]


def test_version_says_both_versions() -> None:
    done = command("lm_eval_ext", "version")
    assert done.stdout.startswith(f"lm-eval-ext {__version__} (lm-eval 0.")


def test_help_names_the_commands() -> None:
    done = command("lm_eval_ext", "--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("run", "fetch", "version"))


def test_run_passes_its_arguments_on() -> None:
    done = command("lm_eval_ext", "run", "--help")
    assert done.returncode == 0
    assert "--model_args" in done.stdout


def test_run_evaluates_and_reads_none_of_lm_evals_own_tasks(tmp_path: Path) -> None:
    done = command(
        *["lm_eval_ext", "run", "--model", "dummy", "--tasks", "synthworlds_closed_book", "--metadata", GENERATED],
        *["--output_path", str(tmp_path), "--log_samples"],
        LMEVAL_LOG_LEVEL="DEBUG",
    )
    assert done.returncode == 0, done.stderr
    assert "closed_book" in done.stdout
    assert "own task files are read too" not in done.stderr
    results = json.loads(next(tmp_path.rglob("results_*.json")).read_text())
    assert results["n-samples"]["synthworlds_closed_book"]["effective"] == 4
    assert "/lm_eval/tasks/" not in done.stderr


@pytest.mark.slow  # 15 s: lm-eval reads its own files
def test_run_says_so_when_it_reads_lm_evals_own_tasks() -> None:
    done = command("lm_eval_ext", "run", "--model", "dummy", "--tasks", "synthworlds,no_such_task", "--metadata", GENERATED)
    assert done.returncode == 1
    assert "Not all of ['synthworlds', 'no_such_task'] are tasks of lm_eval_ext" in done.stderr
    assert "Tasks not found: no_such_task" in done.stderr


@pytest.mark.parametrize(
    ("metadata", "line"),
    [
        ('{"sed": 7}', "--metadata key 'sed' is unknown to the tasks of lm_eval_ext."),
        ('{"source": "generated", "n": 0}', "n=0 is not accepted"),
        ('{"source": "moon"}', "source='moon' is not accepted"),
        ('{"source": "local", "root": "/no/such/folder"}', "/no/such/folder"),
    ],
)
@pytest.mark.parametrize("program", ["lm_eval", "lm_eval_ext"])
def test_bad_input_is_one_line_and_nothing_is_written(program: str, metadata: str, line: str, tmp_path: Path) -> None:
    if program == "lm_eval" and "local" in metadata:
        pytest.skip("the same code after 15 s of reading lm-eval's own tasks")
    out = tmp_path / "out"
    arguments = ["run", "--model", "dummy", "--tasks", "synthworlds_closed_book", "--metadata", metadata]
    done = command(program, *arguments, "--output_path", str(out))
    assert done.returncode == 1
    assert done.stdout == ""
    (said,) = lines_without_log(done.stderr)
    assert line in said
    assert not out.exists()


def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    code = """
import sys
from lm_eval_ext.host import public_models
public_models.find_spec = lambda name: None
sys.argv = ["lm-eval-ext", "fetch", "smollm2"]
from lm_eval_ext.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"LM_EVAL_EXT_CACHE": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Converting the model needs gguf and accelerate. Run: pip install 'lm-eval-ext[smollm2]'\n"
    assert list(tmp_path.iterdir()) == []
