"""Corrections for many tests agree with statsmodels and scipy, also when only the smallest p-values are kept."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from lm_eval_ext.statistics import adjusted, benjamini_hochberg, holm

p_lists = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array)


@pytest.mark.parametrize(("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@pytest.mark.parametrize("seed", range(5))
def test_adjusted_p_values_agree_with_statsmodels(ours, theirs, seed):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = np.random.default_rng(seed).beta(0.4, 2.0, 200)
    p_values[:20] = p_values[20:40]  # ties
    assert ours(p_values) == pytest.approx(multitest.multipletests(p_values, method=theirs)[1], rel=1e-9, abs=1e-12)


@given(p_lists)
def test_benjamini_hochberg_agrees_with_scipy(p_values):
    from scipy.stats import false_discovery_control

    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values), rel=1e-9, abs=1e-12)


@given(p_lists, st.sampled_from(["holm", "benjamini_hochberg"]))
def test_the_smallest_p_values_alone_give_the_same_hits(p_values, correction):
    kept = p_values <= 0.05
    whole = adjusted(p_values, correction) <= 0.05
    part = adjusted(p_values[kept], correction, n_tests=len(p_values)) <= 0.05
    assert not whole[~kept].any()
    assert (whole[kept] == part).all()


@given(p_lists)
def test_holm_is_never_kinder_and_neither_is_below_the_p_value(p_values):
    assert (holm(p_values) >= benjamini_hochberg(p_values) - 1e-15).all()
    assert (benjamini_hochberg(p_values) >= p_values - 1e-15).all()


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_what_is_no_p_value_is_refused_by_place(bad):
    with pytest.raises(ValueError, match=r"p-value 1 is .*p-values lie in \[0, 1\]"):
        holm(np.array([0.5, bad]))


def test_a_family_smaller_than_its_part_is_refused():
    with pytest.raises(ValueError, match="2 p-values came for a family of 1 tests"):
        adjusted(np.array([0.1, 0.2]), "holm", n_tests=1)
