"""The solver against scikit-learn's, and the held-out probe against a loop of scikit-learn fits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.folds import constant_within, deal_groups, make_folds
from lm_eval_ext.perception.logistic import fit_logistic, log_softmax, one_hot
from lm_eval_ext.perception.probe import held_out_probe, ridge, scaled_design


def sample(seed: int, strength: float, n: int = 240, d: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 4, n)
    return strength * rng.normal(size=(4, d))[levels] + rng.normal(size=(n, d)), levels


@pytest.mark.parametrize("strength", [0.0, 0.5, 3.0])
def test_all_penalties_at_once_agree_with_scikit_learn(strength: float):
    features, levels = sample(0, strength)
    grid = np.array([1e-3, 1e-2, 0.1, 1.0])
    design = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    weights = fit_logistic(design, one_hot(levels, 4), ridge(grid, features.shape[1]), tolerance=1e-15)
    for inverse, found in zip(grid, weights, strict=True):
        reference = LogisticRegression(C=inverse, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(features, levels)
        difference = log_softmax(found @ design.T).T - reference.predict_log_proba(features)
        assert np.abs(difference).max() < 1e-6


def test_a_start_does_not_change_the_solution():
    features, levels = sample(1, 1.0)
    design = scaled_design(features, np.ones(len(features), bool), "overall")
    penalty = ridge(np.ones(1), features.shape[1])
    cold = fit_logistic(design, one_hot(levels, 4), penalty, tolerance=1e-15)
    warm = fit_logistic(design, one_hot(levels, 4), penalty, start=cold + 0.5, tolerance=1e-15)
    gauge = warm - warm.mean(axis=1, keepdims=True) - cold + cold.mean(axis=1, keepdims=True)  # a shift of all classes is free
    assert np.abs(gauge).max() < 1e-6


def test_held_out_probe_is_scikit_learn_in_a_loop():
    features, levels = sample(2, 0.7)
    groups = np.arange(len(levels)) // 4
    fold = make_folds(groups, 5, 0, levels=[levels])
    found = held_out_probe(features, levels, fold, tolerance=1e-14)
    for k in range(5):
        train, test = fold != k, fold == k
        design = scaled_design(features, train, "overall")[:, :-1]
        reference = LogisticRegression(C=found.chosen[k], solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(
            design[train], levels[train]
        )
        expected = reference.predict_log_proba(design[test])[np.arange(test.sum()), levels[test]]
        assert np.abs(found.log_probs[test] - expected).max() < 1e-6
        assert np.allclose(np.exp(found.log_prior[test]), np.bincount(levels[train])[levels[test]] / train.sum())


def test_c_is_chosen_without_the_fold_it_serves():
    features, levels = sample(3, 0.7)
    fold = make_folds(np.arange(len(levels)) // 4, 5, 0, levels=[levels])
    spoilt = features.copy()
    spoilt[fold == 2] = np.random.default_rng(9).normal(size=spoilt[fold == 2].shape) * 50.0
    before, after = held_out_probe(features, levels, fold), held_out_probe(spoilt, levels, fold)
    assert before.chosen[2] == after.chosen[2]
    assert np.allclose(before.weights[2], after.weights[2])
    assert not np.allclose(before.weights[1], after.weights[1])


@given(st.integers(0, 1000), st.integers(2, 6))
def test_groups_stay_together_and_levels_are_spread(seed: int, n_parts: int):
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(30), 3))
    level = groups % 3
    part = deal_groups(groups, n_parts, seed, levels=[level])
    assert constant_within(part, groups)
    for one in range(3):
        counts = np.bincount([part[groups == g][0] for g in range(30) if g % 3 == one], minlength=n_parts)
        assert np.ptp(counts) <= 1


def test_a_level_in_one_group_cannot_be_split():
    groups = np.arange(20)
    with pytest.raises(InputError, match="keeps every level"):
        make_folds(groups, 5, 0, levels=[(groups == 3).astype(int)])
    with pytest.raises(InputError, match="4 groups cannot be dealt into 5 parts"):
        deal_groups(np.arange(4), 5, 0)
