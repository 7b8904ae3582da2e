"""Where files go that can be made again, and files that are either old or new, never half."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

CACHE = "LM_EVAL_EXT_CACHE"
"""Environment variable: folder for what is drawn or fetched; without it ``~/.cache/lm_eval_ext``."""


def cache_folder() -> Path:
    """Folder of everything that can be made again: ``$LM_EVAL_EXT_CACHE``, or ``~/.cache/lm_eval_ext``."""
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "lm_eval_ext")


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write ``data`` to ``path`` so that a reader, or a crash at any moment, sees the old file or the new one.

    Args:
        path: Target; its folder is made when missing.
        data: Bytes, or text written as UTF-8.

    Raises:
        OSError: The disk is full or the folder is read-only; the old file is intact and no temporary file is left.
    """
    with replacing(Path(path)) as half:
        half.write_bytes(data.encode() if isinstance(data, str) else data)


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A file beside ``path`` that takes its place, on disk, when all went well, and is removed when not.

    Args:
        path: Target; its folder is made when missing.

    Yields:
        Path: An empty file to write.

    Raises:
        OSError: The disk is full or the folder is read-only; the old file is intact and no temporary file is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    half = Path(name)
    try:
        yield half
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.chmod(0o644)  # mkstemp makes it private
        half.replace(path)
    except BaseException:
        half.unlink()
        raise
