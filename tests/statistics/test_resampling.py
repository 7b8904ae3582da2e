"""Draws: seeded, private, by whole clusters; bootstrap intervals that cover with few clusters too."""

import numpy as np
import pytest

from lm_eval_ext.statistics import cluster_table, expanded_percentiles, generator, p_at_least, resampled_sums


def test_draws_depend_on_their_name_alone_and_leave_global_state_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert generator("a", 1).integers(0, 99, 5).tolist() == generator("a", 1).integers(0, 99, 5).tolist()
    assert generator("a", 1).integers(0, 99, 5).tolist() != generator("a", 2).integers(0, 99, 5).tolist()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_whole_clusters_are_drawn_so_columns_stay_together(monkeypatch):
    table = np.stack([np.ones(7), np.arange(7.0), 3 * np.arange(7.0)], axis=1)
    sums = resampled_sums(table, 500, seed=4)
    assert (sums[:, 0] == 7).all()
    assert (sums[:, 2] == 3 * sums[:, 1]).all()
    assert sums[:, 1].mean() == pytest.approx(21, abs=1)
    monkeypatch.setattr("lm_eval_ext.statistics.resampling.LARGEST_DRAW", 50)
    assert resampled_sums(table, 500, seed=4).tolist() == sums.tolist()  # in pieces: the same draws


@pytest.mark.parametrize("n_clusters", [10, 20, 50])
def test_expanded_percentiles_cover_the_mean_of_few_clusters(n_clusters):
    rng = np.random.default_rng(n_clusters)
    hits = []
    for seed in range(600):
        values = rng.normal(size=(n_clusters, 1))
        draws = resampled_sums(values, 4_000, seed)[:, 0] / n_clusters
        low, high = expanded_percentiles(draws, n_clusters)
        hits.append(low <= 0 <= high)
    assert np.mean(hits) >= 0.93


def test_a_drawn_null_never_gives_zero_and_counts_rounding_as_equal():
    assert p_at_least(5.0, np.zeros(99)) == 0.01
    assert p_at_least(0.1 + 0.2, np.array([0.3])) == 1.0
    assert p_at_least(0.0, np.empty(0)) == 1.0


def test_clusters_without_items_add_nothing():
    assert cluster_table(np.ones((2, 2)), np.array([2, 2]), 4).tolist() == [[0, 0], [0, 0], [2, 2], [0, 0]]
