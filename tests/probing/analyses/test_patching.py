"""Recovery: known shares come back, undefined ones say why, maps are corrected."""

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses import recovery, recovery_map
from lm_eval_ext.probing.analyses.patching import p_of_mean


def runs(rng, n_clusters=40, size=3, gap=3.0):
    cluster = np.repeat(np.arange(n_clusters), size)
    corrupted = rng.normal(size=len(cluster))
    clean = corrupted + gap + rng.normal(size=n_clusters)[cluster] + rng.normal(size=len(cluster))
    return clean, corrupted, cluster


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0, 1.54])
@pytest.mark.usefixtures("unchecked")
def test_interval_covers_the_planted_share(share):
    rng, inside = np.random.default_rng(int(100 * share)), []
    for _ in range(800):
        clean, corrupted, cluster = runs(rng)
        noise = rng.normal(size=40)[cluster] + rng.normal(size=len(cluster))
        found = recovery(clean, corrupted, corrupted + share * (clean - corrupted) + noise, cluster)
        inside.append(found.ratio.low <= share <= found.ratio.high)
    assert 0.93 <= np.mean(inside) <= 0.975


def test_more_than_all_is_flagged_and_kept_with_its_raw_parts():
    clean, corrupted, cluster = runs(np.random.default_rng(0))
    found = recovery(clean, corrupted, corrupted + 1.54 * (clean - corrupted), cluster)
    assert found.above_clean
    assert found.ratio.value == pytest.approx(1.54)
    assert found.ratio.numerator == pytest.approx(1.54 * found.ratio.denominator)
    assert found.ratio.denominator == pytest.approx((clean - corrupted).mean())


def test_what_a_corruption_does_not_take_away_cannot_be_brought_back():
    clean, corrupted, cluster = runs(np.random.default_rng(1), gap=0.0)
    clean -= (clean - corrupted).mean() - 0.05
    assert recovery(clean, corrupted, clean, cluster).ratio.reason == "denominator_near_zero"
    below = recovery(clean, corrupted, clean, cluster, smallest=5.0)
    assert (below.ratio.value, below.ratio.reason, below.above_clean) == (None, "denominator_small", False)
    assert below.ratio.denominator is not None


def test_a_self_patch_recovers_nothing_and_a_whole_patch_everything():
    clean, corrupted, cluster = runs(np.random.default_rng(2))
    nothing, everything = (recovery(clean, corrupted, run, cluster) for run in (corrupted, clean))
    assert (nothing.ratio.value, nothing.p_value, nothing.ratio.low) == (0.0, 1.0, None)
    assert everything.ratio.value == pytest.approx(1.0)
    assert everything.ratio.reason == "all_equal"


def test_map_finds_the_planted_site_and_not_what_its_control_does_too():
    rng = np.random.default_rng(3)
    clean, corrupted, cluster = runs(rng)
    noise = rng.normal(size=(2, 4, 5, len(cluster)))
    patched, control = corrupted + 0.3 * noise[0], corrupted + 0.3 * noise[1]
    patched[2, 4] += 0.8 * (clean - corrupted)
    patched[0, 0] += 0.5  # any patch there moves the outcome
    control[0, 0] += 0.5
    found = recovery_map(clean, corrupted, patched, cluster, control=control)
    assert np.argwhere(found.p_adjusted <= 0.05).tolist() == [[2, 4]]
    assert found.value[2, 4] == pytest.approx(0.8, abs=0.1)
    assert found.null[0, 0] == pytest.approx(found.value[0, 0], abs=0.1)
    assert np.argwhere(recovery_map(clean, corrupted, patched, cluster).p_adjusted <= 0.05).tolist() == [[0, 0], [2, 4]]
    alone = recovery(clean, corrupted, patched[2, 4], cluster, control=control[2, 4])
    assert (found.value[2, 4], found.low[2, 4], found.p_value[2, 4]) == (alone.ratio.value, alone.ratio.low, alone.p_value)
    assert (found.n, found.n_clusters, found.reason) == (120, 40, None)
    assert recovery_map(clean, clean, patched, cluster).reason == "denominator_small"


def test_p_of_a_mean_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(4).normal(0.3, 1, 25)
    assert p_of_mean(values, np.arange(25)) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, rel=1e-9)
    assert p_of_mean(values[:1], np.arange(1)) is None


@pytest.mark.usefixtures("unchecked")
def test_runs_of_other_items_are_refused():
    with pytest.raises(InputError, match="runs differ in length"):
        recovery(np.ones(3), np.ones(3), np.ones(2), np.arange(3))
    with pytest.raises(InputError, match="Give both for every site"):
        recovery_map(np.ones(3), np.zeros(3), np.ones((2, 3)), np.arange(3), control=np.ones((1, 3)))
