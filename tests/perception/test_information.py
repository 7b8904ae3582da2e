"""The matrix on planted blocks: what it reads, what it must not notice, and what it refuses."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.factors import Factor, usable_factors
from lm_eval_ext.perception.folds import make_folds
from lm_eval_ext.perception.information import Questions, information_matrix, principal, refit
from lm_eval_ext.perception.regression import held_out_ridge
from tests.perception.planted import plant


def test_information_sits_in_the_planted_blocks():
    made = plant(0)
    features = {role: made.embeddings @ made.blocks.bases[role] for role in ("semantic", "geometric", "perceptual")}
    found = information_matrix(features, made.factors, made.groups, repeats=1)
    assert np.diag(found.values).min() > 0.85
    assert np.abs(found.values - np.diag(np.diag(found.values))).max() < 0.02


def test_noise_says_nothing_at_512_dimensions():
    rng = np.random.default_rng(0)
    groups = np.arange(500) // 5
    factors = [
        Factor("category", groups % 8),
        Factor("view", rng.integers(0, 8, 500)),
        Factor("angle", rng.random(500) * 360, kind="angle"),
    ]
    found = information_matrix({"noise": rng.normal(size=(500, 512))}, factors, groups, repeats=2)
    assert found.values.max() < 0.01
    assert found.values.min() > -0.1
    assert (found.clipped >= 0).all()


def test_a_label_of_the_object_alone_is_not_information():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 10)
    embeddings = rng.normal(size=(60, 32))[groups] + 0.1 * rng.normal(size=(600, 32))
    label = Factor("label", rng.permutation(np.arange(60) % 4)[groups])
    grouped = information_matrix({"x": embeddings}, [label], groups, repeats=1).values[0, 0]
    by_row = information_matrix({"x": embeddings}, [label], np.arange(600), repeats=1).values[0, 0]
    assert grouped < 0.02
    assert by_row > 0.5  # rows split at random know the object again


def test_rotation_shift_scale_and_row_order_change_nothing():
    made = plant(1, objects=60)
    features = made.embeddings[:, :16]
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0]
    before = information_matrix({"x": features}, made.factors, made.groups, repeats=1).values
    after = information_matrix({"x": 7.0 * features @ turn + 3.0}, made.factors, made.groups, repeats=1).values
    assert np.abs(before - after).max() < 1e-4
    order = np.random.default_rng(1).permutation(len(features))
    moved = [Factor(f.name, f.values[order], f.role) for f in made.factors]
    shuffled = information_matrix({"x": features[order]}, moved, made.groups[order], repeats=1).values
    assert np.abs(before - shuffled).max() < 1e-4


def test_angles_agree_with_scikit_learn_and_wrap():
    rng = np.random.default_rng(0)
    groups = np.arange(300) // 3
    angle = rng.random(300) * 360
    factor = Factor("azimuth", angle, kind="angle")
    features = factor.circle @ rng.normal(size=(2, 6)) + 0.2 * rng.normal(size=(300, 6))
    fold = make_folds(groups, 5, 0, levels=[factor.levels])
    found = held_out_ridge(features, factor.circle, fold)
    for k in range(5):
        train, test = fold != k, fold == k
        spread = np.sqrt(np.mean((features[train] - features[train].mean(axis=0)) ** 2))
        model = Ridge(alpha=1.0 / found.chosen[k]).fit(features[train] / spread, factor.circle[train])
        assert (
            np.abs(found.errors[test] - ((factor.circle[test] - model.predict(features[test] / spread)) ** 2).sum(axis=1)).max()
            < 1e-6
        )
    turned = information_matrix({"x": features}, [Factor("azimuth", angle - 360.0, kind="angle")], groups, repeats=1)
    assert abs(turned.values[0, 0] - information_matrix({"x": features}, [factor], groups, repeats=1).values[0, 0]) < 1e-9
    assert turned.values[0, 0] > 0.8


def test_refit_without_rows_is_a_fit_of_the_others():
    made = plant(2, objects=60, levels=(4, 4, 4))
    questions = Questions.prepare(made.factors, made.groups, repeats=1)
    turned = principal("x", made.embeddings[:, :16], len(made.groups))
    fit = questions.fits("x", made.embeddings[:, :16])[0][0]
    keep = made.groups % 10 != 0
    warm = refit(turned, made.factors[0], questions.splits[0], keep=keep, before=fit)
    spoilt = turned.copy()
    spoilt[~keep] = 1e3
    assert warm == refit(spoilt, made.factors[0], questions.splits[0], keep=keep, before=fit)
    assert refit(turned, made.factors[0], questions.splits[0], keep=np.ones_like(keep), before=fit) == pytest.approx(
        fit.information, abs=1e-4
    )


def test_rare_levels_are_listed_and_skipped():
    groups = np.arange(40)
    rare = np.where(groups < 4, 1, 0)
    kept, skipped = usable_factors([Factor("rare", rare), Factor("side", groups % 2)], groups)
    assert [factor.name for factor in kept] == ["side"]
    assert skipped == {"rare": "level 1 is seen in 4 groups, 5 are needed"}
    found = information_matrix(
        {"x": np.eye(2)[groups % 2]}, [Factor("rare", rare), Factor("side", groups % 2)], groups, repeats=1
    )
    assert found.factors == ("side",)
    assert "rare" in found.skipped


def test_bad_input_is_named():
    groups = np.arange(40)
    side = Factor("side", groups % 2)
    features = np.eye(2)[groups % 2]
    holed = features.copy()
    holed[3, 0] = np.nan
    with pytest.raises(InputError, match="row 3 of block 'x' is not finite"):
        information_matrix({"x": holed}, [side], groups)
    with pytest.raises(InputError, match=r"factor 'flat' is constant \(1\)"):
        information_matrix({"x": features}, [Factor("flat", np.ones(40, int))], groups)
    with pytest.raises(InputError, match="no factor can be asked"):
        information_matrix({"x": features}, [Factor("own", groups)], groups)
    with pytest.raises(InputError, match="block 'x' has 3 rows for 40 groups"):
        principal("x", features[:3], 40)
    with pytest.raises(InputError, match="the same in every row"):
        information_matrix({"x": np.ones((40, 2))}, [side], groups)
    with pytest.raises(InputError, match="not distinct"):
        information_matrix({"x": features}, [side, side], groups)
    with pytest.raises(InputError, match="at least 3 folds"):
        information_matrix({"x": features}, [side], groups, folds=2)
