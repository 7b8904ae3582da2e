"""Every question of DORI on `vllm-vlm` and `vllm-vlm-ext`, against the Hugging Face classes on the pilot's weights."""

import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

from tests.conftest import ROOT
from tests.vllm.weights import give_vision_tower_its_official_names

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

PILOT = ROOT / "tests" / "pilot"
TASKS = ["dori", "synthworlds_closed_book"]
ENGINE = {
    "dtype": "float32",
    "enforce_eager": True,
    "max_model_len": 768,
    "kv_cache_memory_bytes": 256 << 20,
    "enable_prefix_caching": False,
    "max_images": 1,
}


def evaluate(model: str, arguments: dict[str, Any], tasks: list[str], **settings: Any) -> dict[str, Any]:
    import lm_eval

    metadata = {"source": "generated", "seed": 3, "n": 1}
    options = {"metadata": metadata, "bootstrap_iters": 0, **settings}
    return lm_eval.simple_evaluate(model=model, model_args=arguments, tasks=tasks, batch_size=8, **options)


@pytest.fixture(scope="module")
def by_hugging_face() -> dict[str, Any]:
    arguments = {"pretrained": str(PILOT), "dtype": "float32"}
    return evaluate("hf-multimodal-ext", arguments, [*TASKS, "dori_mcq"], device="cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "pilot"
    shutil.copytree(PILOT, folder)
    give_vision_tower_its_official_names(folder)
    return folder


def answers(run: dict[str, Any], task: str) -> list[Any]:
    samples = sorted(run["samples"][task], key=lambda sample: sample["doc_id"])
    return [sample["filtered_resps"] for sample in samples]


def assert_same_answers(found: dict[str, Any], expected: dict[str, Any]) -> None:
    generated = [task for task in expected["samples"] if not task.startswith("dori_mcq_")]
    assert len(generated) == 15
    assert {task: answers(found, task) for task in generated} == {task: answers(expected, task) for task in generated}


def test_vllm_vlm_answers_every_question_as_hugging_face_does(by_hugging_face: dict[str, Any], weights: Path) -> None:
    assert_same_answers(evaluate("vllm-vlm", {"pretrained": str(weights), **ENGINE}, TASKS), by_hugging_face)


def test_vllm_vlm_ext_also_chooses_as_hugging_face_does(by_hugging_face: dict[str, Any], weights: Path) -> None:
    found = evaluate("vllm-vlm-ext", {"pretrained": str(weights), **ENGINE}, [*TASKS, "dori_mcq"])
    assert_same_answers(found, by_hugging_face)
    chosen = [task for task in by_hugging_face["samples"] if task.startswith("dori_mcq_")]
    assert len(chosen) == 14
    for task in chosen:
        for one, other in zip(answers(found, task), answers(by_hugging_face, task), strict=True):
            assert [pair[0] for pair in one] == pytest.approx([pair[0] for pair in other], abs=1e-4)
