"""Contact sheets: many small renders in one picture, for people to check what objects look like and where their front is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lm_eval_ext.orientation.raytrace import render
from lm_eval_ext.orientation.scene import Placed, Scene

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

COLUMNS, CELL, TITLE = 8, 96, 22
"""Cells in a row, and the pixels of a cell's edge and of the title's height."""
INSTANCES = 40
"""Instances 0-39, those that tests show."""
VIEW = 35.0
"""Facing of the instances: front and one flank are seen."""
LOOK = 329
"""Soft light from the front on plain grey ground, so that the objects alone make the difference."""


class Cell(NamedTuple):
    """One object and what is written in the corner of its cell."""

    placed: Placed
    caption: str


def turns(placed: Placed) -> list[Cell]:
    """The object once round: at 0 it faces the viewer, at 90 the right edge."""
    return [Cell(replace(placed, facing=facing), f"{facing:.0f}°") for facing in (360.0 / COLUMNS * i for i in range(COLUMNS))]


def instances(category: str) -> list[Cell]:
    """The test instances of a category, seen from the front and a little from the side."""
    return [Cell(Placed(category=category, instance=number, facing=VIEW), str(number)) for number in range(INSTANCES)]


def contact_sheet(title: str, cells: Sequence[Cell]) -> Image:
    """The cells in rows of eight under a title, all in one light.

    Args:
        title: One line.
        cells: In reading order.
    """
    import PIL.Image
    from PIL.ImageDraw import Draw

    rows = -(-len(cells) // COLUMNS)
    sheet = PIL.Image.new("RGB", (COLUMNS * CELL, TITLE + rows * CELL), "white")
    pen = Draw(sheet)
    pen.text((6, 4), title, fill="black", font=_font(13))
    for i, (placed, caption) in enumerate(cells):
        x, y = i % COLUMNS * CELL, TITLE + i // COLUMNS * CELL
        sheet.paste(_picture(placed), (x, y))
        pen.text((x + 3, y + 1), caption, fill="black", font=_font(11))
    return sheet


def _picture(placed: Placed) -> Image:
    """The middle of a render: scenes leave more room around an object than a sheet has."""
    pixels = CELL * 5 // 4
    edge = (pixels - CELL) // 2
    return render(Scene(objects=(placed,), look=LOOK, fov=30.0, pixels=pixels)).crop((edge, edge, edge + CELL, edge + CELL))


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL.ImageFont import load_default

    return load_default(size)
