"""Retrieval: BM25 against its formula, merging, and what stands in for it."""

import math
import re
import sys
import types
from collections import Counter

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds import retrieval
from lm_eval_ext.worlds.parallel import render_corpus
from lm_eval_ext.worlds.retrieval import Bm25, Hit, make_retriever, merge_hits, recall
from lm_eval_ext.worlds.world import build_world


def formula(pages, query, k1=1.5, b=0.75):
    """BM25 as Lucene computes it, written out."""
    words = {page: re.findall(r"\w+", text.casefold()) for page, text in pages.items()}
    mean = sum(map(len, words.values())) / len(words)
    scores = dict.fromkeys(pages, 0.0)
    for word in re.findall(r"\w+", query.casefold()):
        holding = sum(word in found for found in words.values())
        weight = math.log(1 + (len(words) - holding + 0.5) / (holding + 0.5))
        for page, found in words.items():
            often = Counter(found)[word]
            scores[page] += weight * often / (often + k1 * (1 - b + b * len(found) / mean))
    return scores


@pytest.fixture(scope="module")
def pages():
    return render_corpus(build_world(pages=80, seed=2), 1)


def test_bm25_is_the_formula(pages):
    finder = Bm25(pages)
    for text in list(pages.values())[:10]:
        query = "Which place is " + text.splitlines()[0] + "?"
        expected = formula(pages, query)
        found = finder.search(query, 10)
        assert [hit.score for hit in found] == pytest.approx(sorted(expected.values(), reverse=True)[:10], abs=2e-4)
        for hit in found:
            assert expected[hit.page] == pytest.approx(hit.score, abs=2e-4)


def test_a_page_is_found_by_its_own_text(pages):
    finder = Bm25(pages)
    assert all(finder.search(text, 1)[0].page == page for page, text in pages.items())


def test_equal_pages_come_in_the_order_of_the_world():
    finder = Bm25({"b": "same words", "a": "same words", "c": "other"})
    assert [hit.page for hit in finder.search("same", 3)] == ["b", "a", "c"]


@pytest.mark.parametrize("query", ["", "?!", "zzz unknown"])
def test_a_question_of_unknown_words_finds_the_first_pages(query, pages):
    assert [hit.page for hit in Bm25(pages).search(query, 3)] == list(pages)[:3]


def test_more_pages_than_there_are_give_all(pages):
    assert {hit.page for hit in Bm25(pages).search("a", 1000)} == set(pages)


def test_merged_hits_keep_the_better_score():
    before, found = [Hit("a", 3.0), Hit("b", 1.0)], [Hit("c", 2.0), Hit("b", 2.0), Hit("a", 0.5)]
    assert merge_hits(before, found, 5) == [Hit("a", 3.0), Hit("b", 2.0), Hit("c", 2.0)]
    assert merge_hits([], found, 1) == [Hit("c", 2.0)]


def test_recall_counts_pages_not_places():
    assert recall(["a", "b"], ["b", "b", "x", "a"]) == 1.0
    assert recall(["a", "b", "c", "d"], ["d"]) == 0.25


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(retrieval, "find_spec", lambda name: None)
    text = "retriever='some/model' needs the package sentence-transformers. Run: pip install sentence-transformers"
    with pytest.raises(InputError, match=text):
        make_retriever("some/model", {"a": "x"})


class LetterCounts:
    """Stands in for a sentence-transformers model: one number per letter, of length 1."""

    def __init__(self, name):
        if name == "absent/model":
            raise OSError("absent/model is not a local folder\nand is not a valid identifier")

    def encode(self, texts, *, normalize_embeddings, show_progress_bar, convert_to_numpy):
        assert (normalize_embeddings, convert_to_numpy, show_progress_bar) == (True, True, False)
        vectors = np.array([[text.lower().count(chr(97 + place)) for place in range(26)] for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def sentence_transformers(monkeypatch):
    module = types.ModuleType("sentence_transformers")
    module.SentenceTransformer = LetterCounts
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    monkeypatch.setattr(retrieval, "find_spec", lambda name: True)


@pytest.mark.usefixtures("sentence_transformers")
def test_embeddings_rank_by_cosine():
    finder = make_retriever("letters", {"a": "aaab", "b": "bbba", "c": "ccc"})
    hits = finder.search("ab", 3)
    assert [hit.page for hit in hits] == ["a", "b", "c"]
    assert hits[0].score == pytest.approx(4 / math.sqrt(20), abs=1e-4)


@pytest.mark.usefixtures("sentence_transformers")
def test_a_model_that_cannot_be_had_is_one_line():
    text = r"^retriever='absent/model' can't be loaded: absent/model is not a local folder and is not a valid identifier"
    with pytest.raises(InputError, match=text):
        make_retriever("absent/model", {"a": "x"})
