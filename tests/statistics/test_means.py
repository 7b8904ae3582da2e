"""Means on other scales and macro means, against statsmodels and by hand."""

import numpy as np
import pytest
import scipy.stats
import statsmodels.api
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.statistics import Bounds, as_figure, clustered_interval, clustered_mean, estimate, macro_mean, number, twin_gap

DEGREES = Bounds(0.0, 180.0)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, strata of unequal size, and clusters that reach into several strata."""
    rng = np.random.default_rng(3)
    cluster = rng.integers(0, 40, 300)
    stratum = rng.choice(4, 300, p=[0.6, 0.2, 0.15, 0.05])
    return (rng.random(300) < 0.3 + 0.15 * stratum).astype(float), stratum, cluster


def test_clustered_mean_is_the_cluster_robust_t_interval(data: tuple[np.ndarray, ...]) -> None:
    scores, _, cluster = data
    values = 180 * scores - 20 * np.sin(cluster) * scores
    found = clustered_mean(np.clip(values, 0, 180), cluster, scale=DEGREES)
    groups = number(cluster.tolist())
    fit = statsmodels.api.OLS(np.clip(values, 0, 180), np.ones(300)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, use_t=True
    )
    c = found.n_clusters
    stderr = fit.bse[0] * np.sqrt(c / (c - 1))
    assert found.value == pytest.approx(fit.params[0], rel=1e-9)
    assert found.stderr == pytest.approx(stderr, rel=1e-9)
    assert found.low == pytest.approx(fit.params[0] - scipy.stats.t.ppf(0.975, c - 1) * stderr, rel=1e-9)


def test_macro_mean_is_the_mean_of_cell_means_with_its_cluster_robust_error(data: tuple[np.ndarray, ...]) -> None:
    scores, stratum, cluster = data
    found = macro_mean(scores, stratum, cluster)
    dummies = (stratum[:, None] == np.arange(4)).astype(float)
    fit = statsmodels.api.OLS(scores, dummies).fit(
        cov_type="cluster", cov_kwds={"groups": number(cluster.tolist()), "use_correction": False}
    )
    weights, c = np.full(4, 0.25), found.n_clusters
    variance = weights @ fit.cov_params() @ weights * c / (c - 1)
    assert found.value == pytest.approx(float(weights @ fit.params), rel=1e-9)
    assert found.stderr == pytest.approx(float(np.sqrt(variance)), rel=1e-9)


def test_one_stratum_is_the_plain_mean(data: tuple[np.ndarray, ...]) -> None:
    scores, _, cluster = data
    macro, micro = macro_mean(scores, np.zeros(300, dtype=int), cluster), clustered_interval(scores, cluster)
    assert (macro.value, macro.stderr) == (pytest.approx(micro.value), pytest.approx(micro.stderr))


def test_strata_of_one_size_make_macro_and_micro_equal() -> None:
    scores = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    assert macro_mean(scores, np.array([0, 0, 1, 1, 2, 2]), np.arange(6)).value == pytest.approx(scores.mean())


@pytest.mark.parametrize(
    ("scores", "clusters", "value", "reason"),
    [([], [], None, "no_samples"), ([1.0], [0], 1.0, "one_sample"), ([1.0, 0.0], [0, 0], 0.5, "one_cluster")],
)
def test_too_little_data_has_a_reason_and_no_interval(scores: list, clusters: list, value: float | None, reason: str) -> None:
    values, cluster = np.array(scores, dtype=float), np.array(clusters, dtype=int)
    for found in (macro_mean(values, cluster, cluster), clustered_mean(values, cluster, scale=DEGREES)):
        assert (found.low, found.high, found.stderr, found.reason) == (None, None, None, reason)
    assert macro_mean(values, np.zeros(len(values), dtype=int), cluster).value == value


def test_equal_values_have_an_interval_by_the_number_of_clusters() -> None:
    found = macro_mean(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]), np.arange(4))
    unseen = 1 - 0.05 ** (1 / 4)
    assert (found.value, found.stderr, found.reason) == (0.5, None, "all_equal")
    assert (found.low, found.high) == (pytest.approx(0.5 - unseen * 0.5), pytest.approx(0.5 + unseen * 0.5))


def test_values_outside_the_scale_are_refused() -> None:
    with pytest.raises(ValueError, match=r"value 1 is 181.0; values lie in \[0.0, 180.0\]"):
        clustered_mean(np.array([1.0, 181.0]), np.arange(2), scale=DEGREES)
    with pytest.raises(ValueError, match=r"score 0 is 2.0; scores lie in \[0, 1\]"):
        macro_mean(np.array([2.0, 0.0]), np.arange(2), np.arange(2))
    with pytest.raises(ValueError, match=r"alpha=0.0 is not accepted"):
        clustered_mean(np.zeros(2), np.arange(2), scale=DEGREES, alpha=0.0)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=30))
def test_macro_intervals_hold_their_value_and_keep_to_the_scale(rows: list[tuple[float, int, int]]) -> None:
    scores, stratum, cluster = (np.array(column) for column in zip(*rows, strict=True))
    found = macro_mean(scores.astype(float), stratum, cluster)
    means = [scores[stratum == s].mean() for s in set(stratum.tolist())]
    assert found.value == pytest.approx(sum(means) / len(means))
    if found.low is not None and found.high is not None:
        assert 0.0 <= found.low <= found.value + 1e-12
        assert found.value - 1e-12 <= found.high <= 1.0


def test_names_are_numbered_by_first_sight() -> None:
    assert number(["b", "a", "b", "c"]).tolist() == [0, 1, 0, 2]


def test_figures_carry_what_the_estimate_knows() -> None:
    found = as_figure("acc", estimate([1.0, 0.0, 1.0], ["a", "b", "c"]), nulls={"guess": 0.25, "none": None})
    assert (found.value, found.n, found.n_clusters, found.nulls) == (pytest.approx(2 / 3), 3, 3, {"guess": 0.25})
    assert as_figure("recall", estimate([], []), empty="never_true").reason == "never_true"
    gap = twin_gap(np.array([1.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]), np.array([False, True] * 2), np.array([0, 0, 1, 1]))
    assert (as_figure("drop", gap, unit="difference").n, as_figure("drop", gap).value) == (2, -0.5)
