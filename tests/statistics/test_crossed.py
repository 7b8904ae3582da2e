"""Two-way errors: against statsmodels, and how often the interval holds the truth."""

import numpy as np
import pytest

from lm_eval_ext.statistics.crossed import crossed_mean


def drawn(rng, clusters, worlds, per_cluster=3, spread=(0.3, 0.2, 0.5)):
    """Values with effects of cluster, world and rest, mean 0, as many of each cluster in every world."""
    cluster = np.repeat(np.arange(clusters), per_cluster * worlds)
    world = np.tile(np.arange(worlds), clusters * per_cluster)
    values = rng.normal(0, spread[0], clusters)[cluster] + rng.normal(0, spread[1], worlds)[world]
    return values + rng.normal(0, spread[2], len(values)), cluster, world


def test_the_error_is_that_of_two_way_clustering():
    import statsmodels.api as sm

    values, cluster, world = drawn(np.random.default_rng(0), 40, 8)
    fit = sm.OLS(values, np.ones(len(values))).fit()
    both = np.stack([cluster, world], axis=1)
    reference = fit.get_robustcov_results("cluster", groups=both, use_correction=False).bse[0] ** 2
    parts = {
        name: fit.get_robustcov_results("cluster", groups=groups, use_correction=False).bse[0] ** 2
        for name, groups in {"cluster": cluster, "world": world, "both": cluster * 8 + world}.items()
    }
    assert reference == pytest.approx(parts["cluster"] + parts["world"] - parts["both"])
    corrected = parts["cluster"] * 40 / 39 + parts["world"] * 8 / 7 - parts["both"] * 320 / 319
    assert crossed_mean(values, cluster, world).stderr ** 2 == pytest.approx(corrected)


@pytest.mark.parametrize("worlds", [3, 5, 10])
def test_the_interval_holds_for_new_worlds_where_the_one_way_does_not(worlds):
    rng, hits, one_way, runs = np.random.default_rng(worlds), 0, 0, 2_000
    for _ in range(runs):
        found = crossed_mean(*drawn(rng, 50, worlds))
        hits += found.low <= 0.0 <= found.high
        one_way += abs(found.value) <= 2.0 * found.stderr_clusters
    assert hits / runs >= 0.93
    assert one_way / runs <= 0.85


def test_one_world_has_no_error_between_worlds():
    found = crossed_mean(np.array([0.1, 0.5, 0.3]), np.array([0, 1, 2]), np.array([1, 1, 1]))
    assert (found.n_worlds, found.stderr, found.low, found.high) == (1, None, None, None)
    assert found.stderr_clusters > 0


def test_no_values_are_no_number():
    nothing = np.array([], dtype=int)
    found = crossed_mean(np.array([], dtype=float), nothing, nothing)
    assert (found.value, found.stderr, found.n) == (None, None, 0)


def test_the_error_is_never_less_than_over_clusters_alone():
    rng = np.random.default_rng(3)
    for _ in range(200):
        found = crossed_mean(*drawn(rng, 5, 2, spread=(1.0, 0.0, 0.1)))
        assert found.stderr >= found.stderr_clusters


def test_order_does_not_matter():
    values, cluster, world = drawn(np.random.default_rng(1), 10, 4)
    order = np.random.default_rng(2).permutation(len(values))
    one, other = crossed_mean(values, cluster, world), crossed_mean(values[order], cluster[order], world[order])
    assert one.stderr == pytest.approx(other.stderr)
    assert one.value == pytest.approx(other.value)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="score 1 is nan"):
        crossed_mean(np.array([1.0, np.nan]), np.array([0, 1]), np.array([0, 1]))
