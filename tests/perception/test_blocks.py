"""Blocks against scipy and their defining properties; erasure against its definition."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.blocks import make_blocks, match_rank, principal_cosines, span
from lm_eval_ext.perception.erasure import fit_eraser
from lm_eval_ext.perception.factors import Factor
from lm_eval_ext.perception.information import information_matrix


@given(st.integers(0, 10_000))
def test_blocks_are_orthonormal_and_fill_the_space_in_any_order(seed: int):
    rng = np.random.default_rng(seed)
    directions = {name: rng.normal(size=(3, 20)) for name in ("a", "b", "c")}
    made = make_blocks(directions, energy=1.0)
    joined = np.concatenate(list(made.bases.values()), axis=1)
    assert np.allclose(joined.T @ joined, np.eye(20), atol=1e-9)
    other = make_blocks(dict(reversed(directions.items())), energy=1.0)
    for name, basis in made.bases.items():
        assert np.allclose(basis @ basis.T, other.bases[name] @ other.bases[name].T, atol=1e-7)


def test_principal_cosines_agree_with_scipy():
    rng = np.random.default_rng(0)
    left, right = span(rng.normal(size=(4, 12)), energy=1.0), span(rng.normal(size=(3, 12)), energy=1.0)
    expected = np.sort(np.cos(scipy.linalg.subspace_angles(left, right)))[::-1]
    assert np.allclose(principal_cosines(left, right), expected, atol=1e-9)


def test_symmetric_orthogonalisation_is_the_polar_factor_of_the_spans():
    rng = np.random.default_rng(1)
    directions = {"a": rng.normal(size=(2, 30)), "b": rng.normal(size=(3, 30))}
    made = make_blocks(directions, energy=1.0)
    joined = np.concatenate([span(d, energy=1.0) for d in directions.values()], axis=1)
    nearest = scipy.linalg.polar(joined)[0]
    for name, columns in (("a", nearest[:, :2]), ("b", nearest[:, 2:])):
        assert np.allclose(made.bases[name] @ made.bases[name].T, columns @ columns.T, atol=1e-9)


def test_a_common_direction_is_shared_and_in_neither_block():
    axes = np.eye(10)
    made = make_blocks({"a": axes[[0, 1]], "b": axes[[0, 2]]}, energy=1.0)
    assert np.allclose(np.abs(made.bases["shared"].ravel()), axes[0])
    assert np.allclose(np.abs(made.bases["a"].ravel()), axes[1])
    assert np.allclose(np.abs(made.bases["b"].ravel()), axes[2])
    assert np.allclose(made.cosines["a", "b"], [1.0, 0.0])
    assert made.bases["residual"].shape == (10, 7)
    energy = [np.sum((np.ones(10) @ basis) ** 2) for basis in made.bases.values()]
    assert np.isclose(sum(energy), 10.0)


def test_rank_is_matched_along_what_varies():
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(200, 6)) * [5.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    cut = match_rank({"wide": np.eye(6)[:, :3], "narrow": np.eye(6)[:, 3:4]}, embeddings)
    assert {basis.shape[1] for basis in cut.values()} == {1}
    assert abs(cut["wide"][0, 0]) > 0.99


def test_span_keeps_the_energy_asked_for():
    rows = np.diag([10.0, 3.0, 1.0])
    assert span(rows, energy=0.9).shape == (3, 1)
    assert span(rows, energy=0.95).shape == (3, 2)
    assert span(rows, energy=1.0, most=2).shape == (3, 2)


def test_blocks_refuse_what_cannot_be_told_apart():
    with pytest.raises(InputError, match="not all zero"):
        span(np.zeros((2, 3)))
    between = np.concatenate([np.eye(2), np.eye(2)], axis=1)
    with pytest.raises(InputError, match="6 directions do not fit 4 dimensions"):
        make_blocks({"a": np.eye(4)[:2], "b": np.eye(4)[2:], "c": between}, energy=1.0)
    with pytest.raises(InputError, match="depend on each other"):
        make_blocks({"a": np.eye(9)[:2], "b": np.eye(9)[2:4], "c": np.pad(between, [(0, 0), (0, 5)])}, energy=1.0)
    with pytest.raises(InputError, match="nothing of its own is left"):
        make_blocks({"a": np.eye(3)[:1], "b": np.eye(3)[:2]}, energy=1.0)


def test_erasure_removes_the_factor_and_is_the_least_change():
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 3, 600)
    embeddings = rng.normal(size=(3, 8))[levels] + rng.normal(size=(600, 8)) @ rng.normal(size=(8, 8))
    eraser = fit_eraser(embeddings, levels)
    erased = eraser(embeddings)
    targets = np.eye(3)[levels]
    assert np.abs((erased - erased.mean(axis=0)).T @ (targets - targets.mean(axis=0))).max() < 1e-7
    assert np.allclose(eraser.projection @ eraser.projection, eraser.projection)
    assert np.linalg.matrix_rank(eraser.projection) == 2
    assert np.allclose(eraser(erased), erased)
    centred = embeddings - embeddings.mean(axis=0)
    half = scipy.linalg.sqrtm(centred.T @ centred / 600).real  # a second derivation: whiten with sqrtm, project, unwhiten
    cross = np.linalg.inv(half) @ (centred.T @ (targets - targets.mean(axis=0)) / 600)
    expected = half @ cross @ np.linalg.pinv(cross, rcond=1e-8) @ np.linalg.inv(half)
    assert np.allclose(eraser.projection, expected, atol=1e-8)
    naive = centred - centred @ cross_projection(centred, targets)
    assert ((erased - embeddings) ** 2).sum() < ((naive - centred) ** 2).sum()


def cross_projection(centred: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Orthogonal projection on the class means, which erases too but changes more."""
    basis = scipy.linalg.orth(centred.T @ (targets - targets.mean(axis=0)))
    return basis @ basis.T


def test_nothing_is_read_from_erased_embeddings():
    rng = np.random.default_rng(0)
    groups = np.arange(600) // 5
    levels = rng.integers(0, 4, 600)
    embeddings = rng.normal(size=(4, 16))[levels] + rng.normal(size=(600, 16))
    features = {"before": embeddings, "after": fit_eraser(embeddings, levels)(embeddings)}
    found = information_matrix(features, [Factor("level", levels)], groups, repeats=1).values
    assert found[0, 0] > 0.5
    assert -0.05 < found[1, 0] < 0.005
    with pytest.raises(InputError, match="constant"):
        fit_eraser(embeddings, np.zeros(600, int))
