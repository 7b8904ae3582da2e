"""The script layout as files: benchmark_exp.json, answer files and PNG images."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.files import write_atomic
from lm_eval_ext.items import Item
from lm_eval_ext.orientation.layouts.description import LAYOUT_FILE, Scalar, ScriptLayout, dump_layout
from lm_eval_ext.orientation.layouts.encode import Sheet, options_of, question_of
from lm_eval_ext.orientation.layouts.recognise import packaged_layout
from lm_eval_ext.orientation.prompts import INSTRUCTION
from lm_eval_ext.orientation.questions import Question

_SAFE = re.compile(r"[\w-][\w.-]*")


class FolderSet:
    """The files of a set in the script layout."""

    def __init__(self, sheet: Sheet, provenance: Mapping[str, Scalar]) -> None:
        """The items, and how they were made.

        Raises:
            InputError: They ask a question in several ways, or a name can't be that of a file.
        """
        self._sheet = sheet
        fields = ("image", "unused", "answer", *sheet.columns)
        known = packaged_layout("script")
        described = sheet.description() | {"questions": known.questions, "provenance": dict(provenance)}
        self.layout = ScriptLayout.model_validate({"kind": "script", "query": "query", "fields": fields} | described)
        # Made here, so that what can't be written is refused before anything is.
        answers = {_answer_name(group[0]): self._answers(group) for group in _groups(sheet.items)}
        self._texts = {LAYOUT_FILE: dump_layout(self.layout), **answers}
        self._config = self._questions()

    @property
    def names(self) -> list[str]:
        """Every file."""
        return [*self._texts, self.layout.config, *(image_name(item) for item in self._sheet.items)]

    def write_texts(self, out: Path) -> None:
        """The description and the answer files."""
        for name, text in self._texts.items():
            put(out, name, text.encode())

    def write_pictures(self, out: Path, pictures: Iterator[bytes]) -> None:
        """The images, and last of all the file of questions."""
        for item, data in zip(self._sheet.items, pictures, strict=True):
            put(out, image_name(item), data)
        put(out, self.layout.config, self._config.encode())

    def _answers(self, items: Sequence[Item]) -> str:
        """An answer file."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for item in items:
            cells = self._sheet.cells(item)
            answer = _plain(item.answer)
            writer.writerow([Path(image_name(item)).name, item.item_id, answer, *map(_cell, map(cells.get, self._sheet.columns))])
        return text.getvalue()

    def _questions(self) -> str:
        """The file of questions."""
        numbers = {type_: name for name, type_ in self.layout.questions.items()}
        config: dict[str, Any] = {}
        for group in _groups(self._sheet.items):
            question, dataset = question_of(group[0]), str(group[0].factors["dataset"])
            entry = config.setdefault(numbers[question.type], {"levels": {}, "datasets": {}})
            level = level_data(question, group)
            if entry["levels"].setdefault(question.level, level) != level:
                raise InputError(
                    f"{question.name}: datasets ask it in different words or with different options. Write them apart."
                )
            paths = entry["datasets"].setdefault(dataset, {"image_dir": _image_dir(group[0]), "answer_path": {}})
            paths["answer_path"][question.level] = _answer_name(group[0])
        return json.dumps(config, indent=1, ensure_ascii=False) + "\n"


def level_data(question: Question, items: Sequence[Item]) -> dict[str, Any]:
    """A level's entry in the file of questions.

    Answers are written without commas, at which the public script cuts a line; where that changes an option, ``remap`` gives the
    text to show.

    Raises:
        InputError: The items ask different things or have different options.
    """
    asked = {(item.query, options_of(item)) for item in items}
    if len(asked) > 1:
        raise InputError(
            f"{question.name}: its {len(items)} items have {len(asked)} wordings or sets of options. Write them apart."
        )
    query, options = asked.pop()
    plain = [_plain(option) for option in options]
    if len(set(plain)) < len(plain):
        raise InputError(f"{question.name}: without commas, options are the same: {plain}.")
    changed = plain != list(options)
    return {
        "question": query if "{options}" in query else f"{_escaped(query)}\n{{options}}\n{INSTRUCTION}\nAnswer:",
        "query": query,
        "options": plain,
        "remap": "true" if changed else "false",
        **({"options_remapped": dict(zip(plain, options, strict=True))} if changed else {}),
    }


def image_name(item: Item) -> str:
    """Where an item's image lies; every item has its own, because the public script keeps one line per image."""
    return f"{_image_dir(item)}/{_safe(item.item_id, 'id')}.png"


def put(out: Path, name: str, data: bytes) -> None:
    """Write a file of the set whole, or find it there.

    Raises:
        InputError: A file with other content is there.
    """
    path = out / name
    if not path.is_file():
        write_atomic(path, data)
    elif path.read_bytes() != data:
        raise InputError(f"out={str(out)!r} holds another {name}. Give a folder that is new, empty or holds this set.")


def _groups(items: Sequence[Item]) -> list[list[Item]]:
    """Items of one question and dataset, in their order."""

    def key(item: Item) -> tuple[str, str]:
        return question_of(item).name, str(item.factors["dataset"])

    order = {name: place for place, name in enumerate(dict.fromkeys(map(key, items)))}
    return [list(group) for _, group in groupby(sorted(items, key=lambda item: order[key(item)]), key=key)]


def _image_dir(item: Item) -> str:
    return f"images/{_safe(str(item.factors['dataset']), 'dataset')}/{question_of(item).type}"


def _answer_name(item: Item) -> str:
    return f"answers/{_safe(str(item.factors['dataset']), 'dataset')}/{question_of(item).name}.csv"


def _safe(name: str, what: str) -> str:
    if not _SAFE.fullmatch(name):
        raise InputError(f"{what} {name!r} can't be the name of a file. Use letters, digits, '_', '-' and '.'.")
    return name


def _plain(option: str) -> str:
    return option.replace(",", "")


def _escaped(text: str) -> str:
    """Braces doubled, as ``str.format`` wants them."""
    return text.replace("{", "{{").replace("}", "}}")


def _cell(value: Scalar | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
