"""Runs of lm-eval itself, saved as its command saves them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lm_eval
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

from tests.conftest import ROOT


class Answerer(LM):
    """Answers by a rule: a text, or the option that it finds likeliest."""

    MULTIMODAL = True

    def __init__(self, rule: Callable[[dict[str, Any]], str]) -> None:
        super().__init__()
        self.rule = rule

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        return [self.rule(request.doc) for request in requests]

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        chosen = [request.args[1].strip() == self.rule(request.doc) for request in requests]
        return [(-1.0 if yes else -50.0, yes) for yes in chosen]

    def loglikelihood_rolling(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def saved_run(folder: Path, tasks: Sequence[str], rule: Callable[[dict[str, Any]], str], **metadata: Any) -> dict[str, Any]:
    """Run some tasks and write results and samples below the folder; returns what lm-eval returned."""
    tracker = EvaluationTracker(output_path=str(folder))
    tracker.general_config_tracker.model_name = "made"
    tracker.general_config_tracker.model_name_sanitized = "made"
    manager = TaskManager(
        include_path=str(ROOT / "tasks"), include_defaults=False, metadata={"source": "generated", "seed": 1, **metadata}
    )
    found = lm_eval.simple_evaluate(
        model=Answerer(rule), tasks=list(tasks), task_manager=manager, log_samples=True, bootstrap_iters=0
    )
    assert found is not None
    samples = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=samples)
    for name in found["configs"]:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    return found
