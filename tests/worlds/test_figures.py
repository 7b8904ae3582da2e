"""Figures of worlds against lm-eval's own table and by hand."""

import json
import math
from typing import Any

import pytest

from lm_eval_ext.statistics import Figure
from lm_eval_ext.worlds import scoring
from lm_eval_ext.worlds.figures import figures, judge


def doc(twin: str, world: str, answer: str = "Paris", setting: str = "closed_book", **more: Any) -> dict[str, Any]:
    return {
        "item_id": f"{twin}-{world}",
        "setting": setting,
        "twin_id": twin,
        "cluster_id": f"page-{twin}",
        "factors": json.dumps({"world": world, "hops": 1, "motif": "fact"}),
        "query": "Where?",
        "answer": answer,
        "answer_aliases": [],
        "choices": [],
        "spec": "{}",
    } | more


DOCS = [doc(f"t{i}", world) for i in range(6) for world in ("rm", "sm")]
SAID = ["Paris", "Paris", "Paris", "Rome", "Paris", "Rome", "Rome", "Rome", "Rome", "Paris", "I don't know.", ""]


def named(found: list[Figure]) -> dict[str, Figure]:
    return {f"{one.name} {one.case}".strip(): one for one in found}


def test_figures_are_those_of_the_table() -> None:
    values = [scoring.process_results(one, [said]) for one, said in zip(DOCS, SAID, strict=True)]
    found = named(figures([judge(one, said) for one, said in zip(DOCS, SAID, strict=True)]))
    for name, metric, aggregate in (
        ("em", "em", scoring.average),
        ("f1", "f1", scoring.average),
        ("em rm", "em_rm", scoring.mean_rm),
        ("em sm", "em_sm", scoring.mean_sm),
        ("unanswered", "unanswered", scoring.average),
        ("knowledge_advantage em", "knowledge_advantage", scoring.knowledge_advantage),
    ):
        assert found[name].value == pytest.approx(aggregate([value[metric] for value in values])), name
    gap = found["knowledge_advantage em"]
    assert gap.low == pytest.approx(scoring.knowledge_advantage_ci_low([value["em_rm"] for value in values]))
    assert gap.value == pytest.approx((3 - 2) / 6)
    assert (gap.unit, gap.n, gap.nulls) == ("difference", 6, {"no knowledge": 0.0})
    assert found["em"].nulls == {"majority": 1.0}


def test_several_settings_have_no_common_advantage() -> None:
    pooled = [judge(one | {"setting": setting}, "Paris") for setting in ("closed_book", "reading") for one in DOCS]
    assert not any(one.name == "knowledge_advantage" for one in figures(pooled))
    assert named(figures(pooled))["em"].n == 24


def test_one_world_alone_has_no_advantage() -> None:
    found = named(figures([judge(doc(f"t{i}", "rm"), "Paris") for i in range(3)]))
    assert set(found) >= {"em", "em rm"}
    assert not {"em sm", "knowledge_advantage em"} & set(found)


def test_twins_cut_in_two_give_a_reason() -> None:
    found = named(figures([judge(doc("a", "rm"), "Paris"), judge(doc("b", "sm"), "Paris")]))["knowledge_advantage em"]
    assert (found.value, found.reason) == (None, "no_whole_twins")


def test_next_links_are_judged_by_likelihood() -> None:
    links = doc("t", "rm", "B", "next_link", choices=["A", "B", "C", "D"], answer_aliases=["D"])
    right, wrong = judge(links, (-2.0, -1.0, -3.0, -4.0)), judge(links, (-1.0, -2.0, -3.0, -4.0))
    assert (right.scores, wrong.scores) == ({"acc": 1.0}, {"acc": 0.0})
    found = named(figures([right, wrong]))["acc"]
    assert (found.value, found.nulls["guess"]) == (0.5, 0.5)


def test_a_world_that_is_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="worlds are 'rm' and 'sm'"):
        judge(doc("t", "xx"), "Paris")


def test_no_answers_give_no_figures() -> None:
    assert figures([]) == []
    assert not math.isnan(named(figures([judge(DOCS[0], "")]))["em"].value)


def test_the_advantage_is_compared_with_closed_book() -> None:
    read = [judge(one | {"setting": "reading"}, "Paris") for one in DOCS]
    closed = [judge(one, said) for one, said in zip(DOCS, SAID, strict=True)]
    found = named(figures(read, {"closed_book": closed, "blind": []}))
    assert found["gap_reduction em"].value == pytest.approx(1 / 6)
    assert found["gap_reduction em"].n == 6
    assert "gap_reduction em" not in named(figures(closed))


def test_several_worlds_have_an_interval_over_worlds() -> None:
    said = {"sm": "Rome", "sm2": "Paris"}
    more = [judge(doc(f"t{i}", "sm", item_id=f"t{i}-{name}"), text) for i in range(6) for name, text in said.items()]
    real = [judge(doc(f"t{i}", "rm"), "Paris") for i in range(6)]
    found = named(figures([*real, *more]))["knowledge_advantage em over worlds"]
    assert (found.value, found.n, found.n_clusters) == (0.5, 12, 2)
    assert found.low < -1.0
    assert found.stderr is not None
