"""The stages of training: reading and recall, seeing, and both together."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM, LlavaForConditionalGeneration

from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.questions import Question
from lm_eval_ext.orientation.scene import Picture
from lm_eval_ext.seeding import stream
from scripts.pilot.picture_data import SAME_PICTURE, answered, as_pixels, picture_turns
from scripts.pilot.recipe import SCHEDULE, SEED, SIZES
from scripts.pilot.rows import ANSWER, Row, collate, encode

Step = tuple[torch.Tensor, Mapping[str, float]]
EARLY = {"reading": 0.64, "recall": 0.34, "blind": 0.02}
LATE = {"rich": 0.64, "reading": 0.2, "recall": 0.14, "blind": 0.02}
JOINT = {"rich": 0.36, "reading": 0.14, "recall": 0.44, "blind": 0.06}
"""Shares of the kinds of text rows. Facts are remembered long before pages are read well."""
COPY_LENGTH = 24
COPY_ALPHABET = 48  # so few that tokens recur, and a match needs more than one of them
FIRST_PLAIN_TOKEN = 260  # after the special tokens and the bytes
WINDOW = 8  # batches of rows of like length that one batch is drawn from


def weighted_loss(hidden: torch.Tensor, head: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor) -> Step:
    """Next-token loss where weights are above 0, and the share of right tokens in answers.

    Args:
        hidden: float32 [b, t, d], the last hidden states.
        head: float32 [v, d], the unembedding.
        ids: int64 [b, t].
        weights: float32 [b, t]; the weight of predicting the token at that place.
    """
    chosen = weights[:, 1:] > 0
    logits = hidden[:, :-1][chosen] @ head.T
    target, weight = ids[:, 1:][chosen], weights[:, 1:][chosen]
    loss = cross_entropy(logits, target, reduction="none")
    right = (logits.detach().argmax(-1) == target)[weight == ANSWER].float().mean().item()
    return (loss * weight).sum() / weight.sum(), {"right": right}


def draw_rows(rng: Random, rows: Sequence[Row], count: int) -> list[Row]:
    """A batch of rows of like length; ``rows`` are sorted by length."""
    window = min(len(rows), WINDOW * count)
    start = rng.randrange(len(rows) - window + 1)
    return [rows[start + place] for place in rng.sample(range(window), count)]


def text_step(model: LlamaForCausalLM, kinds: Mapping[str, Sequence[Row]]) -> Callable[[int], Step]:
    """First copying of random strings, which forms the heads that look things up; then the mixture of rows."""
    head, size = model.lm_head.weight, model.config.vocab_size

    def step(number: int) -> Step:
        rng = stream("pilot", SEED, "text", number)
        if number < SCHEDULE.copy_steps or rng.random() < SCHEDULE.copy_share:
            kind, (ids, weights) = "copy", copy_batch(rng, SCHEDULE.text_rows, size)
        else:
            shares = EARLY if number < SCHEDULE.rich_from else LATE
            kind = rng.choices(list(shares), list(shares.values()))[0]
            ids, weights = collate(draw_rows(rng, kinds[kind], SCHEDULE.text_rows))
        loss, figures = weighted_loss(model.model(input_ids=ids, use_cache=False).last_hidden_state, head, ids, weights)
        return loss, {f"{kind}_right": figures["right"]}

    return step


def copy_batch(rng: Random, rows: int, vocabulary: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random strings said three times, each row over a small alphabet of its own; only the repetitions are judged."""
    generator = torch.Generator().manual_seed(rng.getrandbits(32))
    alphabet = torch.randint(FIRST_PLAIN_TOKEN, vocabulary, (rows, COPY_ALPHABET), generator=generator)
    once = alphabet.gather(1, torch.randint(COPY_ALPHABET, (rows, COPY_LENGTH), generator=generator))
    ids = once.repeat(1, 3)
    weights = torch.ones_like(ids, dtype=torch.float32)
    weights[:, : COPY_LENGTH + 1] = 0
    return ids, weights


