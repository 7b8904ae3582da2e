"""Each metric against scikit-learn or a second derivation, on latents whose value is known, and on bad input."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mutual_info_score

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception import metrics
from lm_eval_ext.perception.metrics._inputs import as_levels
from lm_eval_ext.perception.metrics.information import histogram_codes


@pytest.fixture
def known() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, 4, 600), rng.integers(0, 3, 600)], axis=1)
    latents = np.concatenate([factors + 0.3 * rng.normal(size=(600, 2)), rng.normal(size=(600, 1))], axis=1)
    return factors, latents


def test_information_agrees_with_scikit_learn(known):
    factors, latents = known
    codes = histogram_codes(latents, 20)
    for s in factors.T:
        assert abs(metrics.entropy(s) - mutual_info_score(s, s)) < 1e-12
        for z in codes.T:
            assert abs(metrics.discrete_information(s, z) - mutual_info_score(s, z)) < 1e-12


def test_gaps_agree_with_second_derivations(known):
    factors, latents = known
    codes = histogram_codes(latents, 20)
    shares = np.array([[mutual_info_score(s, z) / mutual_info_score(s, s) for z in codes.T] for s in factors.T])
    expected = np.mean([row[0] - row[1] for row in np.sort(shares, axis=1)[:, ::-1]])
    assert abs(metrics.mutual_information_gap(factors, latents).value - expected) < 1e-9
    fits = [[LinearRegression().fit(z[:, None], s).score(z[:, None], s) for z in latents.T] for s in factors.T]
    expected = np.mean([row[0] - row[1] for row in np.sort(fits, axis=1)[:, ::-1]])
    found = metrics.separated_predictability(factors, latents)
    assert abs(found.value - expected) < 1e-9
    assert found.null < 0.05
    assert found.value > 0.5


def test_dci_entropies_agree_with_scipy():
    table = np.random.default_rng(0).random((5, 3))
    rows = 1.0 - scipy_entropy(table, base=3, axis=1)
    columns = 1.0 - scipy_entropy(table, base=5, axis=0)
    expected = (np.average(rows, weights=table.sum(axis=1)), np.average(columns, weights=table.sum(axis=0)))
    assert np.allclose(metrics.dci_from_importance(table), expected, atol=1e-12)
    assert np.isnan(metrics.dci_from_importance(np.zeros((2, 2)))).all()


def test_dci_of_separate_and_of_mixed_latents(known):
    factors, latents = known
    separate = metrics.dci(factors, latents, n_trees=20)
    assert separate.disentanglement > 0.8
    assert separate.informativeness > separate.chance + 0.3
    assert abs(separate.null_informativeness - separate.chance) < 0.1
    turned = metrics.dci(factors, latents @ np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0], n_trees=20)
    assert turned.disentanglement < separate.disentanglement - 0.2


def test_modularity_by_hand(known):
    factors, latents = known
    codes = histogram_codes(latents, 20)
    square = np.array([[mutual_info_score(s, z) for z in codes.T] for s in factors.T]) ** 2
    expected = np.mean(1.0 - square.min(axis=0) / square.max(axis=0))  # two factors: the other one over the best
    assert abs(metrics.modularity(factors, latents).value - expected) < 1e-9
    empty = metrics.modularity(factors, np.zeros((600, 2)))
    assert np.isnan(empty.value)
    assert empty.reason == "no latent carries information on any factor"
    assert empty.n_dropped == 2


def test_explicitness_is_held_out(known):
    factors, latents = known
    found = metrics.explicitness(factors, latents)
    assert found.value > 0.8
    wide = np.random.default_rng(0).normal(size=(600, 200))
    assert abs(metrics.explicitness(factors, wide).value) < 0.1
    assert abs(found.null) < 0.1


def test_identity_latents_are_perfect_in_both_forms():
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(0, 4, 2000), rng.integers(0, 8, 2000)], axis=1)
    standard = (sources - sources.mean(axis=0)) / sources.std(axis=0)
    for legacy in (True, False):
        scores = metrics.infomec(sources, standard, discrete=False, legacy=legacy).scores
        assert np.allclose([scores.modularity, scores.compactness, scores.explicitness], 1.0, atol=0.03)
    codes = metrics.infomec(sources, sources.astype(float), discrete=True, legacy=True).scores
    assert np.allclose([codes.modularity, codes.compactness, codes.explicitness], 1.0, atol=0.02)


def test_noise_latents_published_form_is_undefined_ours_is_read_beside_its_null():
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(0, 4, 2000), rng.integers(0, 8, 2000)], axis=1)
    standard = (sources - sources.mean(axis=0)) / sources.std(axis=0)
    padded = np.concatenate([standard, rng.normal(size=(2000, 6))], axis=1)
    published = metrics.infomec(sources, padded, discrete=False, legacy=True)
    assert np.isnan(published.scores.modularity)
    assert "the published form divides by it" in published.reason
    assert abs(published.scores.compactness - 0.987) < 0.02
    ours = metrics.infomec(sources, padded, discrete=False)
    assert ours.scores.modularity > 0.95
    assert ours.n_dropped >= 1
    noise = metrics.infomec(sources, padded[:, 2:], discrete=False)
    assert 0.2 < noise.scores.compactness < 0.7  # not 0: the null says so too
    assert noise.null.compactness > 0.2
    assert abs(noise.scores.explicitness) < 0.01


def test_rotation_lowers_modularity_and_compactness_only():
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(0, 4, 2000), rng.integers(0, 8, 2000)], axis=1)
    standard = (sources - sources.mean(axis=0)) / sources.std(axis=0)
    padded = np.concatenate([standard, rng.normal(size=(2000, 6))], axis=1)
    turned = metrics.infomec(sources, padded @ np.linalg.qr(rng.normal(size=(8, 8)))[0], discrete=False, legacy=True).scores
    assert 0.35 < turned.modularity < 0.85
    assert 0.1 < turned.compactness < 0.75
    assert turned.explicitness > 0.99


def test_compactness_counts_dimensions_of_perfect_blocks():
    rng = np.random.default_rng(0)
    sources = np.stack([rng.integers(0, 4, 2000), rng.integers(0, 8, 2000)], axis=1)
    blocks = np.concatenate(
        [np.eye(4)[sources[:, 0]] @ rng.normal(size=(4, 32)), np.eye(8)[sources[:, 1]] @ rng.normal(size=(8, 32))], 1
    )
    scores = metrics.infomec(sources, blocks, discrete=False, legacy=True).scores
    assert abs(scores.modularity - 0.995) < 0.01
    assert abs(scores.compactness - 0.027) < 0.02
    assert scores.explicitness > 0.99


def test_explicitness_of_noise_at_512_dimensions():
    rng = np.random.default_rng(0)
    factors, noise = rng.integers(0, 8, (500, 1)), rng.normal(size=(500, 512))
    from lm_eval_ext.perception.folds import make_folds
    from lm_eval_ext.perception.metrics.infomec import _explicitness

    assert _explicitness(factors, noise, discrete=False, fold=None)[0] > 0.99  # the published form
    fold = make_folds(np.arange(500), 5, 0, levels=[factors[:, 0]])
    assert -0.1 < _explicitness(factors, noise, discrete=False, fold=fold)[0] < 0.02


def test_same_seed_same_result_and_the_seed_stands_in_it(known):
    first, second = (metrics.infomec(*known, discrete=False, seed=3) for _ in range(2))
    assert first.scores == second.scores
    assert first.null == second.null
    assert (first.seed, first.n_neighbors, first.held_out) == (3, 10, True)


def test_bad_input_is_named(known):
    factors, latents = known
    holed = latents.copy()
    holed[7, 0] = np.nan
    with pytest.raises(InputError, match="row 7 of the latents is not finite"):
        metrics.infomec(factors, holed, discrete=False)
    with pytest.raises(InputError, match="factor 1 is constant"):
        metrics.mutual_information_gap(factors * [1, 0], latents)
    with pytest.raises(InputError, match="600 rows of latents came with 5 rows of factors"):
        as_levels(factors[:5], 600)
    with pytest.raises(InputError, match="at least 2 latents"):
        metrics.separated_predictability(factors, latents[:, :1])
    with pytest.raises(InputError, match="exponentiate"):
        metrics.variable_kinds(np.array([[-1.0]]))


def test_importing_metrics_brings_neither_torch_nor_scikit_learn():
    code = "import sys, lm_eval_ext.perception.metrics; print({'torch', 'sklearn', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
