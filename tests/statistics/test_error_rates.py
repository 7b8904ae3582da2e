"""Error rates on simulated data: logit-normal items, cluster effects of sigma 1.2 on the logit, binary scores."""

import numpy as np
import pytest

from lm_eval_ext.statistics import clustered_interval, paired_gap

pytestmark = pytest.mark.usefixtures("unchecked")  # a hundred thousand calls
SIGMA = 1.2


def logistic(x):
    return 1 / (1 + np.exp(-x))


def null_pairs(rng, replicates, n_clusters, size):
    """Scores of two equally good models: (replicates, twins, 2). Each has its own cluster effects; items are shared."""
    item = rng.normal(0, 1, (replicates, n_clusters, size, 1))
    effect = SIGMA * rng.normal(0, 1, (replicates, n_clusters, 1, 2))
    hit = rng.random((replicates, n_clusters, size, 2)) < logistic(item + effect)
    return hit.reshape(replicates, -1, 2).astype(float)


def rejections(scores, cluster):
    """Share of replicates whose 95 % interval leaves 0 out."""
    twin = np.repeat(np.arange(len(cluster)), 2)
    arm, cluster = np.arange(len(twin)) % 2 == 1, np.repeat(cluster, 2)
    gaps = [paired_gap(pairs.ravel(), twin, arm, cluster) for pairs in scores]
    return np.mean([gap.low > 0 or gap.high < 0 for gap in gaps])


def test_false_alarms_stay_below_six_percent_and_a_naive_test_does_not():
    scores = null_pairs(np.random.default_rng(2510), 10_000, 50, 10)
    assert 0.035 < rejections(scores, np.arange(500) // 10) <= 0.06
    assert rejections(scores[:1_000], np.arange(500)) > 0.15  # every twin its own cluster: far above the bar


@pytest.mark.parametrize(("n_clusters", "size"), [(10, 10), (20, 10), (200, 5)])
def test_false_alarms_at_other_sizes(n_clusters, size):
    scores = null_pairs(np.random.default_rng(n_clusters), 2_000, n_clusters, size)
    assert rejections(scores, np.arange(n_clusters * size) // size) <= 0.05 + 3 * (0.05 * 0.95 / 2_000) ** 0.5


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
@pytest.mark.parametrize("n", [30, 100, 300])
def test_interval_of_independent_items_covers(n, share):
    scores = (np.random.default_rng(n).random((4_000, n)) < share).astype(float)
    found = [clustered_interval(row, np.arange(n)) for row in scores]
    assert np.mean([one.low <= share <= one.high for one in found]) >= 0.93


def clustered_coverage(n_clusters, size, centre, *, naive=False, replicates=4_000):
    """Share of 95 % intervals that hold the true mean of a population of clusters."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    truth = float(weights @ logistic(centre + SIGMA * nodes) / weights.sum())
    rng = np.random.default_rng(n_clusters + int(10 * centre))
    effect = SIGMA * rng.normal(0, 1, (replicates, n_clusters, 1))
    scores = (rng.random((replicates, n_clusters, size)) < logistic(centre + effect)).reshape(replicates, -1).astype(float)
    cluster = np.arange(n_clusters * size) // (1 if naive else size)
    found = [clustered_interval(row, cluster) for row in scores]
    return np.mean([one.low <= truth <= one.high for one in found])


@pytest.mark.parametrize(("n_clusters", "size"), [(20, 10), (50, 10), (200, 5)])
@pytest.mark.parametrize("centre", [0.0, 2.3, 3.9])  # true means about .50, .86, .96
def test_interval_of_clustered_items_covers(n_clusters, size, centre):
    assert clustered_coverage(n_clusters, size, centre) >= 0.94


def test_an_interval_blind_to_clusters_does_not_cover():
    assert clustered_coverage(50, 10, 0.0, naive=True, replicates=1_000) < 0.85
