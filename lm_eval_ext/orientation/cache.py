"""Drawn pictures on disk, named by the hash of their spec, so that each is rendered once per machine."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lm_eval_ext.files import cache_folder, write_atomic
from lm_eval_ext.items import dump_spec
from lm_eval_ext.orientation.drawing import draw
from lm_eval_ext.orientation.scene import Picture, picture_to_data
from lm_eval_ext.seeding import digest

if TYPE_CHECKING:
    from PIL.Image import Image


def cached_path(picture: Picture) -> Path:
    """Where the picture's PNG file lies, or will lie."""
    key = digest(dump_spec(picture_to_data(picture)))
    return cache_folder() / "pictures" / key[:2] / f"{key}.png"


def draw_cached(picture: Picture) -> "Image":
    """The picture, from the cache when a sound file is there; otherwise drawn and kept."""
    path = cached_path(picture)
    kept = _read(path)
    if kept is not None:
        return kept
    image, data = draw(picture), io.BytesIO()
    image.save(data, "PNG")
    write_atomic(path, data.getvalue())
    return image


def draw_many(pictures: Sequence[Picture], *, workers: int = 2, progress: bool = True) -> list[Path]:
    """Draws what the cache lacks, in several processes.

    The memory in use does not grow with the number of pictures. Processes are spawned, so a script that calls this does so under
    ``if __name__ == "__main__":``.

    Args:
        pictures: Any number; equal ones are drawn once.
        workers: Processes, each with one thread; 1 draws in this process with all cores.
        progress: Show a progress bar on standard error.

    Returns:
        The PNG file of each picture, in the order given.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    paths = [cached_path(picture) for picture in pictures]
    missing = {path: picture for path, picture in zip(paths, pictures, strict=True) if _read(path) is None}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress or not missing) as bar:
        for _ in bar.track(_drawn(list(missing.values()), workers), total=len(missing), description="Rendering"):
            pass
    return paths


def _drawn(pictures: list[Picture], workers: int) -> Iterator[None]:
    """Draws and keeps the pictures; yields after each."""
    if workers == 1 or len(pictures) <= workers:
        yield from map(_keep, pictures)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        try:
            yield from pool.map(_keep, pictures, chunksize=4)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _one_thread() -> None:
    # Processes share the cores, so threads within one would only get in each other's way.
    import drjit

    drjit.set_thread_count(1)


def _keep(picture: Picture) -> None:
    draw_cached(picture)


def _read(path: Path) -> "Image | None":
    """The image of a sound PNG file, or None when it is missing or damaged."""
    import PIL.Image

    try:
        data = path.read_bytes()
        with PIL.Image.open(io.BytesIO(data)) as image:
            # Compares the checksums of all chunks; decoding alone misses a changed byte.
            image.verify()
        with PIL.Image.open(io.BytesIO(data)) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return None
