"""Each bad picture is refused with a line that names it, before its pixels are decoded."""

import io
import resource
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.images import open_image


def encoded(image: PIL.Image.Image, kind: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def striped(size: tuple[int, int] = (6, 4)) -> PIL.Image.Image:
    """Left column red, the rest blue."""
    image = PIL.Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 1, size[1]))
    return image


def peak_memory() -> int:
    """Bytes that this process has held at most, Pillow's own included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def png_header(width: int, height: int) -> bytes:
    """A PNG file that claims a size and holds one row."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def test_a_sound_picture_keeps_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(striped()))
    for source in (path, str(path), path.read_bytes()):
        opened = open_image(source)
        assert opened.mode == "RGB"
        assert opened.tobytes() == striped().tobytes()


def webp_header(width: int, height: int) -> bytes:
    """A WebP file that claims a size and holds nothing."""
    body = (
        b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    "data",
    [
        png_header(8000, 8000),
        png_header(13000, 13000),
        png_header(14000, 14000),
        png_header(60000, 60000),
        webp_header(12000, 12000),
    ],
    ids=["64 MP", "169 MP", "196 MP", "3600 MP", "WebP"],
)
def test_a_bomb_is_refused_fast_and_small(data: bytes) -> None:
    open_image(encoded(striped()))  # the imports are not part of the bar
    tracemalloc.start()
    before, start = peak_memory(), time.perf_counter()
    with pytest.raises(InputError, match=r"^bomb (has|is too large)"):
        open_image(data, name="bomb")
    elapsed, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert elapsed < 0.1
    assert peak < 10_000_000
    assert peak_memory() - before < 10_000_000


def test_the_limit_is_the_callers_and_pillows_is_untouched() -> None:
    before = vars(PIL.Image)["MAX_IMAGE_PIXELS"]
    assert open_image(encoded(striped((20, 10))), max_pixels=200).size == (20, 10)
    with pytest.raises(InputError, match=r"20 x 10 pixels, more than 199\. Make it smaller"):
        open_image(encoded(striped((20, 10))), max_pixels=199)
    assert vars(PIL.Image)["MAX_IMAGE_PIXELS"] == before


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    noise = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    with pytest.raises(InputError, match=r"^cut is damaged|^cut is no picture"):
        open_image(data[: len(data) // 2], name="cut")


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"SIMPLE  =                    T"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^x\.png is (empty|no picture|damaged)"):
        open_image(data, name="x.png")


def test_a_wrong_ending_is_refused_and_an_unknown_one_is_not(tmp_path: Path) -> None:
    wrong = tmp_path / "photo.png"
    wrong.write_bytes(encoded(striped(), "JPEG"))
    with pytest.raises(InputError, match=r"photo\.png is wrongly named: it holds a JPEG picture"):
        open_image(wrong)
    for name in ("photo.jpeg", "photo.JPG", "photo", "photo.0"):
        assert open_image(wrong.read_bytes(), name=name).size == (6, 4)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(kind: str) -> None:
    frames = [PIL.Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match="moving is animated or has several pages"):
        open_image(data, name="moving")
    assert open_image(encoded(frames[0], kind)).size == (8, 8)


@pytest.mark.parametrize("lossless", [False, True])
def test_the_size_of_a_webp_is_read_from_its_header(lossless: bool) -> None:
    data = encoded(striped((70, 30)), "WEBP", lossless=lossless)
    assert open_image(data, max_pixels=2100).size == (70, 30)
    with pytest.raises(InputError, match="70 x 30 pixels, more than 2,099"):
        open_image(data, max_pixels=2099)


def test_exif_orientation_is_applied() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter to see it upright
    upright = open_image(encoded(striped(), "PNG", exif=exif))
    assert upright.size == (4, 6)
    assert upright.getpixel((0, 0)) == (255, 0, 0)
    assert upright.getpixel((0, 5)) == (0, 0, 255)


def test_cmyk_becomes_rgb() -> None:
    red, green, blue = open_image(encoded(PIL.Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")).getpixel((4, 4))
    assert red > 200
    assert green < 80
    assert blue < 80


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(mode: str) -> None:
    image = PIL.Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 2, 4))
    opened = open_image(encoded(image.quantize(4) if mode == "P" else image.convert(mode)))
    assert opened.getpixel((0, 0)) == (0, 0, 0)
    assert opened.getpixel((3, 3)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_range() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    grey = np.asarray(open_image(encoded(PIL.Image.fromarray(ramp))))[..., 0].ravel()
    assert grey[0] == 0
    assert grey[-1] == 255
    assert np.abs(grey.astype(int) - np.arange(256)).max() <= 1


def test_floating_point_pixels_are_refused() -> None:
    with pytest.raises(InputError, match=r"^hdr\.tif has pixels of type F"):
        open_image(encoded(PIL.Image.new("F", (4, 4), 0.5), "TIFF"), name="hdr.tif")


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_image(tmp_path / "none.png")
