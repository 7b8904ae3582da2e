"""Reader of the script layout: questions in one JSON file, a line per item in answer files, images in folders."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from lm_eval_ext.errors import InputError, first_complaint
from lm_eval_ext.orientation.layouts.description import ScriptLayout
from lm_eval_ext.orientation.layouts.paths import Folder
from lm_eval_ext.orientation.layouts.records import (
    Answers,
    Named,
    Record,
    Totals,
    check_missing,
    check_options,
    clip,
    read_named,
)
from lm_eval_ext.orientation.questions import Level, Question

LARGEST = 64_000_000
"""Bytes of a JSON or answer file; the benchmark's 33,656 lines are some two million."""


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


class Line(NamedTuple):
    """One line of an answer file."""

    number: int
    """Counted from 1."""
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class ScriptFolder:
    """A folder in the script layout."""

    folder: Folder
    layout: ScriptLayout
    questions: Mapping[str, QuestionEntry]

    @property
    def config(self) -> Path:
        """The JSON file."""
        return self.folder.root / self.layout.config

    def records(self, question: Question) -> list[Record]:
        """Every line of the answer files of a question; the same image twice gives two items.

        Raises:
            InputError: The question or an answer file is missing, a line has no known answer, or images are missing.
        """
        entry, level = self._entry(question)
        records = [
            record
            for name, dataset in entry.datasets.items()
            if question.level in dataset.answer_path
            for record in self._dataset(question, level, name, dataset)
        ]
        if not records:
            raise InputError(f"{self.config}: {question.name} has no items; datasets: {sorted(entry.datasets)}.")
        missing = [str(record.picture["image"]) for record in records if not Path(str(record.picture["image"])).is_file()]
        check_missing(missing, len(records), question)
        return records

    def totals(self) -> Totals:
        """Items and different images of all questions."""
        items, images = 0, set[tuple[str, str]]()
        place = self.layout.fields.index("image")
        for entry in self.questions.values():
            for dataset in entry.datasets.values():
                for name in dataset.answer_path.values():
                    path = self.folder.file(name, str(self.config))
                    for line in read_lines(path) if path.is_file() else ():
                        items += 1
                        images.add((dataset.image_dir, line.fields[place] if place < len(line.fields) else ""))
        return Totals(items, len(images))

    def files(self, question: Question) -> list[Path]:
        """The JSON file and the question's answer files."""
        entry, _ = self._entry(question)
        names = [dataset.answer_path.get(question.level) for dataset in entry.datasets.values()]
        return [self.config, *(self.folder.file(name, str(self.config)) for name in names if name is not None)]

    def _entry(self, question: Question) -> tuple[QuestionEntry, LevelEntry]:
        """The entry of a question, by our name of its type or by a name that the layout gives it."""
        names = [question.type, *(name for name, type_ in self.layout.questions.items() if type_ == question.type)]
        held = [name for name in dict.fromkeys(names) if name in self.questions]
        if len(held) > 1:
            raise InputError(f"{self.config} has {question.type} twice: {' and '.join(held)}. Leave one of them.")
        if not held or question.level not in self.questions[held[0]].levels:
            found = {name: sorted(entry.levels) for name, entry in self.questions.items()}
            raise InputError(f"{self.config} has no {question.level} level of {' or '.join(names)}; found: {found}.")
        entry = self.questions[held[0]]
        return entry, self._checked(question, entry.levels[question.level])

    def _checked(self, question: Question, level: LevelEntry) -> LevelEntry:
        if "{options}" not in level.question or len(set(level.options)) < 2:
            raise InputError(
                f"{self.config}: {question.name} needs a question with the place {{options}} and two options or more; "
                f"found question={clip(level.question)}, options={level.options}."
            )
        check_options(list(level.shown().values()), f"{self.config}: {question.name}")
        return level

    def _query(self, question: Question, level: LevelEntry) -> str:
        if self.layout.query is None:
            return level.question
        query = (level.model_extra or {}).get(self.layout.query)
        if not isinstance(query, str) or not query.strip():
            raise InputError(f"{self.config}: {question.name} has no text under {self.layout.query!r}, which the layout names.")
        return query

    def _dataset(self, question: Question, level: LevelEntry, name: str, dataset: DatasetEntry) -> Iterator[Record]:
        path = self.folder.file(dataset.answer_path[question.level], str(self.config))
        if not path.is_file():
            raise InputError(f"The answer file {path} is missing. Complete the folder.")
        query, shown = self._query(question, level), level.shown()
        answers, options = Answers(shown, self.layout.answer_as), tuple(text.strip() for text in shown.values())
        for line in read_lines(path):
            where = f"{path}, line {line.number}"
            cells, answer = self._cells(line, answers, where)
            yield Record(
                dataset=name,
                line=line.number,
                image=cells["image"],
                query=query,
                options=options,
                answer=answer,
                picture={"image": str(self._image(dataset.image_dir, cells["image"], where))},
                named=read_named(self.layout, cells, len(options), where) if self.layout.extra_columns() else Named(),
            )

    def _cells(self, line: Line, answers: Answers, where: str) -> tuple[dict[str, str], str]:
        """The line's fields by name, and its answer."""
        names, fields = self.layout.fields, line.fields
        found = self._answers(fields, answers) if len(fields) >= len(names) else set[str]()
        if len(found) != 1:
            many = " It could be several of them: quote it." if len(found) > 1 else ""
            raise InputError(
                f"{where}: {clip(','.join(fields))} is not accepted. A line is {', '.join(names)}; "
                f"answers: {answers.accepted()}.{many}"
            )
        return dict(zip(names, fields, strict=False)), found.pop()

    def _answers(self, fields: Sequence[str], answers: Answers) -> set[str]:
        """The options that a line may name.

        An answer that holds a comma, in a file that doesn't quote it, is in several fields; then it must be the last one.
        """
        place, last = self.layout.fields.index("answer"), len(self.layout.fields) - 1
        most = place + 1 + (answers.commas if place == last else 0)
        texts = [",".join(fields[place:end]) for end in range(place + 1, min(most, len(fields)) + 1)]
        return {answer for text in texts if (answer := answers.find(text)) is not None}

    def _image(self, image_dir: str, name: str, where: str) -> Path:
        """The image, or the name without suffix where there is none."""
        tried = (self.folder.file(f"{name}{suffix}", where, below=image_dir) for suffix in self.layout.suffixes)
        found = next((path for path in tried if path.is_file()), None)
        return found or self.folder.file(name, where, below=image_dir)


