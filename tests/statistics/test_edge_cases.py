"""Every edge case has a name; none is 0.0 or "N/A" in disguise."""

import numpy as np
import pytest

from lm_eval_ext.statistics import chance_share, clustered_interval, majority_share, measure_spread, paired_gap, twin_gap


def gap_of(differences, cluster):
    """The gap of twins whose arms differ by -1, 0 or 1."""
    change = np.asarray(differences, float)
    scores = np.stack([(change < 0).astype(float), (change > 0).astype(float)], 1).ravel()
    twin = np.repeat(np.arange(len(change)), 2)
    return paired_gap(scores, twin, np.arange(len(twin)) % 2 == 1, np.repeat(np.asarray(cluster, int), 2))


def test_no_samples_is_no_value():
    empty, none = np.array([], float), np.array([], int)
    found = clustered_interval(empty, none)
    assert (found.value, found.low, found.high, found.stderr, found.n, found.reason) == (None, None, None, None, 0, "no_samples")
    gap = paired_gap(empty, none, np.array([], bool), none)
    assert (gap.value, gap.low, gap.high, gap.stderr, gap.n_twins, gap.reason) == (None, None, None, None, 0, "no_samples")


@pytest.mark.parametrize(("n", "reason"), [(1, "one_sample"), (7, "one_cluster")])
def test_one_cluster_keeps_the_value_without_an_interval(n, reason):
    found = clustered_interval(np.ones(n), np.zeros(n, int))
    assert (found.value, found.low, found.high, found.stderr, found.n_clusters, found.reason) == (
        1.0,
        None,
        None,
        None,
        1,
        reason,
    )
    gap = gap_of([1] * n, [0] * n)
    assert (gap.value, gap.low, gap.high, gap.stderr, gap.n_clusters, gap.reason) == (1.0, None, None, None, 1, reason)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_all_right_or_all_wrong_counts_clusters_not_items(score):
    found = clustered_interval(np.full(200, score), np.arange(200) // 10)
    alone = clustered_interval(np.full(20, score), np.arange(20))
    assert found.reason == alone.reason == "all_equal"
    assert (found.low, found.high, found.stderr) == (alone.low, alone.high, None)
    assert found.high - found.low == pytest.approx(1 / (1 + 20 / 2.093024054408263**2))


def test_equal_fractions_get_the_bound_of_what_was_not_seen():
    found = clustered_interval(np.full(100, 0.5), np.arange(100) // 2)
    unseen = 1 - 0.05 ** (1 / 50)
    assert (found.value, found.stderr, found.reason) == (0.5, None, "all_equal")
    assert (found.low, found.high) == pytest.approx((0.5 - unseen / 2, 0.5 + unseen / 2))


def test_no_difference_is_bounded_by_what_was_not_seen():
    gap = gap_of([0] * 60, np.arange(60) // 3)
    unseen = 1 - 0.05 ** (1 / 20)
    assert (gap.value, gap.stderr, gap.reason) == (0.0, None, "all_equal")
    assert (gap.low, gap.high) == pytest.approx((-unseen, unseen))


def test_a_full_gap_everywhere_is_still_uncertain():
    gap = gap_of([1] * 30, np.arange(30))
    assert (gap.value, gap.high, gap.reason) == (1.0, 1.0, "all_equal")
    assert gap.low == pytest.approx(1 - 2 * (1 - 0.05 ** (1 / 30)))


def test_differences_equal_up_to_rounding_are_equal():
    scores = np.array([[0.1, 0.2 + 0.1], [0.2, 0.4], [0.7, 0.9]] * 10).ravel()
    gap = twin_gap(scores, np.repeat(np.arange(30), 2), np.arange(60) % 2 == 1, np.repeat(np.arange(30), 2))
    assert (gap.reason, gap.stderr) == ("all_equal", None)


def test_clusters_with_equal_sums_fall_back_to_the_independent_error():
    scores, cluster = np.array([1.0, 0.0] * 20), np.arange(40) // 2
    found = clustered_interval(scores, cluster)
    assert found.reason == "equal_clusters"
    assert found.stderr == pytest.approx(scores.std(ddof=1) / 40**0.5)
    gap = gap_of([1, -1] * 20, cluster)
    assert gap.reason == "equal_clusters"
    assert gap.stderr > 0.1


def test_few_and_large_clusters_are_marked():
    scores = np.array([0.0, 1.0] * 30)
    assert clustered_interval(scores, np.arange(60) // 7).reason == "few_clusters"
    assert clustered_interval(scores, np.maximum(np.arange(60), 12) // 1).reason == "large_cluster"
    assert clustered_interval(scores, np.arange(60) // 3).reason is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused_by_place(bad):
    scores = np.array([0.0, bad, 1.0, bad])
    with pytest.raises(ValueError, match=r"score 1 is -?(nan|inf) \(2 of 4 like it\); scores are finite"):
        clustered_interval(scores, np.arange(4))
    with pytest.raises(ValueError, match="score 1 is"):
        paired_gap(scores, np.array([0, 0, 1, 1]), np.arange(4) % 2 == 1, np.zeros(4, int))
    with pytest.raises(ValueError, match="score 1 is"):
        twin_gap(scores, np.array([0, 0, 1, 1]), np.arange(4) % 2 == 1, np.zeros(4, int))


def test_scores_off_the_scale_and_bad_levels_are_refused():
    with pytest.raises(ValueError, match=r"score 0 is 55.0; scores lie in \[0, 1\]. Divide"):
        clustered_interval(np.array([55.0, 1.0]), np.arange(2))
    for alpha in (0.0, 1.0, 5.0):
        with pytest.raises(ValueError, match=f"alpha={alpha} is not accepted"):
            clustered_interval(np.array([0.0, 1.0]), np.arange(2), alpha=alpha)


@pytest.mark.usefixtures("unchecked")
def test_scores_and_clusters_of_unequal_number_are_refused():
    with pytest.raises(ValueError, match="2 scores came with 3 clusters"):
        measure_spread(np.array([0.0, 1.0]), np.arange(3))


@pytest.mark.parametrize(
    ("twin", "arm", "message"),
    [
        ([0, 0, 1], [0, 1, 0], r"twin 1 has items in arms \[False\]"),
        ([0, 0, 1, 1], [0, 1, 1, 1], r"twin 1 has items in arms \[True, True\]"),
        ([0, 0, 1, 1], [0, 0, 0, 1], r"twin 0 has items in arms \[False, False\]"),
        ([0, 0, 0, 0], [0, 1, 0, 1], r"twin 0 has items in arms \[False, False, True, True\]"),
    ],
)
def test_a_twin_without_one_item_per_arm_is_refused(twin, arm, message):
    with pytest.raises(ValueError, match=message + r"; a twin holds one item in each arm. Use twin_gap"):
        paired_gap(np.zeros(len(twin)), np.array(twin), np.array(arm, bool), np.zeros(len(twin), int))


@pytest.mark.parametrize("measure", [paired_gap, twin_gap])
def test_a_twin_over_two_clusters_is_refused(measure):
    with pytest.raises(ValueError, match=r"twin 1 spans clusters \d and \d; a twin lies in one cluster"):
        measure(np.zeros(4), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1], bool), np.array([5, 5, 5, 6]))


def test_items_without_a_twin_count_in_no_gap_and_are_reported():
    scores = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    twin, arm = np.array([0, 0, 1, 1, 2, 3]), np.array([0, 1, 0, 1, 0, 1], bool)
    gap = twin_gap(scores, twin, arm, twin)
    assert (gap.value, gap.n_twins, gap.n_unpaired) == (-1.0, 2, 2)
    lonely = twin_gap(scores[:1], twin[:1], arm[:1], twin[:1])
    assert (lonely.value, lonely.reason, lonely.n_unpaired) == (None, "no_samples", 1)


def test_baselines():
    assert majority_share(["x", "y", "x", "z"]) == 0.5
    assert majority_share(["x", "x", "y", "z"], ["a", "a", "b", "b"]) == 0.75
    assert chance_share(np.array([4, 4, 8])) == pytest.approx((1 / 4 + 1 / 4 + 1 / 8) / 3)
    assert majority_share([]) is None
    assert chance_share(np.array([1])) == 1.0
    assert chance_share(np.array([], int)) is None
    with pytest.raises(ValueError, match="question 1 has 0 options"):
        chance_share(np.array([4, 0]))
    with pytest.raises(ValueError, match="1 answers came with 2 groups"):
        majority_share(["x"], ["a", "b"])


def test_what_counts_as_equal_grows_with_the_values():
    values = 1e6 + np.array([0.0, 1e-9] * 10)
    assert measure_spread(values, np.arange(20)).reason == "all_equal"
    assert measure_spread(values - 1e6, np.arange(20)).reason != "all_equal"
    assert measure_spread(np.array([0.0, 1e-3] * 10), np.arange(20)).reason is None


def test_the_effective_number_of_observations():
    scores = np.array([0.0, 1.0] * 10)
    assert measure_spread(scores, np.arange(20)).effective == pytest.approx(20.0)
    assert measure_spread(scores, np.arange(20) % 2).effective == pytest.approx(20 * (0.25 * 20 / 19 / 20) / 0.5**2)
    assert measure_spread(np.ones(20), np.arange(20) // 5).effective == 4.0
    assert measure_spread(scores, np.zeros(20, int)).effective == 1.0
