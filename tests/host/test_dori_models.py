"""Every question of DORI on lm-eval's own image class and on ours, generated, chosen, and with text tasks in the same run."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lm_eval_ext.orientation.twins import TWINS
from lm_eval_ext.reporting.breakdown import break_down
from tests.conformance.leaves import names
from tests.conftest import ROOT

PILOT = ROOT / "tests" / "pilot"
CHOSEN = [name for name in names() if name.startswith("dori_mcq_")]
CONTROLS = ["dori_blank", "dori_blind"]
GENERATED = [name for name in names() if name.startswith("dori_") and name not in [*CHOSEN, *CONTROLS]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # 90 s: most of it draws pictures


def evaluate(model: str, tasks: list[str], batch_size: int) -> dict[str, Any]:
    import lm_eval

    return lm_eval.simple_evaluate(
        model=model,
        model_args={"pretrained": str(PILOT), "dtype": "float32"},
        tasks=tasks,
        metadata={"source": "generated", "seed": 3, "n": 1},
        device="cpu",
        batch_size=batch_size,
        bootstrap_iters=0,
    )


@pytest.fixture(scope="module")
def by_ours() -> dict[str, Any]:
    return evaluate("hf-multimodal-ext", ["dori", "dori_mcq", *CONTROLS, "synthworlds_closed_book"], 8)


@pytest.fixture(scope="module")
def by_lm_evals() -> dict[str, Any]:
    return evaluate("hf-multimodal", ["dori", *CONTROLS, "synthworlds_closed_book"], 4)


def answers(run: dict[str, Any], task: str) -> list[Any]:
    samples = sorted(run["samples"][task], key=lambda sample: sample["doc_id"])
    return [sample["filtered_resps"] for sample in samples]


def test_both_classes_answer_every_question(by_ours: dict[str, Any], by_lm_evals: dict[str, Any]) -> None:
    for task in [*GENERATED, *CONTROLS, "synthworlds_closed_book"]:
        assert answers(by_ours, task) == answers(by_lm_evals, task)
        assert len(answers(by_ours, task)) >= 2
    assert len(GENERATED) == len(CHOSEN) == 14


def test_the_groups_have_their_figures(by_ours: dict[str, Any]) -> None:
    for group in ("dori", "dori_coarse", "dori_granular", "dori_mcq"):
        assert 0 <= by_ours["groups"][group]["acc,none"] <= 1
    assert 0 <= by_ours["groups"]["dori_mcq"]["acc_norm,none"] <= 1


def test_choices_are_asked_of_the_same_pictures_with_the_same_words(by_ours: dict[str, Any]) -> None:
    for task in CHOSEN:
        chosen, generated = by_ours["samples"][task], by_ours["samples"][task.replace("dori_mcq_", "dori_")]
        for one, other in zip(chosen, generated, strict=True):
            assert one["doc"] == other["doc"]
            assert len(one["arguments"]) == len(one["doc"]["choices"])
            assert {arguments[0] for arguments in one["arguments"]} == {other["arguments"][0][0]}
            assert [arguments[1] for arguments in one["arguments"]] == [f" {choice}" for choice in one["doc"]["choices"]]


def test_what_the_model_writes_is_what_it_finds_likeliest(by_ours: dict[str, Any]) -> None:
    """Where an option is greedy decoding's own continuation, the generative task must read that option."""
    compared = 0
    for task in CHOSEN:
        for one, other in zip(answers(by_ours, task), answers(by_ours, task.replace("dori_mcq_", "dori_")), strict=True):
            choices = by_ours["samples"][task][0]["doc"]["choices"]
            greedy = [choice for choice, (_, is_greedy) in zip(choices, one, strict=True) if is_greedy]
            compared += len(greedy)
            assert not greedy or any(other[0].strip().startswith(choice) for choice in greedy)
    assert compared >= 14


def test_a_run_in_batches_of_one_gives_the_same_likelihoods(by_ours: dict[str, Any]) -> None:
    task = "dori_mcq_directional_facing_granular"
    single = evaluate("hf-multimodal-ext", [task], 1)
    pairs = [
        (one[0], other[0])
        for a, b in zip(answers(by_ours, task), answers(single, task), strict=True)
        for one, other in zip(a, b, strict=True)
    ]
    assert [one for one, _ in pairs] == pytest.approx([other for _, other in pairs], abs=1e-4)


def test_a_run_with_every_kind_of_twin_logs_them_and_the_breakdown_shows_their_figures(tmp_path: Path) -> None:
    """Through the command, from weights to figures."""
    leaves = {"dori_canonical_orientation_coarse": 3, "dori_view_parallelism_granular": 6}
    metadata = {"source": "generated", "seed": 3, "n": 2, "pixels": 96, "twins": ",".join(TWINS[1:])}
    asked = {"model": "hf-multimodal", "model_args": f"pretrained={PILOT}", "tasks": ",".join(leaves), "batch_size": "8"}
    more = {"device": "cpu", "output_path": str(tmp_path), "metadata": json.dumps(metadata)}
    options = [text for name, value in (asked | more).items() for text in (f"--{name}", value)]
    command = [sys.executable, "-m", "lm_eval_ext", "run", *options, "--log_samples"]
    subprocess.run(command, env=os.environ | {"HF_HUB_OFFLINE": "1"}, check=True, capture_output=True)
    for leaf, k in leaves.items():
        lines = next(tmp_path.rglob(f"samples_{leaf}_*.jsonl")).read_text().splitlines()
        kinds = Counter(json.loads(json.loads(line)["doc"]["factors"])["twin"] for line in lines)
        assert kinds == dict.fromkeys(TWINS, 2) | {"rotated": 2 * (k - 1)}
    (found,) = break_down([tmp_path], by=["leaf"])
    assert {part.task for part in found.slices} == set(leaves)
    for part in found.slices:
        counts = {figure.name: figure.n for figure in part.figures}
        assert {"circular_acc", "rotation_flips", "accuracy_lost", "object_consistency", "both_views"} <= set(counts)
        assert counts["acc"] == 4  # plain and mirrored alone
        assert counts["circular_acc"] == counts["object_consistency"] == counts["both_views"] == 2
