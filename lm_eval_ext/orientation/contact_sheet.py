"""Contact sheets: many small renders in one picture, for people to check that objects are recognisable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lm_eval_ext.orientation.raytrace import render
from lm_eval_ext.orientation.scene import Placed, Scene

if TYPE_CHECKING:
    from PIL.Image import Image

FACINGS = (0.0, 45.0, 90.0, 180.0, 225.0)


def contact_sheet(rows: Sequence[tuple[str, int]], *, facings: Sequence[float] = FACINGS, pixels: int = 112) -> Image:
    """One row for each (category, instance), one column for each facing; the look changes with the row.

    Args:
        rows: Categories with instance numbers.
        facings: Degrees, see ``scene``.
        pixels: Width and height of a cell.

    Returns:
        A picture with a palette of 256 colours, which makes a small PNG file.
    """
    import PIL.Image

    sheet = PIL.Image.new("RGB", (pixels * len(facings), pixels * len(rows)))
    for row, (category, instance) in enumerate(rows):
        for column, facing in enumerate(facings):
            placed = Placed(category=category, instance=instance, facing=facing)
            cell = render(Scene(objects=(placed,), look=row, fov=30.0, pixels=pixels))
            sheet.paste(cell, (column * pixels, row * pixels))
    return sheet.quantize(256)
