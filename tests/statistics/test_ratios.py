"""Ratios of means: their covariance against statsmodels, and the coverage of Fieller's interval."""

import numpy as np
import pytest

from lm_eval_ext.statistics import Sample, fieller, means_covariance, measure_spread, ratio_of_means


def clustered(rng, n_clusters, size, mean, sigma=1.0):
    return mean + (sigma * rng.normal(size=(n_clusters, 1)) + rng.normal(size=(n_clusters, size))).ravel()


@pytest.mark.parametrize("seed", range(3))
def test_variance_of_one_mean_is_its_clustered_standard_error(seed):
    rng = np.random.default_rng(seed)
    sample = Sample(rng.normal(size=200), rng.integers(0, 12, 200))
    assert means_covariance([sample])[0, 0] ** 0.5 == pytest.approx(measure_spread(*sample).clustered, rel=1e-9)


def test_covariance_agrees_with_a_stacked_regression_of_statsmodels():
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(30), 4)
    one = clustered(rng, 30, 4, 0.0)
    other = one + clustered(rng, 30, 4, 1.0)
    design = np.kron(np.eye(2), np.ones((120, 1)))
    fit = api.OLS(np.concatenate([one, other]), design).fit(
        cov_type="cluster", cov_kwds={"groups": np.tile(cluster, 2), "use_correction": False}
    )
    expected = fit.cov_params() * 30 / 29
    assert means_covariance([Sample(one, cluster), Sample(other, cluster)]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("below", "n_clusters"), [(2.0, 20), (0.7, 20), (1.0, 50)])
@pytest.mark.usefixtures("unchecked")
def test_interval_of_a_ratio_covers_also_where_the_denominator_is_small(below, n_clusters):
    rng = np.random.default_rng(n_clusters)
    cluster, hits, defined = np.repeat(np.arange(n_clusters), 3), 0, 0
    for _ in range(1_500):
        denominator = clustered(rng, n_clusters, 3, below, 0.7)
        numerator = 0.6 * denominator + clustered(rng, n_clusters, 3, 0.0, 0.3)
        found = ratio_of_means(Sample(numerator, cluster), Sample(denominator, cluster))
        defined += found.value is not None
        hits += found.low is not None and found.low <= 0.6 <= found.high
    assert defined > 1_000
    assert 0.935 <= hits / defined <= 0.975


def test_far_from_zero_the_interval_is_that_of_the_delta_method():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    low, high = fieller(50.0, 1000.0, covariance, 1e6)
    gradient = np.array([1 / 1000.0, -50.0 / 1000.0**2])
    reach = 1.959964 * (gradient @ covariance @ gradient) ** 0.5
    assert (low, high) == pytest.approx((0.05 - reach, 0.05 + reach), rel=1e-4)


def test_several_denominators_are_summed_and_may_be_other_items():
    rng = np.random.default_rng(0)
    target = Sample(rng.normal(1.0, 0.1, 40), np.arange(40))
    others = [Sample(rng.normal(2.0, 0.1, 30), 100 + np.arange(30)), Sample(rng.normal(3.0, 0.1, 20), np.arange(20))]
    found = ratio_of_means(target, *others)
    assert found.denominator == pytest.approx(sum(one.values.mean() for one in others))
    assert found.value == pytest.approx(0.2, abs=0.02)
    assert (found.low < found.value < found.high, found.n_clusters) == (True, 20)


@pytest.mark.parametrize(
    ("numerator", "denominator", "reason"),
    [
        ([], [], "no_samples"),
        ([1.0, 2.0], [0.0, 0.0], "denominator_small"),
        ([1.0, 2.0], [0.1, 0.1], "denominator_small"),
        ([1.0, 2.0], [-3.0, 4.0], "denominator_near_zero"),
        ([1.0, 2.0], [1.0, 2.0], "denominator_near_zero"),
        ([3.0, 3.1, 3.2, 3.0], [3.0, 3.1, 3.2, 3.0], "all_equal"),
    ],
)
def test_what_is_undefined_has_a_reason_and_no_number_of_its_own(numerator, denominator, reason):
    cluster = np.arange(len(numerator))
    found = ratio_of_means(
        Sample(np.array(numerator, float), cluster), Sample(np.array(denominator, float), cluster), smallest=0.2
    )
    assert (found.reason, found.low, found.high) == (reason, None, None)
    assert found.value == (1.0 if reason == "all_equal" else None)


def test_one_cluster_gives_a_value_without_interval():
    found = ratio_of_means(Sample(np.array([1.0, 3.0]), np.zeros(2, int)), Sample(np.array([4.0, 4.0]), np.zeros(2, int)))
    assert (found.value, found.low, found.reason) == (0.5, None, "one_cluster")
