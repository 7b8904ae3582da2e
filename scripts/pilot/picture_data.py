"""Pictures to learn from: training instances only, each with every question that its pose answers."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image

from lm_eval_ext.items import Item
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.prompts import build_prompt
from lm_eval_ext.orientation.questions import QUESTIONS, Question
from lm_eval_ext.orientation.rules import true_answer
from lm_eval_ext.orientation.scene import Picture, picture_from_json
from lm_eval_ext.orientation.twins import MIRRORED
from scripts.pilot.recipe import SEED, Schedule, Sizes
from scripts.pilot.rows import Turn

MIXTURE = {
    "directional_facing_granular": 0.70,
    "canonical_orientation_granular": 0.075,
    "compound_rotation_granular": 0.075,
    "inter_object_direction_granular": 0.075,
    "viewer_scene_direction_granular": 0.075,
}
"""Share of the pictures that are drawn for each question."""
SAME_PICTURE = ("view_parallelism", "directional_facing", "single_axis_rotation")
"""Types that a picture of one object answers alike."""
QUESTIONS_A_PICTURE = 3
SHIFT = 5  # pixels a training picture is moved by at most


def training_pictures(schedule: Schedule) -> list[Picture]:
    """What is rendered, in a fixed order."""
    pictures: list[Picture] = []
    for name, share in MIXTURE.items():
        items = generate(QUESTIONS[name], SEED, round(schedule.pictures * share), split="train", pixels=schedule.picture_pixels)
        pictures += [picture_from_json(item.spec) for item in items if not _mirrored(item)]
    return pictures


def _mirrored(item: Item) -> bool:
    return item.factors["twin"] == MIRRORED


def load_pictures(pictures: Sequence[Picture], sizes: Sizes, folder: Path) -> np.ndarray:
    """Rendered pictures as the model sees them: uint8 [n, image, image, 3]; kept in ``folder``."""
    file = folder / "pictures.npy"
    if file.exists():
        return np.load(file, mmap_mode="r")
    from lm_eval_ext.orientation.cache import draw_many

    array = np.empty((len(pictures), sizes.image, sizes.image, 3), np.uint8)
    for number, file_ in enumerate(draw_many(pictures)):
        with Image.open(file_) as image:
            edge, square = (sizes.resized - sizes.image) // 2, (sizes.resized, sizes.resized)
            array[number] = np.asarray(image.resize(square, Image.Resampling.BICUBIC))[edge:-edge, edge:-edge]
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / "pictures.half.npy"
    np.save(half, array)
    half.replace(file)
    return array


def answered(picture: Picture, type_: str, *, mirrored: bool) -> list[tuple[Question, str]]:
    """The questions that a picture, drawn for one of type ``type_``, has an exact answer to."""
    types = SAME_PICTURE if type_ in SAME_PICTURE else (type_,)
    found: list[tuple[Question, str]] = []
    for question in QUESTIONS.values():
        if question.type in types:
            try:
                answer = true_answer(question, picture, read_catalogue().round)
            except ValueError:  # the pose lies between two options
                continue
            found.append((question, question.mirrored(answer) if mirrored else answer))
    return found


def picture_types(schedule: Schedule) -> list[str]:
    """The question type that each of ``training_pictures`` was drawn for."""
    return [QUESTIONS[name].type for name, share in MIXTURE.items() for _ in range(round(schedule.pictures * share))]


def picture_turns(rng: Random, known: Sequence[tuple[Question, str]]) -> list[Turn]:
    """A few questions on one picture; the first prompt is the one of the tests."""
    turns: list[Turn] = []
    for question, answer in rng.sample(list(known), min(len(known), QUESTIONS_A_PICTURE)):
        prompt = build_prompt(question.text, rng.sample(question.options, len(question.options)))
        turns.append(Turn(prompt if not turns else prompt.removeprefix("<image>\n"), answer))
    return turns


def mirror(image: torch.Tensor, panels: int) -> torch.Tensor:
    """Each panel mirrored where it stands; float32 [3, h, w]."""
    return torch.cat([panel.flip(-1) for panel in image.chunk(panels, -1)], -1)


def as_pixels(images: np.ndarray, rng: Random, mirrored: Sequence[bool], panels: Sequence[int]) -> torch.Tensor:
    """Augmented model input: mirrored where told, moved a little, other light and contrast; float32 [n, 3, h, w] about -1..1."""
    pixels = torch.from_numpy(images.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
    out = torch.empty_like(pixels)
    for number in range(len(pixels)):
        image = mirror(pixels[number], panels[number]) if mirrored[number] else pixels[number]
        shift = (rng.randint(-SHIFT, SHIFT), rng.randint(-SHIFT, SHIFT))
        padded = torch.nn.functional.pad(image, [SHIFT] * 4, mode="replicate")
        side = image.shape[-1]
        moved = padded[:, SHIFT + shift[0] : SHIFT + shift[0] + side, SHIFT + shift[1] : SHIFT + shift[1] + side]
        out[number] = moved * rng.uniform(0.8, 1.2) + rng.uniform(-0.15, 0.15)
    return out
