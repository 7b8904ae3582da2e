"""Paths that come out of data: they lead to files of the set, or are refused."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from lm_eval_ext.errors import InputError


@dataclass(frozen=True)
class Folder:
    """The folder of a set."""

    root: Path

    def file(self, name: str, where: str, *, below: str = ".") -> Path:
        """The path below the folder that data name; it need not exist.

        Args:
            name: Relative path with ``/``.
            where: Which part of the data it comes from, for the message.
            below: Folder that the path is relative to, itself relative to the set's.

        Raises:
            InputError: It leads out of the folder, by ``..``, as an absolute path, or through a link.
        """
        # Texts, because a Path for every image costs more time than all the rest of reading.
        joined = os.path.join(self._root, below, name)  # noqa: PTH118
        path = os.path.normpath(joined) if "\0" not in joined else os.devnull
        if not _is_below(path, self._root) or not _is_below(os.path.realpath(path), self._bounds):
            raise InputError(
                f"{where}: the path {name!r} leads out of {self.root}. Only files of the set are read: put them in its folder."
            )
        return Path(path)

    @cached_property
    def _root(self) -> str:
        return os.path.normpath(self.root.absolute())

    @cached_property
    def _bounds(self) -> str:
        """Where links may lead: into the folder, or, in the hub's cache, to the files that its snapshots consist of."""
        root = self.root.resolve()
        cached = root.parent.name == "snapshots" and (root.parent.parent / "blobs").is_dir()
        return str(root.parent.parent if cached else root)

    def tree(self) -> list[str]:
        """Every file below the folder, as sorted relative paths; hidden ones and linked folders are left out."""
        found: list[str] = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            here = Path(folder).relative_to(self.root)
            found += [(here / name).as_posix() for name in names if not name.startswith(".")]
        return sorted(found)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def hash_files(paths: Iterable[Path]) -> str:
    """sha256 of the files' sha256 digests, as hex."""
    seen = hashlib.sha256()
    for path in paths:
        status = path.stat()
        seen.update(_hash_file(path, status.st_mtime_ns, status.st_size))
    return seen.hexdigest()


@lru_cache(maxsize=1024)
def _hash_file(path: Path, _changed: int, _size: int) -> bytes:
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            seen.update(block)
    return seen.digest()
