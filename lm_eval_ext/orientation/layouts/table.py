"""Reader of table layouts: a row per item in Parquet or JSON lines."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.layouts import jsonl, parquet
from lm_eval_ext.orientation.layouts.cells import Row
from lm_eval_ext.orientation.layouts.description import TableLayout
from lm_eval_ext.orientation.layouts.paths import Folder
from lm_eval_ext.orientation.layouts.records import Answers, Record, Totals, check_missing, check_options, clip, read_named
from lm_eval_ext.orientation.questions import QUESTIONS, Question

PARTS = ("question", "level", "dataset")
"""What a pattern of paths can read."""


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """One table."""

    path: Path
    parts: Mapping[str, str]
    """Cells that its path gives."""


@dataclass(frozen=True, kw_only=True)
class TableFolder:
    """A folder of tables."""

    folder: Folder
    layout: TableLayout
    tables: tuple[TableFile, ...]

    def records(self, question: Question) -> list[Record]:
        """Every row of a question.

        Raises:
            InputError: There is none, a row is not sound, or images are missing.
        """
        records: list[Record] = []
        missing: list[str] = []
        numbers, found = Counter[str](), Counter[str]()
        for table, row in self._rows():
            asked = self._asked(table, row)
            found[asked.question] += 1
            if asked.question == question.name:
                numbers[asked.dataset] += 1
                records.append(self._record(question, asked, numbers[asked.dataset]))
                missing += [] if records[-1].picture else [f"{asked.where} {row.image.text}".strip()]
        if not records:
            raise InputError(f"{self.folder.root} has no items of {question.name}; found: {dict(sorted(found.items()))}.")
        check_missing(missing, len(records), question)
        return records

    def totals(self) -> Totals:
        """Items and different images of all questions."""
        images = [self._image_name(row) for _, row in self._rows()]
        return Totals(len(images), len(set(images)))

    def files(self, question: Question) -> list[Path]:
        """The tables that hold the question."""
        asked = (table.path for table, row in self._rows() if self._asked(table, row).question == question.name)
        return list(dict.fromkeys(asked))

    def _rows(self) -> Iterator[tuple[TableFile, Row]]:
        for table in self.tables:
            status = table.path.stat()
            wanted = tuple(name for name in self.layout.columns() if name not in table.parts)
            for row in _read_rows(table.path, status.st_mtime_ns, status.st_size, wanted, self.layout.image):
                yield table, row

    def _asked(self, table: TableFile, row: Row) -> "_Asked":
        cells, where = {**table.parts, **row.cells}, f"{table.path}, row {row.number}"
        dataset = table.parts.get("dataset", "table") if self.layout.dataset is None else str(cells[self.layout.dataset])
        return _Asked(where=where, cells=cells, row=row, question=self._name(cells, where), dataset=dataset)

    def _name(self, cells: Mapping[str, Any], where: str) -> str:
        """Our name of the question that a row asks."""
        given = str(cells[self.layout.question])
        name = self.layout.questions.get(given, given)
        level = "" if self.layout.level is None else str(cells[self.layout.level]).strip().lower()
        name = f"{name}_{level}" if level and name not in QUESTIONS else name
        if name not in QUESTIONS:
            accepted = ", ".join([*self.layout.questions, *QUESTIONS])
            raise InputError(
                f"{where}: question {given!r}, level {level!r} is unknown. Known: {accepted}. "
                "Name it under questions in the layout."
            )
        return name

    def _record(self, question: Question, asked: "_Asked", line: int) -> Record:
        cells, where = asked.cells, asked.where
        options = check_options(self._options(question, cells, where), where)
        answers = Answers(dict(zip(options, options, strict=True)), self.layout.answer_as)
        answer = answers.find(cells[self.layout.answer])
        if answer is None:
            said = clip(cells[self.layout.answer])
            raise InputError(f"{where}: the answer {said} is not accepted. Answers: {answers.accepted()}.")
        return Record(
            dataset=asked.dataset,
            line=line,
            image=self._image_name(asked.row),
            query=self._query(question, cells, where),
            options=options,
            answer=answer,
            picture=self._picture(asked.row, where),
            named=read_named(self.layout, cells, len(options), where),
        )

    def _query(self, question: Question, cells: Mapping[str, Any], where: str) -> str:
        text = self.layout.text
        query = cells[text] if isinstance(text, str) else text.get(question.name)
        if not isinstance(query, str) or not query.strip():
            raise InputError(f"{where}: nothing is asked. Give a column with the question, or its text under text in the layout.")
        return query

    def _options(self, question: Question, cells: Mapping[str, Any], where: str) -> list[Any]:
        named = self.layout.options
        if isinstance(named, dict):
            if question.name not in named:
                raise InputError(f"The layout has no options for {question.name}; it has them for {', '.join(named)}.")
            return list(named[question.name])
        if isinstance(named, tuple):
            return [cells[name] for name in named if cells[name] not in (None, "")]
        value = cells[named]
        try:
            value = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise InputError(f"{where}: options={clip(value)} is no list. Give a list, or its JSON text.") from None
        return value if isinstance(value, list) else [value]

    def _image_name(self, row: Row) -> str:
        if self.layout.name is not None:
            return str(row.cells[self.layout.name])
        return row.image.text if self.layout.image_as == "path" else row.image.digest

    def _picture(self, row: Row, where: str) -> Mapping[str, str | int]:
        """Spec of the picture; empty where it is missing."""
        kind, form = row.image.kind, self.layout.image_as
        if kind == "bytes" and form != "bytes":
            raise InputError(f"{where}: the image is bytes, but the layout says image_as: {form}. Correct the layout.")
        if kind == "none":
            return {}
        if form in (kind, "base64"):
            return row.place
        # Text in place of bytes is the path of the datasets library's struct.
        path = self.folder.file(row.image.text, where, below=self.layout.images)
        return {"image": str(path)} if row.image.text and path.is_file() else {}


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One row with what it asks."""

    where: str
    cells: Mapping[str, Any]
    row: Row
    question: str
    dataset: str


