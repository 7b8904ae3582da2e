"""Which pages a question comes with: distractors within a budget, and retrieval in each world."""

import json

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import scoring
from lm_eval_ext.worlds.publish import write_world
from lm_eval_ext.worlds.retrieval import recall
from lm_eval_ext.worlds.sources import load_items
from lm_eval_ext.worlds.task import doc_to_text, load

SHARED = {"source": "generated", "seed": 3, "n": 30, "pages": 120, "n_sm": 2}


def specs(setting, **given):
    return [(item, json.loads(item.spec)) for item in load_items(setting, Options(**SHARED | given))]


def pages_in(doc):
    """Pages of a prompt: everything between the instruction and the question."""
    return doc_to_text(doc).split("\n\n")[1:-1]


@pytest.mark.parametrize("budget", [60, 300, 1000])
def test_distractors_fill_the_budget_and_the_gold_pages_are_among_them(budget):
    docs = load(setting="reading_distractors", **SHARED, budget=budget)["test"]
    for doc in docs:
        spec = json.loads(doc["spec"])
        words = sum(len(page.split()) for page in pages_in(doc))
        assert set(spec["gold"]) <= set(spec["shown"])
        assert len(set(spec["shown"])) == len(spec["shown"]) == len(pages_in(doc))
        assert words <= budget or set(spec["shown"]) == set(spec["gold"])
    if budget == 1000:
        assert min(sum(len(page.split()) for page in pages_in(doc)) for doc in docs) > 0.8 * budget


def test_the_same_pages_are_shown_in_every_world_in_one_order():
    by_twin = {}
    for item, spec in specs("reading_distractors", budget=200):
        by_twin.setdefault(item.twin_id, []).append(spec["shown"])
    assert all(len(shown) == 3 and shown[0] == shown[1] == shown[2] for shown in by_twin.values())
    assert len({tuple(shown[0]) for shown in by_twin.values()}) == len(by_twin)


def test_gold_pages_stand_anywhere():
    shown = [(spec["shown"], spec["gold"][0]) for _, spec in specs("reading_distractors", budget=400)]
    places = [pages.index(gold) / (len(pages) - 1) for pages, gold in shown]
    assert min(places) < 0.2
    assert max(places) > 0.8


def test_gold_pages_are_shown_though_they_exceed_the_budget():
    for _, spec in specs("reading_distractors", budget=1):
        assert sorted(spec["shown"]) == sorted(spec["gold"])


def test_a_world_that_fits_the_budget_is_shown_whole():
    found = specs("reading_distractors", pages=20, n=4, budget=100_000)
    assert all(len(spec["shown"]) == 20 for _, spec in found)


def test_a_tokenizer_counts_the_budget(tiny_llama):
    words = specs("reading_distractors", budget=300)
    tokens = specs("reading_distractors", budget=300, budget_tokenizer=tiny_llama)
    assert sum(len(spec["shown"]) for _, spec in tokens) < sum(len(spec["shown"]) for _, spec in words)
    assert all(len(spec["budget_tokenizer"]) == 16 for _, spec in tokens)


def test_retrieval_shows_top_k_pages_of_the_own_world():
    for doc in load(setting="rag", **SHARED, top_k=3)["test"]:
        spec = json.loads(doc["spec"])
        assert len(pages_in(doc)) == len(set(spec["shown"])) == spec["top_k"] == 3


def test_recall_is_reported_for_both_worlds_and_grows_with_top_k():
    found = {}
    for top_k in (1, 5, 20):
        docs = load(setting="rag", **SHARED, top_k=top_k)["test"]
        scored = [scoring.process_results(doc, [""]) for doc in docs]
        by_world = (scoring.mean_rm, "recall_rm"), (scoring.mean_sm, "recall_sm")
        found[top_k] = tuple(mean([row[key] for row in scored]) for mean, key in by_world)
        expected = [recall(spec["gold"], spec["shown"]) for spec in (json.loads(doc["spec"]) for doc in docs)]
        assert [row["recall_rm"][-1] for row in scored] == expected
    assert found[1] < found[5] < found[20]
    assert min(found[5]) > 0.3


def test_what_the_model_gets_is_what_recall_counts():
    first = {setting: load(setting=setting, **SHARED)["test"][0] for setting in ("closed_book", "reading", "reading_distractors")}
    assert {setting: scoring.recall_of(doc) for setting, doc in first.items()} == {
        "closed_book": 0.0,
        "reading": 1.0,
        "reading_distractors": 1.0,
    }


@pytest.mark.parametrize("which", ["rm", "sm"])
def test_one_world_alone_can_be_asked(which):
    both = [item for item, _ in specs("reading")]
    alone = [item for item, _ in specs("reading", worlds=which)]
    assert alone == [item for item in both if item.factors["world"] == which]


@pytest.mark.parametrize("setting", ["reading_distractors", "rag"])
def test_a_written_world_shows_the_same_pages(setting, tmp_path):
    write_world(tmp_path / "world", Options(**SHARED))
    given = {"budget": 200, "top_k": 4}
    docs = load(setting=setting, **SHARED | given)["test"]
    read = load(setting=setting, source="local", root=tmp_path / "world", **given)["test"]
    for one, other in zip(docs, read, strict=True):
        assert doc_to_text(one) == doc_to_text(other)
        assert {key: value for key, value in one.items() if key not in ("source", "source_revision", "spec")} == {
            key: value for key, value in other.items() if key not in ("source", "source_revision", "spec")
        }
        assert scoring.recall_of(one) == scoring.recall_of(other)


def test_a_folder_without_documents_is_refused(tmp_path):
    write_world(tmp_path / "world", Options(**SHARED))
    for name in ("rm", "sm", "sm2"):
        (tmp_path / "world" / f"qa-{name}-docs").rename(tmp_path / f"moved-{name}")
    with pytest.raises(InputError, match="holds no parquet file of qa-rm-docs"):
        list(load_items("rag", Options(source="local", root=tmp_path / "world")))


def test_a_gold_document_that_is_not_among_the_documents_is_named(tmp_path):
    root = tmp_path / "world"
    write_world(root, Options(**SHARED))
    write_world(tmp_path / "other", Options(**SHARED | {"seed": 4}))
    for name in ("rm", "sm", "sm2"):
        (root / f"qa-{name}-docs").rename(tmp_path / f"moved-{name}")
        (tmp_path / "other" / f"qa-{name}-docs").rename(root / f"qa-{name}-docs")
    with pytest.raises(InputError, match=r"A gold document of question .* is not among qa-rm-docs: .* of the same release\?"):
        list(load_items("rag", Options(source="local", root=root)))
