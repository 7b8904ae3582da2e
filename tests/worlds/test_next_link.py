"""The next link: right answers against networkx, the same question in every world and from every source."""

import json
from collections import Counter

import networkx as nx
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import next_link, scoring
from lm_eval_ext.worlds.documents import references
from lm_eval_ext.worlds.parallel import Inverter
from lm_eval_ext.worlds.publish import write_world
from lm_eval_ext.worlds.world import build_world

SHARED = {"source": "generated", "seed": 3, "n": 40, "pages": 120, "n_sm": 2}


@pytest.fixture(scope="module")
def items():
    return list(next_link.next_link_items("next_link", Options(**SHARED)))


@pytest.fixture(scope="module")
def world():
    return build_world(pages=120, seed=3, n_sm=2)


def test_right_links_are_those_of_the_shortest_ways_over_the_pages_references(items, world):
    graph = nx.DiGraph((page, other) for page, text in world.pages.items() for other in references(text) if other != page)
    for item in items:
        spec = json.loads(item.spec)
        names = world.names[spec["world"]]
        ways = nx.all_shortest_paths(graph, spec["start"], spec["target"])
        right = {names[way[1]] for way in ways}
        assert {item.answer, *item.answer_aliases} == right
        assert right < set(item.choices)
        assert set(item.choices) <= {names[other] for other in references(world.pages[spec["start"]])}


def test_every_world_is_asked_the_same_in_symbols(items, world):
    inverters = [Inverter(names) for names in world.names]
    for place in range(0, len(items), 3):
        asked = [(item.query, *item.choices, item.answer, *item.answer_aliases) for item in items[place : place + 3]]
        symbols = {tuple(map(inverter.invert, texts)) for inverter, texts in zip(inverters, asked, strict=True)}
        assert len(symbols) == 1


def test_difficulty_is_told_and_varies(items):
    assert {item.factors["scheme"] for item in items} <= {"decades", "quantiles"}
    assert len(Counter(item.factors["difficulty"] for item in items)) >= 2
    assert min(item.factors["distance"] for item in items) >= 2


def test_a_smaller_run_asks_the_beginning_of_a_larger_one(items):
    assert list(next_link.next_link_items("next_link", Options(**SHARED | {"n": 7}))) == items[:21]


def scored(items, likelihood):
    docs = [item.model_dump() | {"factors": json.dumps(item.factors)} for item in items]
    return docs, [next_link.process_results(doc, [(likelihood(doc, title), False) for title in doc["choices"]]) for doc in docs]


def test_any_link_that_starts_a_shortest_way_is_right(items):
    docs, first = scored(items, lambda doc, title: float(title == doc["answer"]))
    _, last = scored(items, lambda doc, title: float(title == [doc["answer"], *doc["answer_aliases"]][-1]))
    rows = [*first, *last]
    assert {row["acc"] for row in rows} == {1.0}
    assert [next_link.doc_to_target(doc)[0] for doc in docs] == [doc["choices"].index(doc["answer"]) for doc in docs]
    assert scoring.knowledge_advantage([row["knowledge_advantage"] for row in rows]) == 0.0


def test_knowing_the_real_world_alone_is_the_gap(items):
    _, rows = scored(items, lambda doc, title: float((title in next_link.right_titles(doc)) == ("rm" in doc["item_id"])))
    wrong = [row["acc"] for row in rows if row["acc_sm"][2] == "sm"]
    assert sum(wrong) == 0.0
    assert scoring.knowledge_advantage([row["knowledge_advantage"] for row in rows]) == 1.0


def test_chance_counts_all_right_links(items):
    _, rows = scored(items, lambda *_: 0.0)
    for item, row in zip(items, rows, strict=True):
        assert row["chance"] == (1 + len(item.answer_aliases)) / len(item.choices)


def test_majority_is_the_title_that_is_right_most_often_in_its_world():
    records = [
        ["t", "c", "rm", None, ["a", "b"]],
        ["u", "c", "rm", None, ["b"]],
        ["t", "c", "sm", None, ["x"]],
        ["u", "c", "sm", None, ["y"]],
    ]
    assert next_link.majority(records) == 3 / 4


@pytest.mark.parametrize("worlds", ["rm", "sm"])
def test_one_world_alone_can_be_asked(items, worlds):
    alone = list(next_link.next_link_items("next_link", Options(**SHARED, worlds=worlds)))
    assert alone == [item for item in items if item.factors["world"] == worlds]


def test_a_written_world_asks_the_same(items, tmp_path):
    write_world(tmp_path / "world", Options(**SHARED), navigation=30)
    read = list(next_link.next_link_items("next_link", Options(source="local", root=tmp_path / "world")))
    apart = {"source", "source_revision", "spec"}
    assert len(read) >= 30
    for one, other in zip(items, read, strict=False):
        assert one.model_dump(exclude=apart) == other.model_dump(exclude=apart)


def test_published_pairs_without_the_pages_between_are_refused(tmp_path):
    write_world(tmp_path / "world", Options(**SHARED), navigation=5)
    for name in ("rm", "sm", "sm2"):
        (tmp_path / "world" / f"wikinav-{name}-pages").rename(tmp_path / f"moved-{name}")
    with pytest.raises(InputError, match="holds no wikinav-rm-pages: ways need the links of every page, and the published"):
        list(next_link.next_link_items("next_link", Options(source="local", root=tmp_path / "world")))


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is not a folder\. Give the folder that holds wikinav-rm and wikinav-sm"):
        list(next_link.next_link_items("next_link", Options(source="local", root=tmp_path / "nowhere")))


def test_worlds_with_other_pairs_are_refused(tmp_path):
    root = tmp_path / "world"
    write_world(root, Options(**SHARED), navigation=5)
    write_world(tmp_path / "other", Options(**SHARED), navigation=6)
    (root / "wikinav-sm").rename(tmp_path / "moved")
    (tmp_path / "other" / "wikinav-sm").rename(root / "wikinav-sm")
    with pytest.raises(InputError, match="wikinav-rm and wikinav-sm hold other pairs"):
        list(next_link.next_link_items("next_link", Options(source="local", root=root)))
