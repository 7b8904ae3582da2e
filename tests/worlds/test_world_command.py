"""``lm-eval-ext world`` in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

from lm_eval_ext.options import Options
from lm_eval_ext.worlds.sources import load_items

PILOT = Path(__file__).parents[1] / "pilot"


def world(*arguments):
    command = [sys.executable, "-m", "lm_eval_ext", "world", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_world_is_written_announced_and_read_back(tmp_path):
    out = tmp_path / "w"
    sizes = ("--pages", 120, "--seed", 9, "--n-sm", 2, "--questions", 12, "--motifs", "fact,join", "--tokenizer", PILOT)
    done = world("--out", out, *sizes)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["corpus_sha256"] in done.stdout
    assert [line.split(":")[0] for line in done.stdout.splitlines()[1:]] == ["rm", "sm", "sm2", "names of sm", "names of sm2"]
    assert manifest["name_lengths"]["unit"] == "tokens"
    assert "building 120 pages" in done.stderr
    read = list(load_items("reading", Options(source="local", root=out)))
    made = list(load_items("reading", Options(source="generated", seed=9, n=12, pages=120, n_sm=2, motifs="fact,join")))
    assert [item.query for item in read] == [item.query for item in made]


def test_errors_are_one_line_and_leave_nothing(tmp_path):
    out = tmp_path / "w"
    for arguments, line in (
        (("--pages", 3), "pages=3 is not accepted"),
        (("--motifs", "loop"), "motifs='loop' is not accepted"),
        (("--pages", 12, "--motifs", "chain4"), "motif chain4, which needs 4 facts in a row"),
        (("--tokenizer", tmp_path / "none"), "is no tokenizer.json"),
    ):
        done = world("--out", out, *arguments)
        assert done.returncode == 1
        assert line in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_bad_triples_are_refused_by_line_and_leave_nothing(tmp_path):
    facts = tmp_path / "mine.jsonl"
    facts.write_bytes(b'{"id": "a", "type": "city", "label": "Anna"}\n{"id": "b", "type": "city", "label": "\xe9"}\n')
    done = world("--out", tmp_path / "w", "--facts", facts)
    assert done.returncode == 1
    assert "mine.jsonl, line 2: " in done.stderr.splitlines()[-1]
    assert "is no UTF-8. Save the file as UTF-8." in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.jsonl"]
