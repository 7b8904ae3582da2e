"""The index finds a planted double dissociation, its intervals cover, and nothing less passes for one."""

import json

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses import RandomDrops, Suite, as_json, dissociation

RUNS = ("intact", "without_recall", "without_reasoning")


def suite(rng, means, n_clusters=40, size=5, chance=0.0, first=0, sigma=0.1):
    """A suite whose three runs have these mean scores; clusters differ, in every run alike and in each on its own."""
    cluster = np.repeat(np.arange(n_clusters), size)
    shared = sigma * rng.normal(size=n_clusters)
    runs = [rng.random(len(cluster)) < (mean + shared + sigma * rng.normal(size=n_clusters))[cluster] for mean in means]
    return Suite(**dict(zip(RUNS, map(np.float64, runs), strict=True)), cluster=first + cluster, chance=chance)


def weak(rng, n=100, spread=0.01, mean=0.0):
    return RandomDrops(*(rng.normal(mean, spread, n) for _ in range(4)))


@pytest.mark.parametrize("normalised", [False, True])
def test_a_planted_dissociation_is_found_and_said(normalised):
    rng = np.random.default_rng(0)
    found = dissociation(
        suite(rng, (0.9, 0.4, 0.85), chance=0.25), suite(rng, (0.8, 0.78, 0.5), chance=0.5), weak(rng), normalised=normalised
    )
    assert found.verdict == "dissociation"
    assert found.sentence.endswith("a double dissociation on these items.")
    assert found.index.value == pytest.approx(found.recall.value + found.reasoning.value)
    assert found.index.p_value == pytest.approx(1 / 101)
    expected = 0.48 + 0.25 if not normalised else (0.5 / 0.65 - 0.02 / 0.3) + (0.3 / 0.3 - 0.05 / 0.65)
    assert found.index.low < expected < found.index.high
    assert abs(found.index.null) < 0.05
    json.dumps(as_json(found), allow_nan=False)


@pytest.mark.parametrize(
    ("recall", "reasoning", "sets", "words"),
    [
        ((0.9, 0.4, 0.9), (0.8, 0.8, 0.8), {}, "only the recall set harms its own suite"),
        ((0.9, 0.9, 0.9), (0.8, 0.8, 0.4), {}, "only the reasoning set"),
        ((0.9, 0.9, 0.9), (0.8, 0.8, 0.8), {}, "neither set"),
        ((0.9, 0.4, 0.4), (0.9, 0.4, 0.4), {}, "neither set"),  # both sets harm both suites: nothing is apart
        ((0.9, 0.5, 0.9), (0.9, 0.9, 0.5), {"spread": 0.6}, "neither set"),  # random sets do as much
    ],
)
def test_less_than_both_brackets_is_no_dissociation(recall, reasoning, sets, words):
    rng = np.random.default_rng(1)
    found = dissociation(suite(rng, recall), suite(rng, reasoning), weak(rng, **sets))
    assert found.verdict == "none_found"
    assert found.sentence.startswith("No dissociation found: ")
    assert words in found.sentence


def test_one_large_bracket_does_not_make_up_for_the_other():
    rng = np.random.default_rng(2)
    found = dissociation(suite(rng, (0.9, 0.1, 0.9)), suite(rng, (0.8, 0.8, 0.8)), weak(rng))
    assert found.index.stands(0.05)
    assert found.verdict == "none_found"


def test_without_random_sets_there_is_no_verdict():
    rng = np.random.default_rng(3)
    found = dissociation(suite(rng, (0.9, 0.1, 0.9)), suite(rng, (0.9, 0.9, 0.1)), None)
    assert (found.verdict, found.reason, found.recall.p_value) == ("none_found", "no_random_sets", None)
    assert found.recall.low > 0


@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("n_clusters", [15, 40])
@pytest.mark.usefixtures("unchecked")
def test_bootstrap_intervals_cover(n_clusters, disjoint):
    rng, inside = np.random.default_rng(4), []
    first = 1_000 if disjoint else 0
    for seed in range(300):
        found = dissociation(
            suite(rng, (0.75, 0.5, 0.7), n_clusters),
            suite(rng, (0.75, 0.7, 0.55), n_clusters, first=first),
            None,
            n_resamples=2_000,
            seed=seed,
        )
        inside.append(
            [
                part.low <= truth <= part.high
                for part, truth in ((found.index, 0.35), (found.recall, 0.2), (found.reasoning, 0.15))
            ]
        )
    assert (np.mean(inside, axis=0) >= 0.92).all()


@pytest.mark.usefixtures("unchecked")
def test_sets_that_do_nothing_special_pass_hardly_ever():
    rng = np.random.default_rng(5)
    verdicts = [
        dissociation(
            suite(rng, (0.8, 0.6, 0.6)),
            suite(rng, (0.8, 0.6, 0.6)),
            weak(rng, mean=0.2, spread=0.05),
            n_resamples=1_000,
            seed=seed,
        ).verdict
        for seed in range(200)
    ]
    assert np.mean([verdict == "dissociation" for verdict in verdicts]) <= 0.01


def test_a_suite_at_chance_has_nothing_to_lose():
    rng = np.random.default_rng(6)
    found = dissociation(
        suite(rng, (0.25, 0.25, 0.25), chance=0.25), suite(rng, (0.9, 0.9, 0.5), chance=0.25), weak(rng), normalised=True
    )
    assert (found.reason, found.index.value) == ("suite_at_chance", None)
    assert "not above chance" in found.sentence


def test_arms_wholly_apart_get_an_interval_from_the_number_of_clusters():
    kept, lost, cluster = np.ones(50), np.zeros(50), np.arange(50)
    found = dissociation(Suite(kept, lost, kept, cluster), Suite(kept, kept, lost, cluster), RandomDrops(*[np.zeros(100)] * 4))
    assert (found.index.value, found.recall.value, found.verdict) == (2.0, 1.0, "dissociation")
    assert 0.7 < found.recall.low < 1.0


def test_same_seed_same_interval():
    rng = np.random.default_rng(7)
    recall, reasoning = suite(rng, (0.9, 0.4, 0.8)), suite(rng, (0.9, 0.8, 0.4))
    one, same, other = (dissociation(recall, reasoning, None, seed=seed).index for seed in (1, 1, 2))
    assert (one.low, one.high) == (same.low, same.high) != (other.low, other.high)


def test_nothing_and_one_cluster_have_reasons():
    none = np.empty(0)
    empty = Suite(none, none, none, np.empty(0, int))
    one = Suite(np.ones(3), np.ones(3), np.ones(3), np.zeros(3, int))
    assert dissociation(empty, one, None).reason == "no_samples"
    assert dissociation(one, one, None).reason == "one_cluster"


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused():
    one = np.ones(3)
    with pytest.raises(InputError, match=r"chance=1.0 is no score of a guesser"):
        Suite(one, one, one, np.arange(3), chance=1.0)
    with pytest.raises(ValueError, match=r"scores lie in \[0, 1\]"):
        Suite(one, one * 2, one, np.arange(3))
    whole = Suite(one, one, one, np.arange(3))
    with pytest.raises(InputError, match="random drops come"):
        dissociation(whole, whole, RandomDrops(np.zeros(3), np.zeros(2), np.zeros(3), np.zeros(3)))
