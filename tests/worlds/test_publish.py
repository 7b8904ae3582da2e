"""A written world is whole, and read through ``local`` it is the generated one."""

import json

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import folder, generate, publish, published, schema
from lm_eval_ext.worlds.publish import write_world
from lm_eval_ext.worlds.sources import load_items

OPTIONS = Options(source="generated", seed=4, n=40, pages=200, n_sm=3, motifs="fact,chain,join,hop_then_join,comparison")
SAYS_WHERE = {"source", "source_revision", "spec"}
"""The fields of an item that tell the two sources apart by design."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("world") / "new" / "folder"
    return root, write_world(root, OPTIONS)


@pytest.mark.parametrize("setting", ["closed_book", "reading"])
def test_a_written_world_gives_the_items_of_the_generated_one(written, setting):
    root, _ = written
    made = list(load_items(setting, OPTIONS))
    read = list(load_items(setting, Options(source="local", root=root)))
    assert len(made) == len(read) == 40 * 4
    for one, other in zip(made, read, strict=True):
        assert one.model_dump(exclude=SAYS_WHERE) == other.model_dump(exclude=SAYS_WHERE)
        assert list(one.factors) == list(other.factors)
        assert generate.pages_of(json.loads(one.spec)) == published.pages_of(json.loads(other.spec))


def test_every_configuration_is_read_and_agrees_with_the_others(written):
    root, _ = written
    assert folder.worlds_in(root) == schema.world_names(3)
    facts = folder.read_facts(root, "rm")
    for world in schema.world_names(3):
        documents = folder.read_documents(root, world)
        assert len(documents) == 200
        assert list(documents) == list(folder.read_facts(root, world))
        assert folder.read_facts(root, world) == facts
        for row in folder.read_rows(root, f"qa-{world}"):
            assert row["gold_docs"] == [documents[entity] for entity in row["gold_qids"]]


def test_a_written_question_is_taken_apart_into_its_facts(written):
    import pyarrow.parquet as pq

    root, _ = written
    for row in pq.read_table(root / "qa-sm2").to_pylist():
        hops = json.loads(row["mhop_qa"])
        assert [hop["page"] for hop in hops] == row["gold_qids"]
        for hop, page in zip(hops, row["gold_docs"], strict=True):
            assert hop["subject"] in page
            assert hop["object"] in page


def test_the_manifest_says_what_was_written(written):
    root, manifest = written
    assert json.loads((root / "manifest.json").read_text()) == manifest
    assert set(manifest["files"]) == {path.relative_to(root).as_posix() for path in root.rglob("*.parquet")}
    assert manifest["options"]["seed"] == 4
    assert any("CC BY 4.0" in line for line in manifest["sources"])


def test_the_same_seed_writes_the_same_files(written, tmp_path):
    assert write_world(tmp_path / "again", OPTIONS) == written[1]
    assert write_world(tmp_path / "other", OPTIONS.model_copy(update={"seed": 5}))["files"] != written[1]["files"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds files already\. Give a folder that is new or empty"):
        write_world(tmp_path, OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(InputError, match="is a file"):
        write_world(tmp_path / "mine.txt", OPTIONS)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    write_world(tmp_path / "empty", OPTIONS)
    assert (tmp_path / "empty" / "manifest.json").is_file()


def test_a_failure_midway_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(publish, "_manifest", full)
    with pytest.raises(OSError, match="disk full"):
        write_world(tmp_path / "out", OPTIONS)
    assert list(tmp_path.iterdir()) == []


def test_too_small_a_world_is_refused_before_a_file_is_written(tmp_path):
    with pytest.raises(InputError, match="motif join, which needs"):
        write_world(tmp_path / "out", Options(seed=0, n=500, pages=20, motifs=("join",)))
    assert list(tmp_path.iterdir()) == []


def test_a_synthetic_world_with_other_questions_is_refused(written, tmp_path):
    import pyarrow.parquet as pq

    root, _ = written
    for world in ("rm", "sm", "sm2"):
        (tmp_path / f"qa-{world}").mkdir()
        table = pq.read_table(root / f"qa-{world}")
        pq.write_table(table.slice(1) if world == "sm2" else table, tmp_path / f"qa-{world}" / "test.parquet")
    with pytest.raises(InputError, match="40 real-mapped and 39 synthetic-mapped questions pair neither"):
        list(published.load_local("reading", tmp_path, Options()))


def test_a_missing_configuration_is_named(tmp_path):
    with pytest.raises(InputError, match="no parquet file of qa-rm-docs"):
        folder.read_documents(tmp_path, "rm")


def test_navigation_that_cannot_be_made_is_refused_before_a_file_is_written(tmp_path):
    small = Options(source="generated", seed=4, n=2, pages=12)
    with pytest.raises(InputError, match=r"navigation pairs are all that|reach each other by links"):
        write_world(tmp_path / "out", small, navigation=10_000)
    assert list(tmp_path.iterdir()) == []
