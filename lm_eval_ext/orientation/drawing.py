"""The picture as the model sees it: rendered panels, turned or mirrored, with red boxes, dots and letter tags."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.camera import camera, outline, place
from lm_eval_ext.orientation.raytrace import render
from lm_eval_ext.orientation.scene import RENDER_VERSION, Picture, Placed, Scene

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

RED = (226, 26, 26)
WHITE = (255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """How a panel's pixels move: mirrored left to right first, then turned clockwise by a multiple of 90 degrees.

    Attributes:
        pixels: Width and height of the panel.
        mirrored: Whether left and right are exchanged.
        rotate: 0, 90, 180 or 270.
    """

    pixels: int
    mirrored: bool
    rotate: int

    def move(self, x: int, y: int) -> tuple[int, int]:
        """Where the pixel in column x and row y comes to lie.

        Example:
            >>> Frame(pixels=10, mirrored=False, rotate=90).move(2, 0), Frame(pixels=10, mirrored=True, rotate=0).move(2, 0)
            ((9, 2), (7, 0))
        """
        last = self.pixels - 1
        x = last - x if self.mirrored else x
        for _ in range(self.rotate // 90):
            x, y = last - y, x
        return x, y


def draw(picture: Picture) -> "Image":
    """The picture in RGB: its panels side by side with a thin white gap.

    A panel is mirrored before it is turned, so that in a mirrored picture the right way up stays where it was. Tags are written
    last, hence always upright and readable.

    Args:
        picture: One panel or several of the same size.

    Raises:
        InputError: The spec is of another version of the renderer, or a turn is no multiple of 90 degrees.
    """
    import PIL.Image

    _check(picture)
    turns = (*picture.rotate, *[0] * len(picture.panels))
    panels = [_panel(scene, picture.mirrored, turn) for scene, turn in zip(picture.panels, turns, strict=False)]
    sheet = PIL.Image.new("RGB", sheet_size(picture), WHITE)
    for i, panel in enumerate(panels):
        sheet.paste(panel, (i * (panel.width + _gap(panel.width)), 0))
    return sheet


def sheet_size(picture: Picture) -> tuple[int, int]:
    """Width and height in pixels of the picture as ``draw`` gives it.

    Example:
        >>> scene = Scene(objects=(), look=0, pixels=256)
        >>> sheet_size(Picture(panels=(scene, scene)))
        (520, 256)
    """
    size, many = picture.panels[0].pixels, len(picture.panels)
    return many * (size + _gap(size)) - _gap(size), size


def _gap(size: int) -> int:
    """Pixels between panels."""
    return max(4, size // 32)


def _check(picture: Picture) -> None:
    if picture.version != RENDER_VERSION:
        raise InputError(
            f"The picture's spec is of renderer version {picture.version}; this is version {RENDER_VERSION}. Make the spec anew."
        )
    if not picture.panels or len(picture.rotate) > len(picture.panels) or len({scene.pixels for scene in picture.panels}) > 1:
        raise InputError(
            f"{len(picture.panels)} panels with turns {picture.rotate}: give one or more panels of one size and a turn for each."
        )
    if any(turn not in (0, 90, 180, 270) for turn in picture.rotate):
        raise InputError(f"rotate={picture.rotate} is not accepted. Give 0, 90, 180 or 270 for each panel.")


@lru_cache(maxsize=2)
def _rendered(scene: Scene) -> "Image":
    """The last scenes are kept: a twin, and the second panel of a turned view, show the same one again."""
    return render(scene)


def _panel(scene: Scene, mirrored: bool, turn: int) -> "Image":
    from PIL.Image import Transpose
    from PIL.ImageDraw import Draw

    image = _rendered(scene).copy()
    if mirrored:
        image = image.transpose(Transpose.FLIP_LEFT_RIGHT)
    if turn:
        # Pillow's names count counter-clockwise.
        image = image.transpose({90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}[turn])
    frame, pen = Frame(pixels=scene.pixels, mirrored=mirrored, rotate=turn), Draw(image)
    for placed in scene.objects:
        _mark(pen, frame, scene, placed)
    return image


def _mark(pen: "ImageDraw", frame: Frame, scene: Scene, placed: Placed) -> None:
    thick = max(1, round(scene.pixels / 128))
    if placed.tag:
        corners = _corners(frame, scene, placed, thick + 1)
        pen.rectangle(corners, outline=RED, width=thick)
        _label(pen, corners, placed.tag, scene.pixels)
    if placed.dot:
        x, y = frame.move(*middle(scene, placed))
        radius = max(2, round(scene.pixels / 64))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=RED)


def middle(scene: Scene, placed: Placed) -> tuple[int, int]:
    """Pixel of the middle of an object's extent in space, in a panel that is neither mirrored nor turned."""
    import numpy as np

    points = np.concatenate([part.vertices for part in place(placed).parts])
    centre = (points.min(0) + points.max(0)) / 2
    x, y = camera(scene).project(centre[None])[0]
    last = scene.pixels - 1
    return min(max(math.floor(x), 0), last), min(max(math.floor(y), 0), last)


def _corners(frame: Frame, scene: Scene, placed: Placed, margin: int) -> tuple[int, int, int, int]:
    box, last = outline(scene, placed), scene.pixels - 1
    first = frame.move(max(math.floor(box.left) - margin, 0), max(math.floor(box.top) - margin, 0))
    second = frame.move(min(math.floor(box.right) + margin, last), min(math.floor(box.bottom) + margin, last))
    return min(first[0], second[0]), min(first[1], second[1]), max(first[0], second[0]), max(first[1], second[1])


def _label(pen: "ImageDraw", corners: tuple[int, int, int, int], tag: str, pixels: int) -> None:
    """A small red label with the white letter, on top of the box's left end, or inside it where the picture ends."""
    from PIL.ImageFont import load_default

    left, top, _, _ = corners
    font = load_default(max(10, round(pixels * 0.055)))
    a, b, c, d = (math.ceil(edge) for edge in pen.textbbox((0, 0), tag, font=font))
    pad = max(2, round(pixels / 100))
    wide, tall = c - a + 2 * pad, d - b + 2 * pad
    x, y = min(left, pixels - wide), top - tall if top >= tall else top
    pen.rectangle((x, y, x + wide - 1, y + tall - 1), fill=RED)
    pen.text((x + pad - a, y + pad - b), tag, fill=WHITE, font=font)
