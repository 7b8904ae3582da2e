"""The published layout: one JSON file of questions, answer files with a line per item, and folders of images.

Known from a public evaluation script only; whether the benchmark's repository has it could not be checked. So every deviation is
refused with what was found, and nothing is skipped.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.questions import TYPES, Level, Question
from lm_eval_ext.orientation.wording import same_words

CONFIG = "benchmark_exp.json"
PUBLISHED_ITEMS, PUBLISHED_IMAGES = 33_656, 13_652
_SUFFIXES = ("", ".png", ".jpg", ".jpeg")


class LevelEntry(BaseModel):
    """A question at one level."""

    model_config = ConfigDict(extra="allow", frozen=True)

    question: str
    """Prompt with the places ``{options}`` and ``{num_options}``."""
    options: list[str]
    remap: str | bool = "false"
    """"true" when the options are shown in other words."""
    options_remapped: dict[str, str] = {}

    def shown(self) -> dict[str, str]:
        """Text in the answer files to text that the model sees."""
        names = self.options_remapped if str(self.remap).lower() == "true" else {}
        return {option: names.get(option, option) for option in self.options}


class DatasetEntry(BaseModel):
    """Where the images and answers of one source dataset lie, relative to the folder of the JSON file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    image_dir: str
    answer_path: dict[Level, str]


class QuestionEntry(BaseModel):
    """One question type."""

    model_config = ConfigDict(extra="allow", frozen=True)

    levels: dict[Level, LevelEntry]
    datasets: dict[str, DatasetEntry]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A folder in the published layout."""

    root: Path
    questions: Mapping[str, QuestionEntry]

    @property
    def config(self) -> Path:
        """The JSON file."""
        return self.root / CONFIG


class Answer(NamedTuple):
    """One line of an answer file."""

    line: int
    """Counted from 1."""
    image: str
    answer: str
    """As the model sees it."""


class Row(NamedTuple):
    """One line of an answer file with its place."""

    dataset: str
    line: int
    """Counted from 1."""
    image: str
    answer: str
    """As the model sees it."""
    path: Path
    """The image."""


class Totals(NamedTuple):
    """What a folder holds in all."""

    items: int
    images: int


def read_published(root: Path) -> Published:
    """The questions of a folder.

    Raises:
        InputError: The folder is missing or has another layout; the line says what was found.
    """
    if not root.is_dir():
        raise InputError(f"root={str(root)!r} is not a folder. Give the one that holds {CONFIG}: --metadata '{{\"root\": …}}'.")
    path = root / CONFIG
    if not path.is_file():
        raise InputError(
            f"{root} has no {CONFIG}; found: {_found(root)}. Accepted: {CONFIG} with answer files and image folders, as in "
            'tasks/dori/README.md. Other layouts can\'t be read: convert it, or use --metadata \'{"source": "generated"}\'.'
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        questions = {name: QuestionEntry.model_validate(entry) for name, entry in data.items()}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {where}: {first['msg']}. tasks/dori/README.md describes the layout.") from None
    except (ValueError, AttributeError) as error:
        raise InputError(f"{path} is no JSON object of questions ({error}). tasks/dori/README.md describes the layout.") from None
    return Published(root=root, questions=questions)


def find_entry(published: Published, question: Question) -> tuple[LevelEntry, QuestionEntry]:
    """The entry of a question: by our name of the type, or by q1 to q7.

    That q1 to q7 stand in the order of the paper's taxonomy is a guess; no source says it.

    Raises:
        InputError: There is none, or it can't be asked.
    """
    names = (question.type, f"q{TYPES.index(question.type) + 1}")
    entry = next((published.questions[name] for name in names if name in published.questions), None)
    if entry is None or question.level not in entry.levels:
        held = {name: sorted(entry.levels) for name, entry in published.questions.items()}
        raise InputError(f"{published.config} has no {question.level} level of {' or '.join(names)}; found: {held}.")
    level = entry.levels[question.level]
    if "{options}" not in level.question or len(set(level.options)) < 2:
        raise InputError(
            f"{published.config}: {question.name} needs a question with the place {{options}} and two options or more; "
            f"found question={level.question!r}, options={level.options}."
        )
    return level, entry


def read_rows(published: Published, question: Question) -> list[Row]:
    """Every line of the answer files of a question; the same image twice gives two items.

    Raises:
        InputError: An answer file is missing, a line has no known answer, or images are missing.
    """
    level, entry = find_entry(published, question)
    shown = {same_words(option): text for option, text in level.shown().items()}
    shown |= {same_words(text): text for text in level.shown().values()}
    rows: list[Row] = []
    for name, dataset in entry.datasets.items():
        if question.level in dataset.answer_path:
            answers, folder = published.root / dataset.answer_path[question.level], published.root / dataset.image_dir
            rows += [Row(name, *found, _image_path(folder, found.image)) for found in _read_answers(answers, shown)]
    missing = [row for row in rows if not row.path.is_file()]
    if missing:
        first, of = ", ".join(str(row.path) for row in missing[:3]), f"{len(missing)} of {len(rows)} images of {question.name}"
        raise InputError(f"{of} are missing, first: {first}. Complete the folder.")
    if not rows:
        raise InputError(f"{published.config}: {question.name} has no items; datasets: {sorted(entry.datasets)}.")
    return rows


def count_all(published: Published) -> Totals:
    """Items and different images of all questions, to compare with ``PUBLISHED_ITEMS`` and ``PUBLISHED_IMAGES``."""
    items, images = 0, set[tuple[str, str]]()
    for entry in published.questions.values():
        for dataset in entry.datasets.values():
            for answers in dataset.answer_path.values():
                path = published.root / answers
                for _, fields in _lines(path) if path.is_file() else ():
                    items += 1
                    images.add((dataset.image_dir, fields[0]))
    return Totals(items, len(images))


def fingerprint(published: Published, question: Question) -> str:
    """sha256 of the files that a question's items are made of, images left out."""
    _, entry = find_entry(published, question)
    paths = [dataset.answer_path[question.level] for dataset in entry.datasets.values() if question.level in dataset.answer_path]
    seen = hashlib.sha256(published.config.read_bytes())
    for path in paths:
        seen.update(hashlib.sha256((published.root / path).read_bytes()).digest())
    return seen.hexdigest()


def _read_answers(path: Path, shown: Mapping[str, str]) -> Iterator[Answer]:
    if not path.is_file():
        raise InputError(f"The answer file {path} is missing. Complete the folder.")
    for line, fields in _lines(path):
        # An answer that holds a comma, in a file that doesn't quote it, is in several fields.
        texts = (fields[2], ",".join(fields[2:])) if len(fields) > 2 else ()
        answer = next((shown[same_words(text)] for text in texts if same_words(text) in shown), None)
        if answer is None:
            raise InputError(
                f"{path}, line {line}: {','.join(fields)!r} is not accepted. A line is image name, anything, answer; "
                f"answers: {', '.join(sorted(set(shown.values())))}."
            )
        yield Answer(line, fields[0], answer)


def _lines(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, [field.strip() for field in fields]


def _image_path(folder: Path, name: str) -> Path:
    """The image, or the name without suffix where there is none."""
    return next((path for suffix in _SUFFIXES if (path := folder / f"{name}{suffix}").is_file()), folder / name)


def _found(root: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in root.iterdir())
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") if names else "nothing"


def level_data(question: Question) -> dict[str, Any]:
    """A question of ours as an entry of the published layout."""
    return {"question": f"{question.text}\n{{options}}", "options": list(question.options), "remap": "false"}
