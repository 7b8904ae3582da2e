"""The mediator record and the subspace check on outcomes made to order."""

import json

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses import Effects, SubspacePatch, as_json, check_subspace, mediator_record

HEADS = {"mediator": "head", "search": "exhaustive", "intervention": "patch", "n_chosen": 3, "n_all": 784}


def effects(rng, total, share, n=60, interaction=0.0):
    """Runs in which the mediator carries ``share`` of the total effect."""
    corrupted = rng.normal(size=n)
    excess = total + 0.3 * rng.normal(size=n)
    restored = corrupted + share * excess + 0.1 * rng.normal(size=n)
    removed = corrupted + (1 - share - interaction) * excess
    return Effects(corrupted + excess, corrupted, restored, removed, np.arange(n) // 2)


def test_planted_effects_come_back():
    rng = np.random.default_rng(0)
    record = mediator_record(
        effects(rng, 2.0, 0.6),
        found_on=effects(rng, 2.0, 0.8),
        off_target=[effects(rng, 2.0, 0.1), effects(rng, 2.0, 0.2)],
        **HEADS,
    )
    assert record.total_effect.low < 2.0 < record.total_effect.high
    assert record.indirect_effect.value == pytest.approx(1.2, abs=0.1)
    assert record.direct_effect.value == pytest.approx(0.8, abs=0.1)
    for ratio, truth in ((record.faithfulness, 0.6), (record.generality, 0.75), (record.selectivity, 2.0)):
        assert ratio.low < truth < ratio.high
    assert record.sparsity == 3 / 784
    as_text = json.loads(json.dumps(record.to_json(), allow_nan=False))
    assert {"TE", "NIE", "NDE", "faithfulness", "selectivity", "generality", "sparsity"} <= set(as_text)


def test_nothing_to_mediate_makes_every_ratio_null_with_a_reason():
    rng = np.random.default_rng(1)
    record = mediator_record(
        effects(rng, 0.0, 0.5), found_on=effects(rng, 2.0, 0.5), off_target=[effects(rng, 2.0, 0.5)], **HEADS
    )
    for ratio in (record.faithfulness, record.generality, record.selectivity):
        assert (ratio.value, ratio.low, ratio.reason) == (None, None, "total_effect_near_zero")
        assert ratio.numerator is not None


def test_what_was_not_measured_is_absent_not_zero():
    rng = np.random.default_rng(2)
    one = effects(rng, 2.0, 0.5)
    record = mediator_record(Effects(one.clean, one.corrupted, one.restored, None, one.cluster), **HEADS)
    assert record.direct_effect is None
    assert (record.selectivity.reason, record.generality.reason) == ("no_off_target_suite", "no_search_items")
    with pytest.raises(InputError, match="0 of 784 components make no share"):
        mediator_record(one, **{**HEADS, "n_chosen": 0})


@pytest.mark.usefixtures("unchecked")
def test_interval_of_faithfulness_covers():
    rng = np.random.default_rng(3)
    inside = [
        (found := mediator_record(effects(rng, 1.0, 0.6), **HEADS).faithfulness).low <= 0.6 <= found.high for _ in range(600)
    ]
    assert 0.93 <= np.mean(inside) <= 0.975


def subspace(rng, row=1.0, null=0.0, dormant=False, **changes):
    """A patch of which the row part has a share ``row`` of the whole effect, the null part ``null``."""
    n = 60
    clean = 3.0 + 0.3 * rng.normal(size=n)
    label = np.arange(100) < 50
    fields = {
        "clean": clean,
        "whole": clean - 2.0,
        "row": clean - 2.0 * row,
        "null": clean - 2.0 * null,
        "held_out": clean - 1.8,
        "held_out_clean": clean,
        "cluster": np.arange(n),
        "held_out_cluster": np.arange(n),
        "along_row": rng.normal(size=100) + (0.0 if dormant else 3.0) * label,
        "label": label,
        "percentile": 60.0,
        "readout_rank": 12,
    }
    return SubspacePatch(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, ()),
        ({"row": 0.3, "null": 0.0, "dormant": True}, ("row_part_too_weak", "row_part_dormant")),
        ({"null": 0.4}, ("null_part_works",)),
        ({"percentile": 99.9}, ("out_of_distribution",)),
    ],
)
def test_a_subspace_is_genuine_only_if_all_conditions_hold(changes, failed):
    found = check_subspace(subspace(np.random.default_rng(4), **changes))
    assert (found.failed, found.genuine) == (failed, not failed)
    assert found.whole.value == pytest.approx(2 / 3, abs=0.03)
    json.dumps(as_json(found), allow_nan=False)


def test_a_readout_of_rank_one_cannot_be_tested():
    with pytest.raises(InputError, match="readout has rank 1"):
        check_subspace(subspace(np.random.default_rng(5), readout_rank=1))


def test_json_refuses_what_it_cannot_hold():
    with pytest.raises(TypeError, match="set has no form in JSON"):
        as_json({1, 2})
