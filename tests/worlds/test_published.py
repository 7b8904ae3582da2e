"""The published files: read through one loader, paired or refused."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds.published import HUB_NAME, load_local
from lm_eval_ext.worlds.sources import load_items
from lm_eval_ext.worlds.task import doc_to_target, doc_to_text, load


def _row(number, world, **changes):
    return {
        "instance_id": f"q{number}",
        "query": f"Who wrote {world} book {number}?",
        "gold_answers": [f"{world} writer {number}", f"{world} alias {number}"],
        "gold_docs": [f"{world} page {number}a", f"{world} page {number}b"],
        "question_graph_type": "chain",
        "expected_output_is_time": False,
        "gold_qids": [f"Q{number}", f"Q{number + 100}"],
        "mhop_qa": "",
    } | changes


def _write(root, world, rows):
    folder = root / f"qa-{world}"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "test-00000-of-00001.parquet")


def test_twins_are_paired_by_instance(tmp_path):
    _write(tmp_path, "rm", [_row(n, "rm") for n in range(4)])
    _write(tmp_path, "sm", [_row(n, "sm") for n in (2, 0, 3, 1)])
    items = list(load_local("closed_book", tmp_path, Options()))
    assert [item.factors["world"] for item in items] == ["rm", "sm"] * 4
    for real, synthetic in zip(items[::2], items[1::2], strict=True):
        assert real.twin_id == synthetic.twin_id
        assert real.answer.split()[-1] == synthetic.answer.split()[-1]
    assert items[0].answer_aliases == ["rm alias 0"]
    assert len({item.item_id for item in items}) == 8


def test_twins_are_paired_by_entities_where_instances_differ(tmp_path):
    _write(tmp_path, "rm", [_row(n, "rm") for n in range(3)])
    _write(tmp_path, "sm", [_row(n, "sm", instance_id=f"other{n}") for n in (1, 2, 0)])
    items = list(load_local("reading", tmp_path, Options()))
    assert all(a.answer[-1] == b.answer[-1] for a, b in zip(items[::2], items[1::2], strict=True))


def test_rows_without_a_twin_are_refused(tmp_path):
    _write(tmp_path, "rm", [_row(n, "rm") for n in range(3)])
    _write(tmp_path, "sm", [_row(n, "sm") for n in range(2)])
    with pytest.raises(InputError, match="The 3 real-mapped and 2 synthetic-mapped questions pair neither"):
        list(load_local("reading", tmp_path, Options()))


def test_reading_shows_the_gold_documents(tmp_path):
    for world in ("rm", "sm"):
        _write(tmp_path, world, [_row(n, world) for n in range(2)])
    data = load(setting="reading", source="local", root=str(tmp_path), pretrained="model", config_source="x")["test"]
    prompt = doc_to_text(data[1])
    assert "sm page 0a" in prompt
    assert "sm page 0b" in prompt
    assert "rm page" not in prompt
    assert doc_to_target(data[1]) == "sm writer 0"
    assert "page" not in doc_to_text(load(setting="closed_book", source="local", root=str(tmp_path))["test"][0])
    assert json.loads(data[1]["factors"]) == {"world": "sm", "hops": 2, "motif": "chain", "relation": "chain", "is_time": False}


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"root='.*nowhere' is not a folder"):
        load_local("reading", tmp_path / "nowhere", Options())


def test_a_folder_with_something_else_lists_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"no parquet file of qa-rm\. It holds notes\.txt; qa-rm/\*\.parquet is wanted"):
        load_local("reading", tmp_path, Options())


def test_a_missing_column_is_named(tmp_path):
    for world in ("rm", "sm"):
        rows = [{key: value for key, value in _row(0, world).items() if key != "gold_docs"}]
        _write(tmp_path, world, rows)
    with pytest.raises(InputError, match="lacks the columns gold_docs; it has instance_id, query"):
        list(load_local("reading", tmp_path, Options()))


def test_local_without_a_folder_says_how_to_give_one():
    with pytest.raises(InputError, match=r'"root": "FOLDER"'):
        load_items("reading", Options(source="local"))


def test_the_hub_out_of_reach_is_one_line(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=rf"source='hub': {HUB_NAME} at \w+ can't be had from the hub \(\w+\)") as caught:
        load_items("reading", Options(source="hub"))
    assert "\n" not in str(caught.value)
