"""``python -m scripts.pilot``: render, train and save the pilot; a killed run goes on where it was."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from tokenizers import Tokenizer
from transformers import CLIPVisionModel

from scripts.pilot import model as parts
from scripts.pilot.optim import make_optimisers
from scripts.pilot.picture_data import load_pictures, picture_types, training_pictures
from scripts.pilot.recipe import SCHEDULE, SEED, SIZES
from scripts.pilot.rows import Row, Turn, encode
from scripts.pilot.stage import run_stage
from scripts.pilot.stages import FACING, JOINED, VisionTeacher, assemble, joint_step, text_step, vision_step
from scripts.pilot.text_data import blind_rows, reading_rows, recall_rows

app = typer.Typer(add_completion=False, help="Train the pilot: render, then text and vision side by side, then both together.")
Work = Annotated[Path, typer.Option(help="Working folder: pictures, checkpoints, logs.")]
DEFAULT_WORK = Path("out/pilot")
TOKENIZER_WORLDS = 12
RICH = 4
"""Questions that a page with many facts answers at least."""


def _turns(worlds: int, recall: int, blind: int) -> dict[str, list[list[Turn]]]:
    return {
        "reading": [row for number in range(worlds) for row in reading_rows(number, SCHEDULE.synthetic_worlds)],
        "recall": list(recall_rows(recall)),
        "blind": list(blind_rows(blind)),
    }


def _tokenizer(work: Path) -> Tokenizer:
    file = work / "tokenizer.json"
    if not file.exists():
        turns = _turns(TOKENIZER_WORLDS, 3000, 500)
        texts = [f"{prompt} {answer}" for rows in turns.values() for row in rows for prompt, answer in row]
        parts.train_tokenizer(texts, SIZES).save(str(file))
    return Tokenizer.from_file(str(file))


def _rows(tokenizer: Tokenizer) -> dict[str, list[Row]]:
    """Kinds of text rows, each sorted by length."""
    turns = _turns(SCHEDULE.worlds, 24_000, 2_000)
    rows = {kind: [encode(tokenizer, row) for row in found] for kind, found in turns.items()}
    rows["rich"] = [row for row, said in zip(rows["reading"], turns["reading"], strict=True) if len(said) >= RICH]
    return {kind: sorted(found, key=lambda row: len(row.ids)) for kind, found in rows.items()}


@app.command()
def pictures(work: Work = DEFAULT_WORK) -> None:
    """Render the training pictures."""
    load_pictures(training_pictures(SCHEDULE), SIZES, work)


@app.command()
def text(work: Work = DEFAULT_WORK, threads: int = 1) -> None:
    """Train the language model alone."""
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    model = parts.build_text_model(SIZES)
    step = text_step(model, _rows(_tokenizer(work)))
    run_stage("text", model, make_optimisers(model), steps=SCHEDULE.text_steps, step_function=step, folder=work, constant=0.77)


@app.command()
def vision(work: Work = DEFAULT_WORK, threads: int = 1) -> None:
    """Train the vision tower alone."""
    torch.set_num_threads(threads)
    chosen = training_pictures(SCHEDULE)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # noqa: TID251  inside fork_rng
        teacher = VisionTeacher(CLIPVisionModel(parts.vision_config(SIZES)), SIZES.vision_width)
    step = vision_step(teacher, load_pictures(chosen, SIZES, work), chosen)
    optimisers = make_optimisers(teacher, muon=0.02, adam=2e-3)
    run_stage("vision", teacher, optimisers, steps=SCHEDULE.vision_steps, step_function=step, folder=work)


@app.command()
def joint(work: Work = DEFAULT_WORK, out: Path = Path("tests/pilot"), threads: int = 2) -> None:
    """Join both and train them together; writes the finished model."""
    torch.set_num_threads(threads)
    tokenizer, chosen = _tokenizer(work), training_pictures(SCHEDULE)
    model = parts.build_joint_model(SIZES)
    assemble(model, work / "text.checkpoint", work / "vision.checkpoint")
    images = load_pictures(chosen, SIZES, work)
    rows, types = _rows(tokenizer), picture_types(SCHEDULE)
    for blend, steps, scale in ((JOINED, SCHEDULE.joint_steps, 1.0), (FACING, SCHEDULE.facing_steps, 0.6)):
        step = joint_step(model, tokenizer, blend, images=images, pictures=chosen, types=types, kinds=rows)
        optimisers = make_optimisers(model, muon=0.01 * scale, adam=1e-3 * scale)
        run_stage(blend.name, model, optimisers, steps=steps, step_function=step, folder=work)
    parts.save(model, tokenizer, SIZES, out)


@app.command(name="all")
def everything(work: Work = DEFAULT_WORK, out: Path = Path("tests/pilot")) -> None:
    """All stages in order, text and vision at the same time on one core each."""
    started = time.time()
    work.mkdir(parents=True, exist_ok=True)
    pictures(work)
    _tokenizer(work)
    command = [sys.executable, "-m", "scripts.pilot"]
    sides = [subprocess.Popen([*command, stage, "--work", str(work)]) for stage in ("text", "vision")]
    codes = [side.wait() for side in sides]
    if any(codes):
        raise SystemExit("A stage failed; run the same command again to go on from its last checkpoint.")
    joint(work, out)
    minutes = (time.time() - started) / 60
    (work / "run.json").write_text(json.dumps({"command": "python -m scripts.pilot all", "minutes": round(minutes, 1)}))


if __name__ == "__main__":
    app()
