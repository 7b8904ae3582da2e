"""One training stage: seeded by step, with a progress bar, a log, and checkpoints that a killed run goes on from."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

CHECKPOINT_SECONDS = 120
LOG_STEPS = 20
WARM_UP, FLOOR = 50, 0.02

StepFunction = Callable[[int], tuple[torch.Tensor, Mapping[str, float]]]
"""Step number -> (loss to minimise, figures for the log)."""


def rate(step: int, steps: int, constant: float) -> float:
    """Share of the full learning rate: linear warm-up, constant for a share of the stage, then linear decay."""
    left = (1 - step / steps) / (1 - constant)
    return min(1.0, (step + 1) / WARM_UP) * max(FLOOR, min(1.0, left))


def run_stage(
    name: str,
    model: torch.nn.Module,
    optimisers: list[torch.optim.Optimizer],
    *,
    steps: int,
    step_function: StepFunction,
    folder: Path,
    constant: float = 0.6,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> None:
    """Train ``model`` for ``steps`` steps, or for what a killed run left of them.

    Args:
        name: Of the stage; names its files in ``folder``.
        model: Updated in place.
        optimisers: Their rates are scaled by ``rate``.
        steps: Number of optimiser steps of the whole stage.
        step_function: Computes the loss; must depend on nothing but the step number and the model.
        folder: Working folder.
        constant: Share of the steps before the learning rate decays.
        checkpoint_seconds: Least time between two checkpoints.
    """
    checkpoint, log = folder / f"{name}.checkpoint", folder / f"{name}.jsonl"
    full = [[group["lr"] for group in optimiser.param_groups] for optimiser in optimisers]
    start = _restore(checkpoint, model, optimisers)
    saved = time.monotonic()
    model.train()
    with Progress(
        TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[figures]}")
    ) as bar:
        task = bar.add_task(name, total=steps, completed=start, figures="")
        for step in range(start, steps):
            _set_rates(optimisers, full, rate(step, steps, constant))
            figures = _update(model, optimisers, step, step_function)
            if step % LOG_STEPS == 0 or step == steps - 1:
                with log.open("a") as file:
                    file.write(json.dumps({"step": step, **{key: round(value, 4) for key, value in figures.items()}}) + "\n")
                bar.update(task, figures=" ".join(f"{key} {value:.3f}" for key, value in figures.items()))
            bar.advance(task)
            if time.monotonic() - saved > checkpoint_seconds or step == steps - 1:
                _save(checkpoint, model, optimisers, step + 1)
                saved = time.monotonic()
    model.eval()


def _set_rates(optimisers: list[torch.optim.Optimizer], full: list[list[float]], share: float) -> None:
    for optimiser, rates in zip(optimisers, full, strict=True):
        for group, lr in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = lr * share


def _update(
    model: torch.nn.Module, optimisers: list[torch.optim.Optimizer], step: int, step_function: StepFunction
) -> dict[str, float]:
    loss, figures = step_function(step)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
        optimiser.zero_grad()
    return {"loss": loss.item(), **figures}


def _save(path: Path, model: torch.nn.Module, optimisers: list[torch.optim.Optimizer], step: int) -> None:
    state = {"step": step, "model": model.state_dict(), "optimisers": [optimiser.state_dict() for optimiser in optimisers]}
    half = path.with_suffix(".half")
    torch.save(state, half)
    half.replace(path)


def _restore(path: Path, model: torch.nn.Module, optimisers: list[torch.optim.Optimizer]) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)  # noqa: TID251  tensors only
    model.load_state_dict(state["model"])
    for optimiser, saved in zip(optimisers, state["optimisers"], strict=True):
        rates = [group["lr"] for group in optimiser.param_groups]
        optimiser.load_state_dict(saved)
        for group, lr in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = lr
    return int(state["step"])
