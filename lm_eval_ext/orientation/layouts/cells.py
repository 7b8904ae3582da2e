"""What tables of either format give."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lm_eval_ext.errors import InputError


class ImageCell(NamedTuple):
    """What stands in the image's column."""

    kind: Literal["bytes", "text", "none"]
    """none where the cell is empty."""
    text: str = ""
    """Of a text that is short enough to be a path."""
    digest: str = ""
    """Of the bytes or the text."""


class Row(NamedTuple):
    """One row of a table without the bytes of its image."""

    number: int
    """Counted from 1."""
    cells: Mapping[str, Any]
    image: ImageCell
    place: Mapping[str, str | int]
    """Spec of the picture."""


LONGEST_PATH = 1_000
"""Characters."""


def image_cell(value: Any) -> ImageCell:
    """What the cell is, with enough of it to know the image by.

    A struct of ``bytes`` and ``path`` stands for its bytes, or for its path where there are none.
    """
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes) and value:
        return ImageCell("bytes", digest=hashlib.sha256(value).hexdigest()[:16])
    if isinstance(value, str) and value:
        digest = hashlib.sha256(value.encode()).hexdigest()[:16]
        return ImageCell("text", value if len(value) <= LONGEST_PATH else "", digest)
    return ImageCell("none")


def image_bytes(value: Any, name: str) -> bytes:
    """The file in an image's cell: bytes, base64 text, or a struct of ``bytes`` and ``path``.

    Raises:
        InputError: The cell is empty or its text is no base64.
    """
    if isinstance(value, dict):
        value = value.get("bytes")
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise InputError(f"{name} holds no image. The table was changed after the items were made: run again.")
    try:
        return base64.b64decode(value.partition(";base64,")[2] or value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{name} holds an image that is no base64 text ({error}). Export it again.") from None


def check_columns(path: Path, found: Mapping[str, str], wanted: Iterable[str]) -> None:
    """Refuse a table that lacks columns.

    Raises:
        InputError: Some are missing; the line has them and what was found.
    """
    missing = [name for name in wanted if name not in found]
    if missing:
        held = ", ".join(f"{name}: {type_}" for name, type_ in found.items())
        raise InputError(
            f"{path} lacks {', '.join(map(repr, missing))}, which the layout names; found: {held}. "
            'Correct the layout: --metadata \'{"layout": "FILE.yaml"}\'.'
        )
