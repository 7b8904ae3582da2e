"""The journal: what is on disk counts, what is cut off does not, and nobody else writes."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.episodes.journal import Journal
from lm_eval_ext.errors import InputError
from tests.conftest import ROOT

RUN = {"model": "fake", "limit": None, "metadata": "{}"}
TURNS = [{"a": "one", "b": "zwölf\nLink: x"}, {"a": "", "b": "two"}, {"b": "three"}]


def written(path, turns=TURNS):
    journal = Journal(path, RUN)
    for turn in turns:
        journal.add(turn)
    journal.close()
    return path.read_bytes()


def reopened(path):
    journal = Journal(path, RUN)
    journal.close()
    return journal.turns


def test_turns_are_read_back(tmp_path):
    path = tmp_path / "new" / "journal.jsonl"
    data = written(path)
    assert reopened(path) == TURNS
    assert path.read_bytes() == data
    lines = [json.loads(line) for line in data.splitlines()]
    assert next(line for line in lines if "episode" in line) == {"turn": 0, "episode": "a", "output": "one"}
    assert sum("closed" in line for line in lines) == 3


@given(cut=st.integers(0, 10_000))
def test_a_journal_cut_off_anywhere_keeps_its_whole_turns(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("cut") / "journal.jsonl"
    data = written(path)
    kept = data[: cut % (len(data) + 1)]
    path.write_bytes(kept)
    whole = sum(b'"closed"' in line for line in kept.splitlines(keepends=True) if line.endswith(b"\n"))
    assert reopened(path) == TURNS[:whole]
    journal = Journal(path, RUN)
    for turn in TURNS[whole:]:
        journal.add(turn)
    journal.close()
    assert path.read_bytes() == data


def test_a_second_writer_is_refused_also_in_another_process(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, RUN)
    text = r"Another process is writing .*journal\.jsonl\. Wait for it, or give another --output_path"
    with pytest.raises(InputError, match=text):
        Journal(path, RUN)
    code = f"from lm_eval_ext.episodes.journal import Journal; from pathlib import Path; Journal(Path({str(path)!r}), {RUN!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Another process is writing")
    journal.close()
    assert reopened(path) == []


def test_another_run_is_refused_and_the_file_left_alone(tmp_path):
    path = tmp_path / "journal.jsonl"
    data = written(path)
    text = r"belongs to another run: limit was None and is 7; seed was None and is 1\. Give another --output_path"
    with pytest.raises(InputError, match=text):
        Journal(path, RUN | {"limit": 7, "seed": 1})
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("place", "text"),
    [(2, "is damaged after its turn 0"), (6, "is damaged after its turn 1"), (3, "Line 4 of .* is damaged")],
)
def test_damage_in_the_middle_is_refused(tmp_path, place, text):
    path = tmp_path / "journal.jsonl"
    lines = written(path).splitlines(keepends=True)
    lines[place] = b'{"turn": 9, "closed": 9}\n' if place == 3 else b"\x00broken\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(InputError, match=text):
        Journal(path, RUN)
    assert path.read_bytes() == b"".join(lines)


def test_another_file_is_no_journal(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"some": "json"}\n')
    with pytest.raises(InputError, match="is no journal of this version"):
        Journal(path, RUN)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"can't be opened: (Not a directory|File exists)\. Give another --output_path"):
        Journal(tmp_path / "file" / "journal.jsonl", RUN)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from lm_eval_ext.episodes.journal import Journal
journal = Journal(Path(sys.argv[1]), {"model": "fake"})
journal.add({"a": "x" * 100})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a limit on file size stands for a full disk: write() fails with an error
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
journal.add({"a": "y" * 500})
"""


def test_a_full_disk_ends_with_one_line_and_keeps_the_turns_before(tmp_path):
    path = tmp_path / "journal.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "can't be written: File too large. It holds 1 whole turns; make room and run the same command again" in done.stderr
    journal = Journal(path, {"model": "fake"})
    journal.add({"a": "y" * 500})
    journal.close()
    assert journal.turns == [{"a": "x" * 100}, {"a": "y" * 500}]


def test_each_turn_is_on_disk_before_the_next(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    data = written(tmp_path / "journal.jsonl")
    assert len(synced) == 4
    assert synced[-1] == len(data)
