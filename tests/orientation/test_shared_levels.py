"""Levels that share pictures: the coarse leaf asks about granular pictures, and stays balanced, true and the same for every n."""

import json
from collections import Counter
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options, read_options
from lm_eval_ext.orientation import render
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, TYPES
from lm_eval_ext.orientation.sources import control_items, load_items
from lm_eval_ext.orientation.twins import TWINS
from lm_eval_ext.reporting.breakdown import break_down
from lm_eval_ext.seeding import stream
from tests.orientation import oracle
from tests.reporting.runs import saved_run

EVERY = pytest.mark.parametrize("kind", TYPES)
N, FAR = 30, 130
"""Coarse twins, and as many granular ones as their pictures come from."""


def options(n: int, **more: Any) -> Options:
    return read_options({"source": "generated", "seed": 5, "n": n, "pixels": 32, "levels": "shared"} | more)


@cache
def coarse(kind: str, n: int = N) -> list[Item]:
    return load_items(QUESTIONS[f"{kind}_coarse"], options(n, twins=TWINS[1:]))


@cache
def granular(kind: str) -> dict[tuple[str, str], Item]:
    """Granular items by name of their twin and kind, made without the option."""
    asked = QUESTIONS[f"{kind}_granular"]
    items = load_items(asked, options(FAR, levels="own", twins=("mirrored", "other_object")))
    return {(item.twin_id, str(item.factors["twin"])): item for item in items}


def coarse_answer(kind: str, spec: str) -> str | None:
    """By the oracle, where the pose lies clearly within a coarse class; None between two."""
    question, round_ = QUESTIONS[f"{kind}_coarse"], read_catalogue().round
    facings = [panel["objects"][0]["facing"] for panel in json.loads(spec)["panels"]]
    answer = oracle.answer(question, spec, round_)
    if answer == CANNOT:
        return answer
    if kind == "view_parallelism":
        return None if 16 < min(facings[0], 360 - facings[0]) < 44 else answer
    if kind == "inter_object_direction":
        first, second = json.loads(spec)["panels"][0]["objects"][:2]
        facings = [first["facing"] - second["facing"]]
    if kind in ("directional_facing", "inter_object_direction"):
        return answer if min(facings[0] % 90, -facings[0] % 90) <= 16 else None
    return answer


@EVERY
def test_a_coarse_twin_shows_the_granular_picture_that_it_names(kind: str) -> None:
    shared = 0
    for item in coarse(kind):
        twin = str(item.factors["twin"])
        if twin in ("plain", "mirrored", "other_object"):
            same = granular(kind)[str(item.factors["picture"]), twin]
            assert (item.spec, item.cluster_id) == (same.spec, same.cluster_id)
            shared += 1
    assert shared == 3 * N


@EVERY
def test_the_truth_is_the_oracles_for_every_kind_of_twin(kind: str) -> None:
    question, round_ = QUESTIONS[f"{kind}_coarse"], read_catalogue().round
    assert {item.factors["twin"] for item in coarse(kind)} == set(TWINS)
    assert all(item.answer == oracle.answer(question, item.spec, round_) for item in coarse(kind))


@EVERY
def test_the_bth_twin_of_an_answer_shows_the_bth_granular_picture_of_which_it_is_true(kind: str) -> None:
    plain = [item for item in coarse(kind) if item.factors["twin"] == "plain"]
    in_order = [item for (_, twin), item in granular(kind).items() if twin == "plain"]
    for answer in QUESTIONS[f"{kind}_coarse"].truths:
        shown = [item.spec for item in plain if item.answer == answer]
        assert shown == [item.spec for item in in_order if coarse_answer(kind, item.spec) == answer][: len(shown)]


@EVERY
def test_coarse_answers_stay_balanced_in_every_block(kind: str) -> None:
    truths = QUESTIONS[f"{kind}_coarse"].truths
    answers = [item.answer for item in coarse(kind) if item.factors["twin"] == "plain"]
    assert len(answers) == N
    for start in range(0, N - len(truths) + 1, len(truths)):
        assert Counter(answers[start : start + len(truths)]) == dict.fromkeys(truths, 1)