def read_script(folder: Folder, layout: ScriptLayout) -> ScriptFolder:
    """The questions of a folder.

    Raises:
        InputError: The JSON file is missing, cut off or says something else; the line has the place.
    """
    path = folder.root / layout.config
    if not path.is_file():
        raise InputError(f"{path} is missing, so the set in {folder.root} is not complete. Make or fetch it again.")
    hint = "tasks/dori/README.md describes the layout."
    try:
        data: Any = json.loads(_read_text(path))
        questions = {name: QuestionEntry.model_validate(entry) for name, entry in data.items()}
    except ValidationError as error:
        raise InputError(f"{path}: {first_complaint(error)}. {hint}") from None
    except (ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is no JSON object of questions ({error}). {hint}") from None
    return ScriptFolder(folder=folder, layout=layout, questions=questions)


def _read_text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path} is larger than {LARGEST:,} bytes. Give a file of questions or answers.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{path}, line {line} holds a NUL character, so it is no text. Fetch or export it again.")
    return text


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of an answer file that hold something.

    Raises:
        InputError: The file is no text, a quotation is not closed, or one goes over several lines.
    """
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        for fields in reader:
            if any("\n" in field for field in fields):
                raise InputError(f"{path}, line {reader.line_num}: a quotation goes over several lines. Close it, or double it.")
            if any(field.strip() for field in fields):
                yield Line(reader.line_num, [field.strip() for field in fields])
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num} is no line of fields: {error}. Close or double quotation marks."
        ) from None
