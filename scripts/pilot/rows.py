"""Training rows: token ids with a loss weight each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer

from scripts.pilot.recipe import EOA

ANSWER, CONTEXT = 1.0, 0.1
"""Loss weights: a page's names cannot be foreseen, but its repeated names teach to look back."""


class Turn(NamedTuple):
    """What is shown, and what should be answered."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Row:
    """One training sequence.

    Attributes:
        ids: int32 [t].
        weights: float32 [t].
    """

    ids: np.ndarray
    weights: np.ndarray


def encode(tokenizer: Tokenizer, turns: Sequence[Turn], *, image_tokens: int = 0, context: float = CONTEXT) -> Row:
    """Turns as one row; ``<image>`` in a prompt becomes ``image_tokens`` placeholders, as the processor makes them."""
    ids: list[int] = []
    weights: list[float] = []
    for prompt, answer in turns:
        shown = tokenizer.encode(prompt.replace("<image>", "<image>" * image_tokens)).ids
        said = tokenizer.encode(f" {answer}{EOA}").ids
        ids += shown + said
        weights += [context] * len(shown) + [ANSWER] * len(said)
    return Row(np.array(ids, np.int32), np.array(weights, np.float32))


def collate(rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows padded on the right with id 0 and weight 0: ids int64 [b, t], weights float32 [b, t]."""
    longest = max(len(row.ids) for row in rows)
    ids = np.zeros((len(rows), longest), np.int64)
    weights = np.zeros((len(rows), longest), np.float32)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = row.ids
        weights[number, : len(row.ids)] = row.weights
    return torch.from_numpy(ids), torch.from_numpy(weights)
