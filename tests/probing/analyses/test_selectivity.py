"""The screen finds planted units, holds its error rates on shuffled labels, and is not taken in by templates."""

import json
import time

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses import Items, Measured, Rule, as_json, selectivity, stability
from lm_eval_ext.probing.analyses.shuffling import design_of
from tests.probing.analyses.planted import twin_items, twins

CORRECTIONS = ["holm", "benjamini_hochberg", "max_statistic"]


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_planted_units_are_found_and_told_apart_by_direction(correction):
    rng = np.random.default_rng(11)
    effects = np.zeros(400)
    effects[:20], effects[20:40] = 2.0, -2.0
    control = twins(rng, 400, 50, first=1_000)
    found = selectivity(twins(rng, 400, 50, effects=effects), control, Rule(correction))
    for sign, planted in ((1, set(range(20))), (-1, set(range(20, 40)))):
        chosen = set(found.selected(sign).tolist())
        assert len(chosen & planted) >= 0.9 * len(chosen), "precision"
        assert len(chosen & planted) >= 0.9 * len(planted), "recall"
    assert (found.n_tests, found.n, found.n_clusters) == (400, 50, 50)
    assert found.null_hits < 2
    assert found.null_hits_p == pytest.approx(1 / 1001)


def shuffled_runs(correction, design, runs):
    """Hits of each of many runs in which no unit is selective, and the mean of the nulls printed beside them."""
    rng, hits, nulls = np.random.default_rng(12), [], []
    for seed in range(runs):
        if design == "groups":
            items = Items(label=rng.permutation(np.arange(48) % 2 == 1), cluster=np.arange(48), block=np.arange(48) // 24)
            one = Measured(rng.normal(size=(30, 48)) + rng.normal(size=48), items)  # units are correlated
        else:
            one = twins(rng, 30, 30, 1 if design == "twins" else 4)
        found = selectivity(one, rule=Rule(correction, n_shuffles=200, seed=seed))
        hits.append(found.n_hits)
        nulls.append(found.null_hits)
    return np.array(hits), np.mean(nulls)


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.usefixtures("unchecked")
def test_on_shuffled_labels_hits_are_as_rare_as_the_null_beside_them(correction):
    hits, null = shuffled_runs(correction, "groups", 400)
    assert np.mean(hits > 0) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
    assert np.mean(hits) == pytest.approx(null, abs=0.06)


@pytest.mark.slow  # 20 seconds each
@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("design", ["twins", "clustered twins", "groups"])
@pytest.mark.usefixtures("unchecked")
def test_on_shuffled_labels_any_hit_at_all_is_rare(correction, design):
    hits, _ = shuffled_runs(correction, design, 2_000)
    assert np.mean(hits > 0) <= 0.06


@pytest.mark.usefixtures("unchecked")
def test_twins_of_one_cluster_taken_for_independent_would_be_false_alarms():
    rng = np.random.default_rng(13)
    alarms = {}
    for name in ("clustered", "blind"):
        counts = []
        for _ in range(100):
            one = twins(rng, 40, 15, 8)
            items = (
                one.items if name == "clustered" else Items(label=one.items.label, cluster=one.items.pair, pair=one.items.pair)
            )
            counts.append(selectivity(Measured(one.values, items), rule=Rule(n_shuffles=200)).n_hits > 0)
        alarms[name] = np.mean(counts)
    assert alarms["clustered"] <= 0.12
    assert alarms["blind"] >= 0.5


def template_only(rng, n_units, n_facts, first, strength):
    """Two templates, two arms: a unit reads the wording, and nothing else tells the arms apart."""
    items = twin_items(n_facts, first=first)
    values = np.repeat(rng.normal(size=(n_units, n_facts)), 2, axis=1) + 0.3 * rng.normal(size=(n_units, 2 * n_facts))
    return Measured(values + strength[:, None] * items.label, items)


def test_template_only_stimuli_take_in_the_old_protocol_and_not_the_repaired_one():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(14)
    strength = rng.choice([-1, 1], 300) * rng.uniform(2.0, 4.0, 300)
    main, control = template_only(rng, 300, 60, 0, strength), template_only(rng, 300, 60, 1_000, strength)
    p_values = [stats.mannwhitneyu(row[main.items.label], row[~main.items.label]).pvalue for row in main.values]
    assert (stats.false_discovery_control(p_values) <= 0.01).mean() > 0.95  # as published: every item alone, two-sided, BH
    for correction in CORRECTIONS:
        found = selectivity(main, control, Rule(correction))
        assert (found.n_hits, found.n_removed) == (0, 300)
        assert found.shared.mean() > 0.95


@pytest.mark.usefixtures("unchecked")
def test_where_all_units_read_the_template_false_hits_stay_rare():
    rng = np.random.default_rng(15)
    runs = [
        selectivity(
            template_only(rng, 40, 30, 0, np.full(40, 0.25)),  # too faint for the control to show it always
            template_only(rng, 40, 30, 1_000, np.full(40, 0.25)),
            Rule(n_shuffles=200, seed=seed),
        ).n_hits
        for seed in range(300)
    ]
    assert np.mean(np.array(runs) > 0) <= 0.06


def test_what_the_control_shows_at_all_is_marked_though_the_contrast_shows_more():
    rng = np.random.default_rng(16)
    main = template_only(rng, 2, 60, 0, np.array([6.0, 6.0]))
    control = template_only(rng, 2, 60, 1_000, np.array([2.0, 0.0]))
    found = selectivity(main, control)
    assert found.hits.tolist() == [False, True]
    assert found.shared.tolist() == [True, False]
    assert (found.p_adjusted <= 0.05).all()


def test_p_values_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    one = twins(np.random.default_rng(17), 30, 20, effects=np.linspace(0, 2, 30))
    found = selectivity(one)
    expected = stats.ttest_rel(one.values[:, 1::2], one.values[:, ::2], axis=1)
    assert found.t == pytest.approx(expected.statistic, rel=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_shuffled_p_agrees_with_scipys_permutation_test():
    stats = pytest.importorskip("scipy.stats")
    one = twins(np.random.default_rng(18), 3, 10, effects=[0.3, 0.8, 1.5])
    found = selectivity(one, rule=Rule(n_shuffles=20_000))
    for unit in range(3):
        difference = one.values[unit, 1::2] - one.values[unit, ::2]
        exact = stats.permutation_test(
            (difference,), lambda x, axis: np.mean(x, axis=axis), permutation_type="samples", n_resamples=2_000, vectorized=True
        ).pvalue
        assert found.p_shuffled[unit] == pytest.approx(exact, abs=0.01)


def test_units_in_pieces_and_in_another_order_give_the_same(monkeypatch):
    one = twins(np.random.default_rng(19), 50, 20, effects=np.linspace(-2, 2, 50))
    whole = selectivity(one)
    monkeypatch.setattr("lm_eval_ext.probing.analyses.shuffling.LARGEST_PIECE", 7_000)
    pieces = selectivity(one)
    turned = selectivity(Measured(one.values[::-1].astype(np.float64), one.items))
    for name in ("t", "p_shuffled", "p_family", "p_adjusted", "hits"):
        assert getattr(whole, name).tolist() == pytest.approx(getattr(pieces, name).tolist(), rel=1e-9)
        assert getattr(whole, name).tolist() == pytest.approx(getattr(turned, name)[::-1].tolist(), rel=1e-9)
    assert whole.null_hits == pieces.null_hits == turned.null_hits


def test_arms_that_are_wholly_apart_are_a_hit_of_finite_p():
    items = twin_items(12)
    values = np.random.default_rng(20).normal(size=(4, 24))
    values[2] = items.label
    found = selectivity(Measured(values, items))
    assert found.selected(1).tolist() == [2]
    assert found.p_value[2] == 2.0**-11
    assert np.isnan(found.effect[2])
    record = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert (record["effect"][2], record["n_hits"], record["rule"]["correction"]) == (None, 1, "holm")


def test_too_few_clusters_say_so():
    rng = np.random.default_rng(21)
    assert selectivity(twins(rng, 3, 4)).reason == "no_shuffle_is_rare"
    assert selectivity(twins(rng, 3, 8)).reason == "few_clusters"
    assert selectivity(twins(rng, 3, 10)).reason is None


@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_refused():
    one = twins(np.random.default_rng(22), 3, 10)
    with pytest.raises(InputError, match=r"n_shuffles=199 is too few for a null. Give at least 200"):
        Rule(n_shuffles=199)
    with pytest.raises(InputError, match="3 units came with a control of 2"):
        selectivity(one, Measured(one.values[:2], one.items))
    broken = one.values.copy()
    broken[2, 5] = np.nan
    with pytest.raises(InputError, match="unit 2, item 5 is nan; measurements are finite"):
        selectivity(Measured(broken, one.items))
    with pytest.raises(InputError, match="values of 4 items came with 20 labels"):
        Measured(one.values[:, :4], one.items)
    with pytest.raises(InputError, match="there are no units"):
        Measured(one.values[:0], one.items)


def test_stability_tells_planted_units_from_chance():
    rng = np.random.default_rng(23)
    effects = np.zeros(200)
    effects[:15] = 3.0
    one, noise = twins(rng, 200, 60, effects=effects), twins(rng, 200, 60)
    found = stability(selectivity(one).hits, one)
    assert found.value > 0.85
    assert found.null < 0.1
    assert found.frequency[:15].min() > 0.8
    chosen = np.zeros(200, bool)
    chosen[np.argsort(-np.abs(selectivity(noise).t))[:15]] = True
    assert stability(chosen, noise).value < 0.5
    assert stability(np.zeros(200, bool), one).reason == "nothing_selected"
    assert stability(chosen, noise, seed=1).value == stability(chosen, noise, seed=1).value
    groups = Items(label=np.arange(40) % 2 == 1, cluster=np.arange(40))
    assert stability(chosen, Measured(rng.normal(size=(200, 40)), groups), n_resamples=5).size == 15


@pytest.mark.slow
def test_half_a_million_neurons_take_seconds_and_little_memory():
    import tracemalloc

    rng = np.random.default_rng(24)
    items = twin_items(100)
    values = rng.normal(size=(500_000, 200)).astype(np.float32)
    values[:50, 1::2] += 2.0
    tracemalloc.start()
    start = time.process_time()
    found = selectivity(Measured(values, items), rule=Rule(n_shuffles=200))
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(range(50)) <= set(found.selected(1).tolist())
    assert found.n_hits <= 52
    assert peak < 1.5 * 2**30, peak
    assert seconds < 120, seconds


def test_the_design_is_the_twins_where_there_are_twins():
    assert design_of(twin_items(5)).n_clusters == 5
