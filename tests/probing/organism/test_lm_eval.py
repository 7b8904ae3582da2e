"""lm-eval's own Hugging Face model runs the organism."""

import json
from pathlib import Path

import lm_eval
import pytest
from lm_eval.tasks import TaskManager

from lm_eval_ext.probing.organism import organism_items

TASK = """
task: organism
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: multiple_choice
doc_to_text: prompt
doc_to_choice: choices
doc_to_target: gold
target_delimiter: " "
"""


@pytest.mark.parametrize("label", ["recall", "reasoning"])
def test_lm_eval_finds_every_answer_the_likeliest(folder: Path, tmp_path: Path, label: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    rows = [{"prompt": i.prompt, "choices": list(i.choices), "gold": i.gold} for i in organism_items(1, 24, (label,))]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "organism.yaml").write_text(TASK.replace("FILE", str(tmp_path / "items.jsonl")))
    results = lm_eval.simple_evaluate(
        model="hf",
        model_args={"pretrained": str(folder)},
        tasks=["organism"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        batch_size=8,
        device="cpu",
        bootstrap_iters=0,
    )
    assert results["results"]["organism"]["acc,none"] == 1.0