class VisionTeacher(torch.nn.Module):
    """A vision tower with heads that name what is seen; the heads are dropped after training.

    Heads: the direction of the front (eight of them, or none), the category, the turn of the picture (four).
    """

    def __init__(self, tower: torch.nn.Module, width: int) -> None:
        super().__init__()
        catalogue = read_catalogue()
        self.names = [*catalogue.fronted, *catalogue.round]
        self.tower = tower
        self.pool_head = torch.nn.Linear(width, 3)
        self.front_head = torch.nn.Linear(width, 9)
        self.name_head = torch.nn.Linear(width, len(self.names))
        self.turn_head = torch.nn.Linear(width, 4)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits [n, 9], [n, categories], [n, 4] for pictures float32 [n, 3, h, w]."""
        patches = self.tower(pixel_values=pixels).last_hidden_state[:, 1:]
        share = self.pool_head(patches).softmax(1)
        pooled = torch.einsum("npk,npd->knd", share, patches)
        return self.front_head(pooled[0]), self.name_head(pooled[1]), self.turn_head(pooled[2])

    def labels(self, picture: Picture, *, mirrored: bool) -> tuple[int, int, int]:
        """Right classes of a picture with one panel."""
        placed = picture.panels[0].objects[0]
        facing = -placed.facing if mirrored else placed.facing
        turn = (-picture.rotate[0] if mirrored else picture.rotate[0]) // 90 % 4
        front = 8 if placed.category in read_catalogue().round else round(facing / 45) % 8
        return front, self.names.index(placed.category), turn


def vision_step(teacher: VisionTeacher, images: np.ndarray, pictures: Sequence[Picture]) -> Callable[[int], Step]:
    """Naming front, category and turn of one-panel pictures."""
    usable = [number for number, picture in enumerate(pictures) if len(picture.panels) == 1]

    def step(number: int) -> Step:
        rng = stream("pilot", SEED, "vision", number)
        chosen = rng.sample(usable, SCHEDULE.vision_rows)
        mirrored = [rng.random() < 0.5 for _ in chosen]
        logits = teacher(as_pixels(images[chosen], rng, mirrored, [1] * len(chosen)))
        labels = torch.tensor([teacher.labels(pictures[n], mirrored=m) for n, m in zip(chosen, mirrored, strict=True)])
        losses = [cross_entropy(scores, labels[:, k], label_smoothing=0.05) for k, scores in enumerate(logits)]
        right = [(scores.argmax(-1) == labels[:, k]).float().mean().item() for k, scores in enumerate(logits)]
        return losses[0] + 0.5 * losses[1] + 0.5 * losses[2], {"front": right[0], "name": right[1], "turn": right[2]}

    return step


class Blend(NamedTuple):
    """What one step of a joint stage is made of.

    Attributes:
        name: Of the stage.
        image_rows: Rows with a picture.
        text_rows: Rows without.
        types: Question types whose pictures are used; all when empty.
    """

    name: str
    image_rows: int
    text_rows: int
    types: tuple[str, ...] = ()


JOINED = Blend("joint", 24, 24)
FACING = Blend("facing", 48, 8, SAME_PICTURE)
"""Last, mostly the questions on where an object faces."""


def joint_step(
    model: LlavaForConditionalGeneration,
    tokenizer: Tokenizer,
    blend: Blend,
    *,
    images: np.ndarray,
    pictures: Sequence[Picture],
    types: Sequence[str],
    kinds: Mapping[str, Sequence[Row]],
) -> Callable[[int], Step]:
    """Questions on pictures, and one kind of text rows so that nothing is forgotten."""
    head, patches = model.lm_head.weight, (SIZES.image // SIZES.patch) ** 2
    known = known_answers(pictures, types)
    usable = [number for number, type_ in enumerate(types) if type_ in (blend.types or types)]

    def step(number: int) -> Step:
        rng = stream("pilot", SEED, blend.name, number)
        chosen = rng.sample(usable, blend.image_rows)
        mirrored = [rng.random() < 0.5 for _ in chosen]
        rows = [
            encode(tokenizer, picture_turns(rng, known[n][m]), image_tokens=patches, context=0.0)
            for n, m in zip(chosen, mirrored, strict=True)
        ]
        ids, weights = collate(rows)
        pixels = as_pixels(images[chosen], rng, mirrored, [len(pictures[n].panels) for n in chosen])
        hidden = model.model(input_ids=ids, pixel_values=pixels, use_cache=False).last_hidden_state
        loss, figures = weighted_loss(hidden, head, ids, weights)
        kind = rng.choices(list(JOINT), list(JOINT.values()))[0]
        ids, weights = collate(draw_rows(rng, kinds[kind], blend.text_rows))
        hidden = model.model.language_model(input_ids=ids, use_cache=False).last_hidden_state
        text_loss, text_figures = weighted_loss(hidden, head, ids, weights)
        return loss + text_loss, {"picture_right": figures["right"], f"{kind}_right": text_figures["right"]}

    return step


def known_answers(
    pictures: Sequence[Picture], types: Sequence[str]
) -> list[tuple[list[tuple[Question, str]], list[tuple[Question, str]]]]:
    """For each picture its questions with answers, as drawn and mirrored."""
    both: list[tuple[list[tuple[Question, str]], list[tuple[Question, str]]]] = []
    for picture, type_ in zip(pictures, types, strict=True):
        both.append((answered(picture, type_, mirrored=False), answered(picture, type_, mirrored=True)))
    return both


def assemble(model: LlavaForConditionalGeneration, text: Path, vision: Path) -> None:
    """Put the weights of the finished text and vision stages into the joint model.

    Raises:
        RuntimeError: A weight is missing or left over.
    """
    state = torch.load(text, weights_only=True)["model"]  # noqa: TID251  tensors only
    inner = {key.removeprefix("model."): value for key, value in state.items() if key != "lm_head.weight"}  # the head is tied
    model.model.language_model.load_state_dict(inner)
    state = torch.load(vision, weights_only=True)["model"]  # noqa: TID251  tensors only
    tower = {key.removeprefix("tower."): value for key, value in state.items() if key.startswith("tower.")}
    model.model.vision_tower.load_state_dict(tower)
    model.tie_weights()