@EVERY
def test_another_view_shows_the_same_object_for_another_answer(kind: str) -> None:
    for _, group in groupby(coarse(kind), key=lambda item: item.twin_id):
        of_kind = {item.factors["twin"]: item for item in group}
        plain, view = of_kind["plain"], of_kind["other_view"]
        assert (view.answer == plain.answer) == (plain.answer == CANNOT)
        first, other = (json.loads(item.spec)["panels"][0]["objects"][0] for item in (plain, view))
        assert (first["category"], first["instance"]) == (other["category"], other["instance"])
        assert view.spec != plain.spec


@EVERY
def test_a_smaller_set_is_the_beginning_of_a_larger_one(kind: str) -> None:
    assert coarse(kind, 7) == coarse(kind)[: len(coarse(kind, 7))]
    assert len({item.twin_id for item in coarse(kind, 7)}) == 7


@EVERY
def test_granular_items_differ_only_in_naming_their_picture(kind: str) -> None:
    question = QUESTIONS[f"{kind}_granular"]
    own, shared = (load_items(question, options(8, levels=levels)) for levels in ("own", "shared"))
    for one, two in zip(own, shared, strict=True):
        assert two.factors == one.factors | {"picture": one.twin_id}
        same = {"factors", "source_revision"}
        assert one.model_dump(exclude=same) == two.model_dump(exclude=same)
        assert one.source_revision != two.source_revision


def test_what_stands_in_front_is_shared_too() -> None:
    sets = [
        load_items(QUESTIONS[f"canonical_orientation_{level}"], options(n, occlusion=True, twins=("none",)))
        for level, n in (("coarse", 2), ("granular", 4))  # four granular twins hold both coarse answers
    ]
    found = {item.factors["picture"]: item.spec for item in sets[1]}
    assert [item.spec for item in sets[0]] == [found[item.factors["picture"]] for item in sets[0]]


def test_controls_ask_about_the_shared_pictures() -> None:
    items = control_items(options(6), "blank")
    named = [(item.factors["question"], item.factors["picture"], item.factors["level"]) for item in items]
    pairs = Counter((question, picture) for question, picture, _ in named)
    assert len(set(named)) == len(items) == 6 * len(QUESTIONS)
    assert set(pairs.values()) == {1, 2}


@pytest.mark.parametrize("source", ["hub", "local"])
def test_published_pictures_are_as_they_are(source: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"levels=shared are for generated items; source is {source}. Give source=generated"):
        load_items(QUESTIONS["view_parallelism_coarse"], options(3, source=source, root=tmp_path))


def test_other_values_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="levels='both' is not accepted: Input should be 'own' or 'shared'"):
        read_options({"levels": "both"})


def unsure(doc: dict[str, Any]) -> str:
    return stream("unsure", doc["item_id"]).choice([*doc["choices"], *[doc["answer"]] * 3])


@pytest.mark.slow  # 15 s
def test_the_breakdown_pairs_the_levels_of_either_way_of_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "draw_cached", lambda picture: PIL.Image.new("RGB", (8, 8)))
    leaves = [f"{prefix}_directional_facing_{level}" for prefix in ("dori", "dori_mcq") for level in ("coarse", "granular")]
    saved_run(tmp_path, ["dori_frontal_alignment", "dori_mcq"], unsure, n=20, levels="shared")
    samples = {
        name: [json.loads(line)["doc"] for line in next(tmp_path.rglob(f"samples_{name}_*.jsonl")).read_text().splitlines()]
        for name in leaves
    }
    for coarse_leaf, granular_leaf in (leaves[:2], leaves[2:]):
        pictures = [{json.loads(doc["factors"])["picture"] for doc in samples[name]} for name in (coarse_leaf, granular_leaf)]
        assert len(pictures[0] & pictures[1]) >= 10
    (found,) = break_down([tmp_path], by=["group"], figures=["both_levels", "levels_agree"])
    counts = {(part.task, figure.name): figure.n for part in found.slices for figure in part.figures}
    for group in ("dori_frontal_alignment", "dori_mcq"):
        assert counts[group, "both_levels"] >= counts[group, "levels_agree"] > 20
