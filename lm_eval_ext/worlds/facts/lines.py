"""Lines of a user's file, one at a time, with a bound on everything."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lm_eval_ext.errors import InputError

MOST_BYTES = 2 << 30
LONGEST_LINE = 1 << 16


class Lines:
    """Numbered lines of a UTF-8 file; empty ones and those that begin with ``#`` are passed over.

    Attributes:
        number: Number of the line that was read last, from 1.
        digest: Hash of all bytes read so far.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError(f"facts={str(path)!r} is neither core nor full nor a file. Give the path of a .tsv or .jsonl file.")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} has {path.stat().st_size} bytes. At most {MOST_BYTES} are read: leave facts out.")
        self.path = path
        self.number = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[str]:
        with self.path.open("rb") as file:
            while data := file.readline(LONGEST_LINE + 1):
                self.number += 1
                self.digest.update(data)
                if len(data) > LONGEST_LINE:
                    raise self.error(f"it is longer than {LONGEST_LINE} bytes. Is this a text file with one fact a line?")
                try:
                    line = data.decode("utf-8-sig" if self.number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise self.error(
                        f"byte {error.start + 1} (0x{data[error.start]:02x}) is no UTF-8. Save the file as UTF-8."
                    ) from None
                if line.strip() and line[0] != "#":
                    yield line

    def error(self, what: str, *, line: int | None = None) -> InputError:
        """An error about the line that was read last, or about another one."""
        return InputError(f"{self.path}, line {line or self.number}: {what}")
