"""Gaps above a floor, over several worlds and between settings, on items of real tasks."""

import json

import numpy as np
import pytest

from lm_eval_ext.options import Options
from lm_eval_ext.seeding import stream
from lm_eval_ext.statistics import twin_gap
from lm_eval_ext.worlds import next_link, scoring, task
from lm_eval_ext.worlds.gaps import FLOORS, as_scored, floor_share, gap_above_floor, gap_over_worlds, gap_reduction, read_scored
from lm_eval_ext.worlds.generate import world_of
from lm_eval_ext.worlds.publish import write_world
from lm_eval_ext.worlds.task import load

SHARED = {"source": "generated", "seed": 6, "n": 60, "pages": 150, "n_sm": 3}


def docs_of(setting, **more):
    return [dict(doc) for doc in load(setting=setting, **SHARED | more)["test"]]


def scored_by(docs, right):
    """Answers of a model that is right with this probability in the real-mapped and in the synthetic-mapped world."""
    share = {"rm": right[0], "sm": right[1]}
    hits = [stream("right", right, doc["item_id"]).random() < share[json.loads(doc["factors"])["world"]] for doc in docs]
    return [as_scored(doc, float(hit)) for doc, hit in zip(docs, hits, strict=True)]


@pytest.fixture(scope="module")
def closed():
    return docs_of("closed_book")


def test_worlds_are_told_apart(closed):
    assert [one.world for one in scored_by(closed, (1.0, 0.0))][:4] == [0, 1, 2, 3]


def test_answers_know_their_type_and_how_many_are_of_it(closed):
    world = world_of(Options(**SHARED))
    types = [world.table.entities[entity].type for entity in world.universe.entities]
    for doc, one in zip(closed, scored_by(closed, (1.0, 0.0)), strict=True):
        answer = json.loads(doc["spec"])["answer"]
        assert one.kind == world.table.entities[answer].type
        assert one.peers == types.count(one.kind)


@pytest.mark.parametrize("floor", FLOORS)
def test_the_floors_are_what_such_answerers_score(closed, floor):
    real = [doc for doc in closed if doc["item_id"].endswith("-rm")]
    found = floor_share([as_scored(doc, 0.0) for doc in real], floor)
    if floor == "chance":
        assert found is None
        return
    types = {one.kind for one in (as_scored(doc, 0.0) for doc in real)}
    world = world_of(Options(**SHARED))
    pool = {kind: [world.names[0][e] for e in world.universe.entities if world.table.entities[e].type == kind] for kind in types}

    def score(said):
        return scoring.average([scoring.process_results(doc, [said(doc, as_scored(doc, 0.0).kind)])["em"] for doc in real])

    if floor == "empty":
        assert found == score(lambda doc, kind: "") == 0.0
    elif floor == "random_of_type":
        draws = [score(lambda doc, kind, r=r: stream("any", r, doc["item_id"]).choice(pool[kind])) for r in range(40)]
        assert abs(found - np.mean(draws)) <= 3 * np.std(draws) / np.sqrt(len(draws)) + 1e-9
    else:
        answers = {kind: [doc["answer"] for doc in real if as_scored(doc, 0.0).kind == kind] for kind in types}
        best = {kind: max(set(those), key=those.count) for kind, those in answers.items()}
        assert found == pytest.approx(score(lambda doc, kind: best[kind]))


def test_the_published_rules_have_no_room_above_silence(closed):
    scored = scored_by(closed, (0.9, 0.5))
    assert floor_share(scored, "empty", "official_em") == 1.0
    assert gap_above_floor(scored, "empty", score="official_em") is None


def test_above_an_empty_floor_the_gap_is_the_plain_one(closed):
    scored = scored_by(closed, (0.9, 0.2))
    found = gap_above_floor(scored, "empty")
    plain = twin_gap(
        np.array([one.score for one in scored]),
        np.unique([one.twin for one in scored], return_inverse=True)[1],
        np.array([one.world == 0 for one in scored]),
        np.unique([one.cluster for one in scored], return_inverse=True)[1],
    )
    assert (found.value, found.stderr) == pytest.approx((plain.value, plain.stderr))


