"""The image guard: a picture from outside is checked before a single pixel of it is decoded."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_ext.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 32_000_000
"""About 250 MB at the peak of decoding and converting."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats whose decoders are tried; the rarer ones of Pillow are never given foreign bytes."""


def open_image(source: Path | str | bytes, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Image:
    """A still picture in upright RGB.

    The size, the format and the number of frames are read from the header; the pixels are decoded only after all of them are
    accepted. EXIF orientation is applied, 16-bit grey is scaled to 8 bits, and transparent parts become white.

    Args:
        source: A file, or its bytes.
        name: What messages call it; by default the file's path. Its ending, if any, must fit the content.
        max_pixels: Largest accepted width times height.

    Raises:
        InputError: The file is empty, no picture, wrongly named, too large, animated, damaged, or of a pixel type without a
            known range. The message names the file.
        OSError: The file cannot be read.
    """
    name = name or ("The image" if isinstance(source, bytes) else str(source))
    _check_size(_webp_size(_head(source, name)), name, max_pixels)
    with _opened(source, name) as image:
        _check_name(image, name)
        _check_size(image.size, name, max_pixels)
        # Photographs with an embedded preview (MPO) count as one frame: the first is the photograph.
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise InputError(f"{name} is animated or has several pages. Give one still picture.")
        return _flattened(_decoded(image, name), name)


def _head(source: Path | str | bytes, name: str) -> bytes:
    """The first 30 bytes."""
    if isinstance(source, bytes):
        head = source[:30]
    else:
        with Path(source).open("rb") as file:
            head = file.read(30)
    if not head:
        raise InputError(f"{name} is empty (0 bytes). Fetch or export it again.")
    return head


def _webp_size(head: bytes) -> tuple[int, int]:
    """Size of a WebP picture, (0, 0) for other formats: Pillow makes room for a WebP's pixels as soon as it opens one."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return 0, 0
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        problem = f"{width} x {height} pixels, more than {max_pixels:,}"
        raise InputError(f"{name} has {problem}. Make it smaller, or raise max_pixels if you trust it.")


def _opened(source: Path | str | bytes, name: str) -> Image:
    import PIL.Image

    try:
        with warnings.catch_warnings():
            # Pillow's own warning about large pictures; our limit is lower and is checked next.
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            return PIL.Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
    except PIL.Image.DecompressionBombError as error:
        raise InputError(f"{name} is too large: {error} Make it smaller.") from None
    except PIL.UnidentifiedImageError:
        raise InputError(f"{name} is no picture in a format that is read ({', '.join(FORMATS)}). Convert it to PNG.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InputError(f"{name} is damaged: {error}. Fetch or export it again.") from None


def _check_name(image: Image, name: str) -> None:
    import PIL.Image

    expected = PIL.Image.registered_extensions().get(Path(name).suffix.lower())
    actual = "JPEG" if image.format == "MPO" else image.format
    if expected in FORMATS and expected != actual:
        raise InputError(f"{name} is wrongly named: it holds a {actual} picture. Rename it, or fetch it again.")


def _decoded(image: Image, name: str) -> Image:
    import struct
    import zlib

    from PIL.ImageOps import exif_transpose

    try:
        image.load()
        return exif_transpose(image)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error) as error:
        raise InputError(f"{name} is damaged: {error}. Fetch or export it again.") from None


def _flattened(image: Image, name: str) -> Image:
    """RGB, with transparency over white."""
    import PIL.Image

    if image.mode.startswith("I"):
        return _from_16_bits(image, name)
    if image.mode in {"F", "LAB", "HSV"}:
        raise InputError(f"{name} has pixels of type {image.mode}, whose range is not known. Convert it to 8-bit RGB.")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = PIL.Image.new("RGBA", layer.size, "white")
        ground.alpha_composite(layer)
        image = ground
    return image.convert("RGB")


def _from_16_bits(image: Image, name: str) -> Image:
    import numpy as np
    import PIL.Image

    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise InputError(f"{name} has grey values beyond 16 bits. Convert it to 8-bit RGB.")
    return PIL.Image.fromarray((values // 257).astype(np.uint8)).convert("RGB")
