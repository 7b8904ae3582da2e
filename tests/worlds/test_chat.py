"""The generative settings asked through lm-eval, with a chat template and without, by a model that reads out what it is shown."""

from pathlib import Path

import lm_eval
import pytest
from lm_eval.tasks import TaskManager

import lm_eval_ext
from lm_eval_ext.options import read_options
from lm_eval_ext.worlds.prompts import question_prompt
from lm_eval_ext.worlds.sources import load_items
from lm_eval_ext.worlds.task import doc_to_text
from tests.episodes.players import Scripted

TASKS = Path(lm_eval_ext.__file__).parent / "tasks" / "synthworlds"
GIVEN = {"source": "generated", "seed": 5, "n": 4, "pages": 60}
SETTINGS = ("closed_book", "reading", "reading_distractors", "rag")


@pytest.mark.parametrize("chat", [False, True])
def test_every_setting_is_asked_with_a_chat_template_and_without(chat):
    items = {setting: list(load_items(setting, read_options(GIVEN))) for setting in SETTINGS}
    answers = {}
    for asked in items.values():
        for item in asked:
            prompt = doc_to_text(item.model_dump())
            answers[f"<user>{prompt}<model>" if chat else prompt] = item.answer
    # A prompt that is not exactly one of these has no answer here, and fails.
    results = lm_eval.simple_evaluate(
        model=Scripted(answers.__getitem__),
        tasks=["synthworlds"],
        task_manager=TaskManager(include_defaults=False, include_path=str(TASKS), metadata=dict(GIVEN)),
        apply_chat_template=chat,
        bootstrap_iters=0,
    )
    for setting in SETTINGS:
        scores = results["results"][f"synthworlds_{setting}"]
        assert (scores["em,none"], scores["em_rm,none"], scores["em_sm,none"]) == (1.0, 1.0, 1.0)
        assert scores["knowledge_advantage,none"] == 0.0
    assert question_prompt("closed_book", items["closed_book"][0].query) in next(iter(answers))
