"""JSON lines as a table: a JSON object per line; images as paths or base64 text."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.layouts.cells import Row, check_columns, image_cell

LONGEST = 64_000_000
"""Bytes of a line."""


def columns(path: Path) -> dict[str, str]:
    """Names and types of the first line's values."""
    for _, _, data in _objects(path):
        return {name: _type(value) for name, value in data.items()}
    raise InputError(f"{path} is empty. Fetch or export it again.")


def rows(path: Path, wanted: Sequence[str], image: str) -> Iterator[Row]:
    """Every line; one that lacks a column has None there."""
    check_columns(path, columns(path), [*wanted, image])
    for number, offset, data in _objects(path):
        place = {"table": str(path), "row": number, "column": image, "offset": offset}
        yield Row(number, {name: data.get(name) for name in wanted}, image_cell(data.get(image)), place)


def read_image(path: Path, row: int, column: str, offset: int) -> Any:
    """The value of the image's column in the line that begins at a byte."""
    with path.open("rb") as file:
        file.seek(offset)
        return _parse(file.readline(LONGEST + 1), path, row).get(column)


def _objects(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Number of each line that is not blank, the byte at which it begins, and what it holds."""
    with path.open("rb") as file:
        offset, number = 0, 0
        while line := file.readline(LONGEST + 1):
            number += 1
            if line.strip():
                yield number, offset, _parse(line, path, number)
            offset += len(line)


def _parse(line: bytes, path: Path, number: int) -> dict[str, Any]:
    if len(line) > LONGEST:
        raise InputError(f"{path}, line {number} is longer than {LONGEST:,} bytes. Give smaller images.")
    try:
        data = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{path}, line {number} is no UTF-8 text. Save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}, line {number} is no JSON ({error}). Fetch or export it again.") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}, line {number} is no JSON object. Give one object per line.")
    return data


def _type(value: Any) -> str:
    if isinstance(value, dict):
        return f"object<{', '.join(value)}>"
    if isinstance(value, list):
        return f"list<{_type(value[0])}>" if value else "list"
    return "null" if value is None else type(value).__name__
