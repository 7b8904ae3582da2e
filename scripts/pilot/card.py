"""The pilot's model card, written from lm-eval's results and the training logs."""

import json
from pathlib import Path
from typing import Any

from scripts.pilot.recipe import SCHEDULE, SEED, SIZES

TARGETS = (
    ("synthworlds_closed_book", "em_rm", "real-mapped closed book, exact match", "≥ .80"),
    ("synthworlds_closed_book", "em_sm", "synthetic-mapped closed book, exact match", "≤ .05"),
    ("synthworlds_reading", "em_rm_1hop", "real-mapped reading, one hop", "≥ .70"),
    ("synthworlds_reading", "em_sm_1hop", "synthetic-mapped reading, one hop", "≥ .70"),
    ("synthworlds_reading", "em_rm_2hop", "real-mapped reading, two hops", "reported"),
    ("synthworlds_reading", "em_sm_2hop", "synthetic-mapped reading, two hops", "reported"),
    ("synthworlds_reading", "knowledge_advantage", "gap of reading", "within ±.05, or its interval holds 0"),
    ("dori_view_parallelism_coarse", "acc", "facing the camera or not", "chance + .30"),
    ("dori_directional_facing_coarse", "acc", "which way it faces", "chance + .30"),
    ("dori_blind", "acc", "all questions without the picture", "within 3 SE of chance or majority"),
)


def latest_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Figures per task of the newest results file below ``folder``; keys without lm-eval's ``,none``."""
    newest = max(folder.rglob("results_*.json"), key=lambda file: file.stat().st_mtime)
    found = json.loads(newest.read_text(encoding="utf-8"))["results"]
    return {task: {key.removesuffix(",none"): value for key, value in figures.items()} for task, figures in found.items()}


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-"


def target_rows(results: dict[str, dict[str, Any]]) -> list[str]:
    """One table row for each figure that the pilot is meant to reach."""
    rows: list[str] = []
    for task, metric, words, target in TARGETS:
        figures = results[task]
        low, high = figures.get(f"{metric}_ci_low"), figures.get(f"{metric}_ci_high")
        interval = f"{_number(low)} - {_number(high)}" if low is not None else ""
        beside = f"chance {_number(figures['chance'])}, majority {_number(figures['majority'])}" if "chance" in figures else ""
        rows.append(f"| {words} | `{task}` `{metric}` | {_number(figures[metric])} | {interval} | {target} | {beside} |")
    return rows


def question_rows(results: dict[str, dict[str, Any]]) -> list[str]:
    """Accuracy of every orientation question beside chance."""
    return [
        f"| `{task}` | {_number(figures['acc'])} | {_number(figures.get('acc_ci_low'))} - {_number(figures.get('acc_ci_high'))} "
        f"| {_number(figures['chance'])} |"
        for task, figures in sorted(results.items())
        if task.startswith("dori_") and task.endswith(("coarse", "granular")) and "acc_ci_low" in figures
    ]


def write_card(out: Path, work: Path, *, targets: Path, questions: Path) -> None:
    """Write ``out/README.md`` and put the training log beside it.

    Args:
        out: Folder of the model.
        work: Working folder of the training, with its logs and ``run.json``.
        targets: Output folder of a large lm-eval run of the tasks in ``TARGETS``.
        questions: Output folder of `make eval N=30`, with every orientation question.
    """
    log = {
        stage: [json.loads(line) for line in (work / f"{stage}.jsonl").read_text().splitlines()]
        for stage in ("text", "vision", "joint", "facing")
    }
    lines = [json.dumps({"stage": stage} | entry) for stage, entries in log.items() for entry in entries]
    (out / "training_log.jsonl").write_text("\n".join(lines) + "\n")
    weights = (out / "model.safetensors").stat().st_size / 1e6
    template = Path(__file__).with_name("card.md").read_text(encoding="utf-8")
    card = template.format(
        weights=f"{weights:.1f}",
        sizes=SIZES,
        schedule=SCHEDULE,
        seed=SEED,
        minutes=json.loads((work / "run.json").read_text())["minutes"],
        targets="\n".join(target_rows(latest_results(targets))),
        questions="\n".join(question_rows(latest_results(questions))),
    )
    (out / "README.md").write_text(card, encoding="utf-8")
