"""What each operation does to a slice, and what is refused before a model runs."""

from typing import Any

import numpy as np
import pytest
import torch

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.interventions import Intervention, Place, changed, check, columns
from lm_eval_ext.probing.sites import Architecture
from lm_eval_ext.probing.spans import Selection

TINY = Architecture(name="Tiny", layers=3, heads=4, kv_heads=2, head_dim=2, hidden=8, neurons=12, missing={})
GENERATOR = np.random.default_rng(0)
X = torch.from_numpy(GENERATOR.normal(size=(3, 8))).float()
BASIS = np.linalg.qr(GENERATOR.normal(size=(8, 2)))[0].astype(np.float32)
V = GENERATOR.normal(size=8).astype(np.float32)
ALL = Selection(np.arange(3), np.arange(3))


def made(operation: str, **fields: Any) -> Intervention:
    return Intervention(**{"operation": operation, "site": "resid_post", "layer": 1, **fields})


@pytest.mark.parametrize(
    ("intervention", "expected"),
    [
        (made("zero"), np.zeros((3, 8))),
        (made("scale", factor=-0.5), -0.5 * X.numpy()),
        (made("add", values=V, factor=3.0), X.numpy() + 3 * V),
        *[(made(operation, values=V), np.tile(V, (3, 1))) for operation in ("mean", "resample", "set", "patch")],
        (made("project", basis=BASIS), X.numpy() @ (np.eye(8) - BASIS @ BASIS.T)),
        (made("project", basis=BASIS, keep=True), X.numpy() @ BASIS @ BASIS.T),
        (made("project", basis=BASIS, values=V), X.numpy() @ (np.eye(8) - BASIS @ BASIS.T) + V @ BASIS @ BASIS.T),
    ],
    ids=lambda value: value.operation if isinstance(value, Intervention) else "",
)
def test_operations_are_their_formulas(intervention: Intervention, expected: np.ndarray) -> None:
    before = X.clone()
    np.testing.assert_allclose(changed(intervention, X, ALL).numpy(), expected, atol=2e-6)
    assert torch.equal(X, before)


def test_values_by_position_are_taken_by_their_number() -> None:
    stored = np.arange(24, dtype=np.float32).reshape(3, 8)
    part = Selection(np.array([0, 1]), np.array([2, 0]))
    assert changed(made("patch", values=stored), X[:2], part).tolist() == stored[[2, 0]].tolist()
    with pytest.raises(InputError, match="values for 3 positions; number 3"):
        changed(made("patch", values=stored), X[:1], Selection(np.array([0]), np.array([3])))


def test_patching_from_the_same_run_takes_what_is_there() -> None:
    source = torch.ones(3, 8)
    assert torch.equal(changed(made("patch", same_run=Place("resid_pre", 1)), X, ALL, source), source)


def test_heads_lie_side_by_side() -> None:
    assert columns(made("zero", site="z", heads=(2,)), TINY).tolist() == [4, 5]
    assert columns(made("zero", site="neuron", neurons=(7, 3)), TINY).tolist() == [7, 3]
    assert columns(made("zero"), TINY) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"operation": "zero", "site": "attn"}, "cannot be written"),
        ({"operation": "zero", "heads": (1,)}, "heads belong to 'z'"),
        ({"operation": "zero", "site": "z", "heads": (1, 1)}, "none twice"),
        ({"operation": "mean"}, "takes values; given: none"),
        ({"operation": "zero", "values": V}, "takes no operands; given: values"),
        ({"operation": "patch"}, "one of values and same_run"),
        ({"operation": "project"}, "takes basis"),
        ({"operation": "set", "values": np.array([np.nan])}, "must be finite"),
        ({"operation": "patch", "same_run": Place("resid_post", 1)}, "comes before"),
        ({"operation": "zero", "keep": True}, "keep belongs to project"),
    ],
)
def test_contradictory_interventions_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        made(**fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"operation": "zero", "layer": 3}, "layer 3 does not exist in Tiny. Its layers are 0 to 2"),
        ({"operation": "zero", "site": "z", "heads": (4,)}, "head 4 does not exist"),
        ({"operation": "zero", "site": "neuron", "neurons": (12,)}, "neuron 12 does not exist"),
        ({"operation": "set", "values": V[:7]}, r"values have shape \(7,\)"),
        ({"operation": "project", "basis": BASIS[:4]}, r"basis has shape \(4, 2\)"),
        ({"operation": "project", "basis": 2 * BASIS}, "not orthonormal"),
        ({"operation": "patch", "same_run": Place("neuron", 0)}, "different widths"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check(made(**fields), TINY)


def test_a_missing_site_is_refused_with_its_reason() -> None:
    moe = Architecture(
        name="Moe", layers=1, heads=1, kv_heads=1, head_dim=2, hidden=2, neurons=0, missing={"neuron": "its experts are fused"}
    )
    with pytest.raises(InputError, match=r"Moe has no site 'neuron' to probe: its experts are fused. Sites it has: resid_pre"):
        check(made("zero", site="neuron", layer=0), moe)
