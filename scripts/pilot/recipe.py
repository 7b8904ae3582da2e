"""Sizes and schedule of the pilot; the model card quotes them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Shape of the model; about 2.5 M parameters."""

    vocabulary: int = 3072
    resized: int = 128  # pictures are squeezed to this square, and its middle is what the model sees
    image: int = 96
    patch: int = 12
    vision_width: int = 128
    vision_layers: int = 5
    text_width: int = 128
    text_layers: int = 4
    head: int = 32  # vLLM's CPU kernels take no smaller one


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long each stage lasts, in optimiser steps, and how many rows a step takes."""

    pictures: int = 4800
    picture_pixels: int = 112
    copy_steps: int = 220
    copy_share: float = 0.08
    text_steps: int = 1700
    rich_from: int = 1074  # from here on, mostly pages with many facts
    text_rows: int = 48
    vision_steps: int = 3200
    vision_rows: int = 64
    joint_steps: int = 620
    facing_steps: int = 320
    worlds: int = 120
    synthetic_worlds: int = 4


SIZES = Sizes()
SCHEDULE = Schedule()
SEED = 20_261_124
EOA = "\n\n"
"""Ends an answer; the tasks stop there."""
