"""Captures: parts in any order, and files that give back what was put in."""

from pathlib import Path

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.captures import Captures, read_captures, write_captures
from lm_eval_ext.probing.measurements import Measurement

EACH = Measurement(name="each", site="resid_post", layers=(0, 2))
MEAN = Measurement(name="mean", site="neuron", layers=(1,), mean=True)
VALUES = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def filled(key: str, shift: float = 0.0) -> Captures:
    captures = Captures((EACH, MEAN))
    for layer in (0, 2):
        captures.add("each", key, layer, VALUES[3:] + layer + shift, first=3)
        captures.add("each", key, layer, VALUES[:3] + layer + shift)
    captures.add("mean", key, 1, VALUES[:2] + shift)
    captures.add("mean", key, 1, VALUES[2:] + shift, first=2)
    return captures


def test_parts_are_put_in_the_order_of_their_positions_and_means_are_over_all() -> None:
    captures = filled("a")
    np.testing.assert_array_equal(captures.get("each", "a", 2), VALUES + 2)
    np.testing.assert_allclose(captures.get("mean", "a", 1), VALUES.mean(0, keepdims=True), atol=1e-6)


def test_a_mean_over_nothing_is_empty() -> None:
    captures = Captures((MEAN,))
    captures.add("mean", "a", 1, VALUES[:0])
    assert captures.get("mean", "a", 1).shape == (0, 3)


def test_merging_keeps_each_row_once() -> None:
    captures = filled("a")
    captures.merge(filled("b", 1.0))
    captures.merge(filled("a", 9.0))
    assert captures.keys() == ["a", "b"]
    np.testing.assert_array_equal(captures.get("each", "a", 0), VALUES)
    captures.drop("a")
    assert captures.keys() == ["b"]


def test_a_file_gives_back_every_row(tmp_path: Path) -> None:
    captures = filled("a")
    captures.merge(filled("b", 1.0))
    stem = tmp_path / "probes_2026-11-24T10-00-00.123456"
    files = write_captures(stem, captures, {"b": {"doc_id": 7}, "a": {"doc_id": 3}}, {"model": "tiny"})
    for name in (stem, *files):
        found = read_captures(name)
        assert found.about["model"] == "tiny"
        assert [(row["key"], row["doc_id"]) for row in found.rows] == [("b", 7), ("a", 3)]
        np.testing.assert_array_equal(found.of_row("each", 2, 0), VALUES + 2 + np.float32(1))
        np.testing.assert_array_equal(found.of_row("mean", 1, 1), captures.get("mean", "a", 1))


def test_nothing_is_written_when_a_row_was_not_measured(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'each' of row 'z' in layer 0 was not taken"):
        write_captures(tmp_path / "probes", filled("a"), {"z": {}}, {})
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    stem = tmp_path / "probes"
    tensors, text = write_captures(stem, filled("a"), {"a": {}}, {})
    tensors.write_bytes(tensors.read_bytes()[:-9])
    with pytest.raises(InputError, match="no pair of probe files"):
        read_captures(stem)
    text.write_text('{"format": 99}')
    write_captures(tmp_path / "other", filled("a"), {"a": {}}, {})
    (tmp_path / "other.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match="format 99; 1 is read"):
        read_captures(tmp_path / "other")
