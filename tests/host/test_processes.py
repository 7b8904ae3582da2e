"""Two processes share the work and give the figures of one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LAUNCH = ["--multi_gpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]


def evaluate(model: Path | str, out: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    model_args = f"pretrained={model},dtype=float32" if isinstance(model, Path) else model
    arguments = ["run", "--model", "hf-ext", "--model_args", model_args, "--batch_size", "3"]
    arguments += ["--tasks", "synthworlds_closed_book,dori_blind", "--metadata", '{"source": "generated", "n": 4}']
    arguments += ["--log_samples", "--output_path", str(out)]
    command = [sys.executable, *launcher, "-m", "lm_eval_ext", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)


def figures(out: Path) -> tuple[dict[str, Any], dict[str, list[tuple[Any, ...]]]]:
    """Results, and what was answered to each document."""
    results = json.loads(next(out.rglob("results_*.json")).read_text())["results"]
    answers = {}
    for path in out.rglob("samples_*.jsonl"):
        samples = [json.loads(line) for line in path.read_text().splitlines()]
        name = path.name.split("_2")[0]
        answers[name] = sorted((sample["doc"]["item_id"], sample["filtered_resps"]) for sample in samples)
    return results, answers


@pytest.mark.slow  # 60 s: three processes that import torch
def test_two_processes_give_the_figures_of_one(tiny_llama: Path, tmp_path: Path) -> None:
    evaluate(tiny_llama, tmp_path / "one")
    both = evaluate(tiny_llama, tmp_path / "two", "-m", "accelerate.commands.launch", *LAUNCH)
    assert "on rank 1" in both.stderr  # else one process did it all
    one, two = figures(tmp_path / "one"), figures(tmp_path / "two")
    assert two[1] == one[1]
    assert all(one[1].values())
    assert numbers(two[0]) == pytest.approx(numbers(one[0]), abs=1e-12)  # sums are taken in another order


def numbers(results: dict[str, Any]) -> dict[str, float]:
    return {f"{task} {name}": value for task in results for name, value in results[task].items() if isinstance(value, float)}
