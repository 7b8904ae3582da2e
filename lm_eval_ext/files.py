"""Where files go that can be made again, and files that are either old or new, never half."""

import os
import tempfile
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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
