"""A whole run with ``probe=RECIPE``: files beside the samples, the same scores, and the same values from two processes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lm_eval_ext.probing.captures import Measured, read_captures
from tests.host.test_processes import LAUNCH, evaluate, figures


def measured(out: Path) -> Measured:
    (tensors,) = out.rglob("probes_*.safetensors")
    (results,) = out.rglob("results_*.json")
    assert tensors.name.removeprefix("probes_").removesuffix(".safetensors") == results.name[len("results_") : -len(".json")]
    assert tensors.parent == results.parent
    return read_captures(tensors)


def joined(found: Measured) -> dict[tuple[Any, ...], np.ndarray]:
    """Values of the last layer by request."""
    return {
        (row["task_name"], row["doc_id"], row["request_type"], row["index"]): found.of_row("attention", 1, at)
        for at, row in enumerate(found.rows)
    }


@pytest.mark.slow  # 200 s: runs of one, one and two processes that import torch
@pytest.mark.timeout(600)
def test_a_run_writes_beside_its_samples_and_two_processes_write_what_one_does(tiny_llama: Path, tmp_path: Path) -> None:
    evaluate(tiny_llama, tmp_path / "plain")
    probed = f"pretrained={tiny_llama},dtype=float32,probe=attention_and_neurons"
    evaluate(probed, tmp_path / "one")
    both = evaluate(probed, tmp_path / "two", "-m", "accelerate.commands.launch", *LAUNCH)
    assert "on rank 1" in both.stderr
    plain, one, two = (figures(tmp_path / name) for name in ("plain", "one", "two"))
    assert one == plain
    assert two[1] == plain[1]
    values = joined(measured(tmp_path / "one"))
    assert {key[:2] for key in values} == {
        (name.removeprefix("samples_"), number) for name, answers in plain[1].items() for number in range(len(answers))
    }
    other = joined(measured(tmp_path / "two"))
    assert list(other) == list(values)
    for key, value in values.items():
        np.testing.assert_allclose(other[key], value, rtol=1e-5, atol=1e-5)