def read_tables(folder: Folder, layout: TableLayout) -> TableFolder:
    """The tables of a folder that fit the patterns.

    Raises:
        InputError: There is none.
    """
    tables: list[TableFile] = []
    patterns = [_pattern(text) for text in layout.files]
    for name in folder.tree():
        match = next((match for pattern in patterns if (match := pattern.fullmatch(name))), None)
        if match:
            tables.append(TableFile(path=folder.file(name, "files"), parts=_parts(layout, match)))
    if not tables:
        raise InputError(f"{folder.root} has no file that fits {', '.join(layout.files)}. Correct files in the layout.")
    return TableFolder(folder=folder, layout=layout, tables=tuple(tables))


def _parts(layout: TableLayout, match: "re.Match[str]") -> dict[str, str]:
    """Cells that a path gives, by column."""
    columns = {"question": layout.question, "level": layout.level, "dataset": layout.dataset}
    return {columns.get(part) or part: value for part, value in match.groupdict().items()}


def _pattern(text: str) -> "re.Pattern[str]":
    """The pattern of paths as a regular expression."""
    tokens = re.split(r"(\*\*/|\*|\{(?:question|level|dataset)\})", text)
    meanings = {"**/": "(?:.*/)?", "*": "[^/]*"} | {f"{{{part}}}": f"(?P<{part}>[^/]+?)" for part in PARTS}
    return re.compile("".join(meanings.get(token) or re.escape(token) for token in tokens))


@lru_cache(maxsize=64)
def _read_rows(path: Path, _changed: int, _size: int, wanted: tuple[str, ...], image: str) -> tuple[Row, ...]:
    """All rows without their images; kept, because every question reads the same tables."""
    return tuple((jsonl if path.suffix == ".jsonl" else parquet).rows(path, wanted, image))
