"""Position bias: Pearson's statistic where picks are independent, error rates where they are not."""

import numpy as np
import pytest
import scipy.stats

from lm_eval_ext.statistics import pick_bias


def simulate(rng: np.random.Generator, clusters: int, size: int, options: int, stick: float) -> tuple[np.ndarray, np.ndarray]:
    """Even picks; with probability ``stick`` an item repeats what its cluster drew."""
    shared = np.repeat(rng.integers(0, options, clusters), size)
    own = rng.integers(0, options, clusters * size)
    return np.where(rng.random(len(own)) < stick, shared, own), np.repeat(np.arange(clusters), size)


def test_distance_and_p_are_those_of_pearson_when_picks_are_independent() -> None:
    rng = np.random.default_rng(0)
    place = rng.choice(4, 20_000, p=[0.26, 0.25, 0.245, 0.245])
    found = pick_bias(place, np.full(20_000, 4), np.arange(20_000))
    counts = np.bincount(place, minlength=4)
    assert found.estimate.value == pytest.approx(np.abs(counts / 20_000 - 0.25).sum() / 2)
    assert found.p_value == pytest.approx(scipy.stats.chisquare(counts).pvalue, rel=0.05)
    assert found.shares == pytest.approx(counts / 20_000)
    assert found.even == pytest.approx([0.25] * 4)


@pytest.mark.parametrize(("clusters", "size", "options", "stick"), [(50, 10, 4, 0.5), (30, 4, 9, 0.8), (200, 1, 3, 0.0)])
def test_even_picks_are_refuted_as_rarely_as_promised(clusters: int, size: int, options: int, stick: float) -> None:
    rng, rounds = np.random.default_rng(7), 1000
    refuted, above, naive, distances, nulls = 0, 0, 0, [], []
    for _ in range(rounds):
        place, cluster = simulate(rng, clusters, size, options, stick)
        found = pick_bias(place, np.full(len(place), options), cluster)
        assert found.p_value is not None
        refuted += found.p_value < 0.05
        above += found.estimate.low > 0
        naive += scipy.stats.chisquare(np.bincount(place, minlength=options)).pvalue < 0.05
        distances.append(found.estimate.value)
        nulls.append(found.null)
    bar = 0.05 + 3 * np.sqrt(0.05 * 0.95 / rounds)
    assert above <= refuted <= bar * rounds
    assert np.mean(distances) == pytest.approx(np.mean(nulls), rel=0.08)  # normal approximation
    if stick:
        assert naive > 3 * bar * rounds


def test_intervals_of_uneven_picks_cover_the_true_distance() -> None:
    rng, shares, covered = np.random.default_rng(1), np.array([0.5, 0.3, 0.15, 0.05]), 0
    for _ in range(500):
        shared = np.repeat(rng.choice(4, 60, p=shares), 5)
        own = rng.choice(4, 300, p=shares)
        place = np.where(rng.random(300) < 0.4, shared, own)
        found = pick_bias(place, np.full(300, 4), np.repeat(np.arange(60), 5)).estimate
        covered += found.low <= 0.3 <= found.high
    assert covered / 500 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 500)


def test_questions_with_different_numbers_of_options_have_their_own_even_spread() -> None:
    found = pick_bias(np.array([0, 1, 0, 1, 2, 3]), np.array([2, 2, 4, 4, 4, 4]), np.arange(6))
    assert found.estimate.value == pytest.approx(0.0)
    assert found.even == pytest.approx([(0.5 * 2 + 0.25 * 4) / 6] * 2 + [0.25 * 4 / 6] * 2)


def test_always_the_first_option_is_as_far_as_it_can_be() -> None:
    found = pick_bias(np.zeros(40, dtype=int), np.full(40, 4), np.arange(40))
    assert found.estimate.value == 0.75
    assert found.estimate.reason == "all_equal"
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert pick_bias(np.zeros(40, dtype=int), np.full(40, 4), np.arange(40) // 20).p_value > 0.05


def test_without_picks_or_with_one_cluster_there_is_no_test() -> None:
    none = pick_bias(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    assert (none.estimate.value, none.estimate.reason, none.p_value) == (None, "no_samples", None)
    one = pick_bias(np.array([0, 1]), np.array([2, 2]), np.zeros(2, dtype=int))
    assert (one.estimate.value, one.p_value, one.null) == (0.0, None, None)


def test_impossible_places_are_refused() -> None:
    with pytest.raises(ValueError, match="pick 1 is place 2 of 2 options"):
        pick_bias(np.array([0, 2]), np.array([2, 2]), np.arange(2))
