"""Random sets match the chosen one; a drop is placed among theirs."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses import accuracy_drop, random_sets
from lm_eval_ext.statistics import paired_gap


@given(st.sets(st.integers(0, 63), min_size=1, max_size=12), st.integers(0, 99))
@settings(max_examples=60)
def test_random_sets_match_in_size_and_layer_and_hold_no_chosen_unit(chosen, seed):
    layer = np.repeat(np.arange(2), 32)
    picked = np.array(sorted(chosen))
    drawn = random_sets(picked, layer, seed=seed)
    assert len({tuple(row) for row in drawn.sets.tolist()}) == len(drawn.sets) == min(100, drawn.possible)
    assert not np.isin(drawn.sets, picked).any()
    for row in drawn.sets:
        assert len(set(row.tolist())) == len(picked)
        assert np.bincount(layer[row], minlength=2).tolist() == np.bincount(layer[picked], minlength=2).tolist()
    assert drawn.sets.tolist() == random_sets(picked, layer, seed=seed).sets.tolist()


def test_all_sets_are_taken_where_few_exist():
    found = random_sets(np.array([1, 4]), np.array([0, 0, 0, 1, 1, 1]))
    assert sorted(map(tuple, found.sets.tolist())) == [(0, 3), (0, 5), (2, 3), (2, 5)]
    assert (found.exhaustive, found.possible, found.reason) == (True, 4, "few_random_sets")


def test_every_unit_is_drawn_alike():
    drawn = random_sets(np.arange(3), np.zeros(23, int), n=1_000)
    counts = np.bincount(drawn.sets.ravel(), minlength=23)[3:]
    assert counts.sum() == 3_000
    assert counts.min() > 100
    assert counts.max() < 200


def test_units_that_cannot_be_matched_are_refused():
    layer = np.repeat([0, 1], 4)
    with pytest.raises(InputError, match="layer 0 has 1 units to draw 3 from"):
        random_sets(np.array([0, 1, 2]), layer)
    assert random_sets(np.array([0, 1, 2]), layer, excluded=np.array([], dtype=int)).possible == 4
    with pytest.raises(InputError, match="n=99 random sets are too few"):
        random_sets(np.array([0]), layer, n=99)
    with pytest.raises(InputError, match="not distinct numbers below 8"):
        random_sets(np.array([0, 8]), layer)


def test_drop_is_the_paired_gap_with_its_sign_turned():
    rng = np.random.default_rng(0)
    cluster = np.arange(120) // 4
    before, after = (rng.random((2, 120)) < [[0.8], [0.6]]).astype(float)
    found = accuracy_drop(before, after, cluster)
    gap = paired_gap(
        np.concatenate([after, before]), np.tile(np.arange(120), 2), np.repeat([False, True], 120), np.tile(cluster, 2)
    )
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == pytest.approx((gap.value, gap.low, gap.high))
    assert (found.p_value, found.null, found.n_random) == (None, None, 0)


def test_place_among_random_sets():
    before = np.ones(50)
    random = np.ones((99, 50))
    random[:9, :20] = 0.0  # nine random sets cost .4
    found = accuracy_drop(before, np.repeat([0.0, 1.0], [20, 30]), np.arange(50), random=random)
    assert found.estimate.value == pytest.approx(0.4)
    assert found.p_value == pytest.approx(10 / 100)
    assert found.null == pytest.approx(0.4 * 9 / 99)


def test_a_set_that_is_one_of_many_alike_has_an_even_p():
    rng = np.random.default_rng(1)
    p_values = []
    for _ in range(500):
        scores = (rng.random((100, 200)) < 0.8).astype(float)
        p_values.append(accuracy_drop(np.ones(200), scores[0], np.arange(200), random=scores[1:]).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3 * (0.05 * 0.95 / 500) ** 0.5
