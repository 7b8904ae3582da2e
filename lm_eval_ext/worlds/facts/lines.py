"""Lines of a user's file, one at a time, with a bound on everything."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lm_eval_ext.errors import InputError

MOST_BYTES = 2 << 30
LONGEST_LINE = 1 << 16
_BLOCK = 1 << 20


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
        rest = b""
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                self.digest.update(block)
                *whole, rest = (rest + block).split(b"\n")
                yield from self._texts(whole)
                if len(rest) > LONGEST_LINE:
                    self.number += 1
                    raise self.error(f"it is longer than {LONGEST_LINE} bytes. Is this a text file with one fact a line?")
        yield from self._texts([rest] * bool(rest))

    def _texts(self, whole: list[bytes]) -> Iterator[str]:
        try:
            texts = b"\n".join(whole).decode("utf-8").split("\n") if whole else []
        except UnicodeDecodeError:
            texts = map(self._decode, whole)
        for text in texts:
            self.number += 1
            line = (text.removeprefix("\ufeff") if self.number == 1 else text).rstrip("\r")
            if line and line[0] != "#" and not line.isspace():
                if len(line) > LONGEST_LINE:
                    raise self.error(f"it is longer than {LONGEST_LINE} characters. Is this a text file with one fact a line?")
                yield line

    def _decode(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.number += 1
            found = f"byte {error.start + 1} (0x{data[error.start]:02x})"
            raise self.error(f"{found} is no UTF-8. Save the file as UTF-8.") from None

    def error(self, what: str, *, line: int | None = None) -> InputError:
        """An error about the line that was read last, or about another one."""
        return InputError(f"{self.path}, line {line or self.number}: {what}")