def test_who_reaches_the_floor_alone_has_no_gap_above_it(closed):
    arms = {real: [as_scored(doc, 0.0) for doc in closed if doc["item_id"].endswith("-rm") == real] for real in (True, False)}
    shares = {real: floor_share(scored, "majority_of_type") for real, scored in arms.items()}
    at_floor = [as_scored(doc, shares[doc["item_id"].endswith("-rm")]) for doc in closed]
    assert gap_above_floor(at_floor, "majority_of_type").value == pytest.approx(0.0, abs=1e-12)
    best = [as_scored(doc, 1.0 if doc["item_id"].endswith("-rm") else shares[False]) for doc in closed]
    assert gap_above_floor(best, "majority_of_type").value == pytest.approx(1.0)


def test_less_than_a_floor_counts_as_the_floor(closed):
    scored = [as_scored(doc, float(doc["item_id"].endswith("-rm"))) for doc in closed]
    assert floor_share([one for one in scored if one.world], "majority_of_type") > 0.0
    assert gap_above_floor(scored, "majority_of_type").value == 1.0


def test_an_interval_above_a_floor_holds_nothing_that_a_mean_cannot_be(closed):
    few = [one for one in scored_by(closed, (0.9, 0.2)) if int(one.twin.rpartition("-")[2]) < 4]
    found = gap_above_floor(few, "majority_of_type")
    assert found.n_clusters <= 4
    assert -1.0 <= found.low < found.value <= found.high <= 1.0


def test_choices_have_a_chance_that_counts_all_right_ones():
    docs = list(task.load(setting="next_link", **SHARED | {"n": 20})["test"])
    scored = [as_scored(doc, 0.0) for doc in docs]
    expected = [len(next_link.doc_to_target(doc)) / len(doc["choices"]) for doc in docs]
    assert floor_share(scored, "chance") == pytest.approx(np.mean(expected))


def test_several_worlds_widen_the_interval_where_they_differ(closed):
    lucky = [as_scored(doc, float("-rm" in doc["item_id"] or "-sm3" in doc["item_id"])) for doc in closed]
    found = gap_over_worlds(lucky)
    assert (found.n_worlds, found.n) == (3, 180)
    assert found.value == pytest.approx(2 / 3)
    assert found.stderr > 5 * found.stderr_clusters
    even = gap_over_worlds(scored_by(closed, (0.9, 0.3)))
    assert even.stderr < 3 * even.stderr_clusters


def test_one_synthetic_world_has_no_error_between_worlds():
    found = gap_over_worlds(scored_by(docs_of("closed_book", n_sm=1), (0.9, 0.1)))
    assert (found.n_worlds, found.stderr) == (1, None)


def test_reading_closes_the_gap_twin_by_twin(closed):
    base, other = scored_by(closed, (0.9, 0.0)), scored_by(docs_of("reading"), (0.95, 0.95))
    found = gap_reduction(base, other)
    assert found.n == 60
    assert found.low < found.value < found.high
    gaps = [np.mean([s.score for s in arm if s.world == 0]) - np.mean([s.score for s in arm if s.world]) for arm in (base, other)]
    assert found.value == pytest.approx(gaps[0] - gaps[1])
    assert gap_reduction(base, base).value == 0.0


def test_only_questions_of_both_settings_count(closed):
    base = scored_by(closed, (0.9, 0.0))
    assert gap_reduction(base, scored_by(docs_of("reading")[:40], (1.0, 1.0))).n == 10
    assert gap_reduction(base, []).value is None


def test_logged_samples_are_read(closed):
    samples = [{"doc": doc, **scoring.process_results(doc, [doc["answer"]])} for doc in closed]
    assert {one.score for one in read_scored(samples)} == {1.0}
    assert {one.score for one in read_scored(samples, "f1")} == {1.0}


def test_a_folder_tells_relations_and_no_peers(tmp_path):
    write_world(tmp_path / "world", Options(**SHARED | {"n": 12}))
    read = load(setting="closed_book", source="local", root=tmp_path / "world")["test"]
    scored = [as_scored(doc, 0.0) for doc in read]
    assert [one.world for one in scored][:4] == [0, 1, 2, 3]
    assert {one.peers for one in scored} == {None}
    assert all(one.kind and ">" not in one.kind for one in scored)
    assert floor_share(scored, "random_of_type") is None
    assert floor_share(scored, "majority_of_type") > 0
