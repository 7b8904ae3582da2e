"""What the designs measure agrees with scipy and statsmodels to 1e-9, shuffled labels with relabelled items."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses.designs import studentised
from lm_eval_ext.probing.analyses.measured import Items, Measured
from lm_eval_ext.probing.analyses.shuffling import design_of
from lm_eval_ext.statistics import twin_gap
from tests.probing.analyses.planted import twin_items, twins


def close(found, expected):
    return found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def measure(one):
    design = design_of(one.items)
    return design, design.measure(design.reduce(one.values))


def test_single_twins_give_the_paired_t_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    one = twins(np.random.default_rng(0), 6, 25)
    _, found = measure(one)
    expected = stats.ttest_rel(one.values[:, 1::2], one.values[:, ::2], axis=1).statistic
    assert close(studentised(found), expected)


def test_clustered_twins_give_the_robust_t_of_statsmodels():
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    one = twins(rng, 4, 12, 5)
    kept = rng.random(120) < 0.9  # twins torn, clusters of unequal size
    kept = np.repeat(kept[::2], 2)
    part = Measured(one.values[:, kept], one.items.part(kept))
    _, found = measure(part)
    differences = part.values[:, 1::2] - part.values[:, ::2]
    groups = part.items.cluster[::2]
    for unit, row in enumerate(differences):
        fit = api.OLS(row, np.ones(len(row))).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
        size = len(np.unique(groups))
        assert close(found.stderr[unit], fit.bse[0] * (size / (size - 1)) ** 0.5)


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_twins_with_many_items_per_arm_agree_with_twin_gap(seed):
    rng = np.random.default_rng(seed)
    pair = rng.integers(0, 12, 80)
    items = Items(label=rng.random(80) < 0.5, cluster=pair // 3, pair=pair)
    values = rng.random((1, 80))
    design, found = measure(Measured(values, items))
    gap = twin_gap(values[0], pair, items.label, items.cluster)
    assert close((found.value[0], found.stderr[0]), (gap.value, gap.stderr))
    assert (design.n, design.n_clusters, design.n_unpaired) == (gap.n_twins, gap.n_clusters, gap.n_unpaired)


def test_groups_give_the_hc1_regression_of_statsmodels():
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(2)
    block = np.repeat(np.arange(3), 14)
    label = rng.random(42) < 0.4
    values = rng.normal(size=(3, 42)) + block + 0.5 * label
    _, found = measure(Measured(values, Items(label=label, cluster=np.arange(42), block=block)))
    regressors = np.column_stack([label, *(block == one for one in range(3))]).astype(float)
    for unit, row in enumerate(values):
        fit = api.OLS(row, regressors).fit(cov_type="HC1")
        assert close((found.value[unit], found.stderr[unit]), (fit.params[0], fit.bse[0]))


def test_items_of_a_cluster_are_averaged_so_that_clusters_of_a_group_weigh_alike():
    cluster = np.array([0, 0, 0, 1, 2, 3])
    label = np.array([False, False, False, False, True, True])
    _, found = measure(Measured(np.array([[0.0, 3.0, 0.0, 3.0, 5.0, 7.0]]), Items(label=label, cluster=cluster)))
    assert found.value[0] == pytest.approx(4.0)


@pytest.mark.parametrize("per_cluster", [1, 4])
def test_shuffled_twins_are_twins_whose_arms_changed_places(per_cluster):
    one = twins(np.random.default_rng(3), 5, 9, per_cluster)
    design = design_of(one.items)
    signs = design.shuffles(20, "test")
    shuffled = design.measure_shuffled(design.reduce(one.values), signs)
    for column in range(20):
        swapped = signs[one.items.cluster, column] < 0
        again = design_of(Items(label=one.items.label ^ swapped, cluster=one.items.cluster, pair=one.items.pair))
        found = again.measure(again.reduce(one.values))
        assert close(shuffled.value[:, column], found.value)
        assert shuffled.stderr[:, column] == pytest.approx(found.stderr, rel=1e-7)


def test_shuffled_groups_are_groups_with_the_labels_of_a_block_dealt_anew():
    rng = np.random.default_rng(4)
    block, label = np.repeat([0, 1], [10, 14]), rng.random(24) < 0.5
    values = rng.normal(size=(5, 24))
    design = design_of(Items(label=label, cluster=np.arange(24), block=block))
    deals = design.shuffles(20, "test")
    shuffled = design.measure_shuffled(design.reduce(values), deals)
    for column in range(20):
        dealt = deals[:, column] > 0
        assert [dealt[block == one].sum() for one in (0, 1)] == [label[block == one].sum() for one in (0, 1)]
        again = design_of(Items(label=dealt, cluster=np.arange(24), block=block))
        found = again.measure(again.reduce(values))
        assert close(shuffled.value[:, column], found.value)
        assert shuffled.stderr[:, column] == pytest.approx(found.stderr, rel=1e-7)


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("effect", [0.0, 0.8, 2.5])
def test_interval_of_the_effect_covers(groups, effect):
    rng = np.random.default_rng(5)
    n_clusters = 40
    if groups:
        label = np.arange(2 * n_clusters) % 2 == 1
        values = rng.normal(size=(3_000, len(label))) + effect * label
        items = Items(label=label, cluster=np.arange(len(label)))
    else:
        items = twin_items(n_clusters)
        values = np.repeat(rng.normal(size=(3_000, n_clusters)), 2, axis=1)
        values[:, 1::2] += rng.normal(effect, 1.0, size=(3_000, n_clusters))
    design = design_of(items)
    found = design.standardise(design.reduce(values))
    inside = np.abs(found.value - effect) <= 2.02 * found.stderr
    assert 0.93 <= inside.mean() <= 0.975


def test_what_never_varies_is_infinitely_far_from_zero_or_nowhere():
    items = twin_items(8)
    values = np.stack([items.label * 3.0, np.ones(16)])
    design, found = measure(Measured(values, items))
    assert studentised(found).tolist() == [np.inf, 0.0]
    assert np.isnan(design.standardise(design.reduce(values)).value).all()
    assert design.smallest_p == 2 / 2**8


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cluster": [0, 1, 1, 1], "pair": [0, 0, 1, 1]}, "twin 0 spans two clusters"),
        ({"cluster": [0, 0, 1, 1], "pair": [0, 0, 1, 2]}, "1 clusters hold whole twins; a contrast needs at least 2"),
        ({"cluster": [0, 0, 1, 1]}, "cluster 0 lies in several arms; .* give the cluster number as the pair"),
        ({"cluster": [0, 1, 2, 3], "block": [0, 1, 2, 3]}, "compare nothing: no block holds both arms"),
        ({"cluster": [0, 1, 2]}, "4 labels came with 3 cluster numbers"),
        ({"cluster": [0, 0, 1, 1], "pair": [0, 0, 1, 1], "block": [0, 0, 0, 0]}, "block and pair were both given"),
    ],
)
def test_items_that_allow_no_contrast_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        design_of(Items(label=np.array([False, True] * 2), **{name: np.array(column) for name, column in fields.items()}))
