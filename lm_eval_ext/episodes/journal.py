"""The journal of a run: every output, turn by turn, on disk before the next turn begins."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from lm_eval_ext.errors import InputError

VERSION = 1
Outputs = dict[str, str]
"""Episode -> its output in one turn."""


class Journal:
    """An append-only file of JSON lines: the run's identity, then for each turn one line per episode and a line that closes it.

    A turn counts once its closing line is on disk; what stands behind the last one, cut off or whole, is dropped on opening.
    So every turn is asked with the same episodes side by side as in a run without interruption, and at most one turn is asked
    twice. The file is locked while it is open, also against another process; the lock goes with the process.

    Args:
        path: The file; made with its folder when missing.
        identity: What a journal must agree in to be continued, flat.

    Raises:
        InputError: Another process writes it, it belongs to another run, it is damaged, or it cannot be written.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.turns: list[Outputs] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise InputError(f"The journal {path} can't be opened: {error.strerror}. Give another --output_path.") from None
        try:
            self._lock()
            self._size = self._read(identity)
            os.ftruncate(self._file, self._size)
            if self._size == 0:
                self._append([{"journal": VERSION, "run": dict(identity)}])
        except BaseException:
            self.close()
            raise

    def add(self, outputs: Outputs) -> None:
        """Write one turn and wait until it is on disk.

        Raises:
            InputError: The disk is full or the file can't be written; the turns before are whole.
        """
        number = len(self.turns)
        lines: list[dict[str, Any]] = [{"turn": number, "episode": name, "output": text} for name, text in outputs.items()]
        self._append([*lines, {"turn": number, "closed": len(lines)}])
        self.turns.append(outputs)

    def close(self) -> None:
        """Give the file free."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"Another process is writing {self.path}. Wait for it, or give another --output_path.") from None

    def _append(self, lines: list[dict[str, Any]]) -> None:
        data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._size + written)
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise InputError(
                f"The journal {self.path} can't be written: {error.strerror}. It holds {len(self.turns)} whole turns; "
                "make room and run the same command again to go on."
            ) from None
        self._size += len(data)

    def _read(self, identity: Mapping[str, Any]) -> int:
        """Take up the whole turns; returns where they end, in bytes."""
        with open(self._file, "rb", closefd=False) as file:
            data = file.read()
        end, place = 0, 0
        turn: Outputs = {}
        for number, line in enumerate(data.splitlines(keepends=True)):
            place += len(line)
            entry = _parsed(line)
            if entry is None:
                break
            if number == 0:
                self._check(entry, identity)
                end = place
            elif "closed" in entry:
                if entry != {"turn": len(self.turns), "closed": len(turn)}:
                    raise InputError(f"Line {number + 1} of {self.path} is damaged. Remove the file to begin anew.")
                self.turns.append(turn)
                turn, end = {}, place
            else:
                turn[entry["episode"]] = entry["output"]
        if any(_parsed(line) is None for line in data[end:].splitlines(keepends=True)[:-1]):
            raise InputError(f"{self.path} is damaged after its turn {len(self.turns)}. Remove the file to begin anew.")
        return end

    def _check(self, head: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        if head.get("journal") != VERSION:
            raise InputError(f"{self.path} is no journal of this version. Give another --output_path.")
        before = head["run"]
        differing = [key for key in {**before, **identity} if before.get(key) != identity.get(key)]
        if differing:
            told = "; ".join(f"{key} was {before.get(key)!r} and is {identity.get(key)!r}" for key in differing)
            raise InputError(f"{self.path} belongs to another run: {told}. Give another --output_path, or remove the file.")


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A line's content; None when it is cut off or no JSON."""
    if not line.endswith(b"\n"):
        return None
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, Any]", content) if isinstance(content, dict) else None
