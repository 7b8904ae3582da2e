"""The picture of a published item, from the file or the table's row that its spec names."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lm_eval_ext.orientation.images import open_image
from lm_eval_ext.orientation.layouts import jsonl, parquet
from lm_eval_ext.orientation.layouts.cells import image_bytes

if TYPE_CHECKING:
    from PIL.Image import Image


def open_picture(spec: Mapping[str, Any]) -> "Image":
    """The picture in upright RGB.

    Args:
        spec: ``{"image": FILE}``, or ``{"table": FILE, "row": NUMBER, "column": NAME}``, with the ``offset`` of a JSON line.

    Raises:
        InputError: There is no sound picture; the line names the file and the row.
    """
    if "image" in spec:
        return open_image(spec["image"])
    path, row, column = Path(spec["table"]), spec["row"], spec["column"]
    name = f"{path}, row {row}"
    if path.suffix == ".jsonl":
        return open_image(image_bytes(jsonl.read_image(path, row, column, spec["offset"]), name), name=name)
    return open_image(image_bytes(parquet.read_image(path, row, column), name), name=name)
