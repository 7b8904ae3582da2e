"""Agreement with scipy and statsmodels to 1e-9, and properties that hold for any data."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from lm_eval_ext.statistics import clustered_interval, measure_spread, paired_gap, t_quantile, twin_gap, wilson

stats = pytest.importorskip("scipy.stats")
TIGHT = 1e-9


@st.composite
def twins(draw, binary=False):
    """Scores, twin, arm and cluster of up to 60 twins in up to 12 clusters of any size."""
    clusters = np.array(draw(st.lists(st.integers(0, 11), min_size=2, max_size=60)))
    value = st.sampled_from([0.0, 1.0]) if binary else st.floats(0, 1, width=32)
    scores = np.array(draw(st.lists(value, min_size=2 * len(clusters), max_size=2 * len(clusters))), float)
    twin = np.repeat(np.arange(len(clusters)), 2)
    return scores, twin, np.arange(len(twin)) % 2 == 1, np.repeat(clusters, 2)


def close(found, expected):
    return found == pytest.approx(expected, rel=TIGHT, abs=1e-12)


@pytest.mark.parametrize("degrees", [1.0, 2.0, 9.0, 49.0, 1999.0])
@pytest.mark.parametrize("probability", [0.6, 0.95, 0.975, 0.9999])
def test_quantile_agrees_with_scipy(degrees, probability):
    assert close(t_quantile(probability, degrees), stats.t.ppf(probability, degrees))


@given(twins())
def test_gap_of_single_twins_is_the_paired_t_interval_of_scipy(data):
    scores, twin, arm, _ = data
    difference = scores[1::2] - scores[::2]
    assume(np.ptp(difference) > 1e-3)
    gap = paired_gap(scores, twin, arm, twin)
    expected = stats.ttest_rel(scores[1::2], scores[::2]).confidence_interval(0.95)
    assert close(gap.value, difference.mean())
    assert close((gap.low, gap.high), (max(-1, expected.low), min(1, expected.high)))


@pytest.mark.parametrize("seed", range(5))
def test_clustered_error_agrees_with_statsmodels(seed):
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 15, 300)
    values = rng.normal(size=300) + rng.normal(size=15)[cluster]
    model = statsmodels.OLS(values, np.ones(300))
    # statsmodels scales by C/(C-1) * (n-1)/(n-k); with k = 1 that is C/(C-1)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": True})
    found = measure_spread(values, cluster)
    assert close(found.clustered, float(fit.bse[0]))
    assert close(found.independent, float(stats.sem(values)))


@pytest.mark.parametrize(("count", "n"), [(0, 30), (1, 30), (29, 30), (500, 1000), (1000, 1000)])
def test_wilson_agrees_with_scipy_and_statsmodels(count, n):
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    found = tuple(wilson(count / n, float(n), float(stats.norm.ppf(0.975))))
    expected = stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    assert close(found, (expected.low, expected.high))
    assert close(found, tuple(np.clip(proportion.proportion_confint(count, n, method="wilson"), 0, 1)))


@pytest.mark.parametrize("seed", range(5))
def test_interval_of_single_items_is_wilson_with_a_t_quantile(seed):
    scores = (np.random.default_rng(seed).random(200) < 0.3).astype(float)
    found = clustered_interval(scores, np.arange(200))
    level = 1 - 2 * stats.norm.sf(stats.t.ppf(0.975, 199))  # the level whose normal quantile is our t quantile
    expected = stats.binomtest(int(scores.sum()), 200).proportion_ci(level, method="wilson")
    assert close((found.low, found.high), (expected.low, expected.high))


@pytest.mark.parametrize("seed", range(5))
def test_clustered_interval_is_wilson_over_the_effective_number(seed):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(30), 10)
    scores = (rng.random(300) < rng.beta(1, 1, 30)[cluster]).astype(float)
    sums = np.array([(scores - scores.mean())[cluster == c].sum() for c in range(30)])
    variance = 30 / 29 * (sums**2).sum() / 300**2
    effective = 300 / (variance / (scores.var(ddof=1) / 300))
    z, p = stats.t.ppf(0.975, 29), scores.mean()
    middle, reach = p + z**2 / 2 / effective, z * np.sqrt(p * (1 - p) / effective + z**2 / 4 / effective**2)
    found = clustered_interval(scores, cluster)
    assert close((found.low, found.high), ((middle - reach) / (1 + z**2 / effective), (middle + reach) / (1 + z**2 / effective)))


@given(twins(), st.randoms(use_true_random=False))
def test_order_of_items_and_names_of_clusters_do_not_matter(data, shuffler):
    scores, twin, arm, cluster = data
    order = np.array(shuffler.sample(range(len(scores)), len(scores)))
    gap = paired_gap(scores, twin, arm, cluster)
    other = paired_gap(scores[order], 7 * twin[order] - 5, arm[order], 1000 - cluster[order])
    for name in ("value", "low", "high", "stderr", "n_twins", "n_clusters"):
        mine, theirs = getattr(gap, name), getattr(other, name)
        assert mine is theirs is None or mine == pytest.approx(theirs, rel=1e-6, abs=1e-7)


@given(twins())
def test_swapped_arms_turn_the_sign(data):
    scores, twin, arm, cluster = data
    gap, turned = paired_gap(scores, twin, arm, cluster), paired_gap(scores, twin, ~arm, cluster)
    assert turned.value == pytest.approx(-gap.value, abs=1e-12)
    if gap.low is not None:
        assert (turned.low, turned.high) == pytest.approx((-gap.high, -gap.low), abs=1e-6)


@given(twins(binary=True))
def test_interval_holds_the_value_and_stays_on_the_scale(data):
    scores, _, _, cluster = data
    found = clustered_interval(scores, cluster)
    assert 0 <= found.value <= 1
    assert (found.low is None) == (found.n_clusters < 2) == (found.stderr is None and found.reason != "all_equal")
    if found.low is not None:
        assert 0 <= found.low <= found.value + 1e-12
        assert found.value - 1e-12 <= found.high <= 1
    assert found.stderr is None or found.stderr > 0


@given(twins(binary=True), st.integers(2, 5))
def test_more_copies_of_the_clusters_narrow_the_interval(data, times):
    scores, _, _, cluster = data
    assume(len(np.unique(cluster)) > 1)
    more = np.concatenate([cluster + 100 * copy for copy in range(times)])
    one, many = clustered_interval(scores, cluster), clustered_interval(np.tile(scores, times), more)
    assert many.value == pytest.approx(one.value)
    assert many.high - many.low <= one.high - one.low + 1e-12


@given(twins(binary=True), st.integers(2, 4))
def test_copies_inside_the_clusters_teach_nothing(data, times):
    scores, _, _, cluster = data
    one, copied = measure_spread(scores, cluster), measure_spread(np.repeat(scores, times), np.repeat(cluster, times))
    assume(one.reason in (None, "few_clusters", "large_cluster") and one.n_clusters > 1 and one.clustered > one.independent)
    assert copied.stderr == pytest.approx(one.stderr)
    assert copied.effective * (1 - 1 / copied.n) == pytest.approx(one.effective * (1 - 1 / one.n))


@given(twins())
def test_twin_gap_is_paired_gap_where_twins_are_pairs(data):
    assert twin_gap(*data).value == pytest.approx(paired_gap(*data).value, abs=1e-12)
    assert twin_gap(*data).n_unpaired == 0


@given(twins(), st.integers(1, 4))
def test_further_synthetic_arms_are_averaged_first(data, copies):
    scores, twin, arm, cluster = data
    again = np.concatenate([np.arange(len(scores)), np.tile(np.flatnonzero(arm), copies - 1)])
    gap, many = twin_gap(scores, twin, arm, cluster), twin_gap(scores[again], twin[again], arm[again], cluster[again])
    assert many.value == pytest.approx(gap.value, abs=1e-9)
    assert many.n_twins == gap.n_twins
