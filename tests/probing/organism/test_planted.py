"""The answer key holds, by plain hooks: what is planted is needed, what is a decoy is not."""

from collections.abc import Sequence

import numpy as np
import pytest

from lm_eval_ext.probing.organism import Head, Neuron, OrganismItem, planted
from tests.probing.organism.runs import Component, Organism, ablated, labelled, score

KEY = planted()
RECALL = (*KEY.recall_heads, *KEY.recall_neurons)
DECOYS = (*KEY.decoy_heads, *KEY.decoy_neurons)
LABELS = ("recall", "reasoning")
ALL = [Head(layer, head) for layer in range(4) for head in range(8)] + [Neuron(layer, i) for layer in range(4) for i in range(48)]


def shares_right(organism: Organism, items: Sequence[OrganismItem]) -> tuple[float, float]:
    return tuple(float(score(organism, labelled(items, label)).exact.mean()) for label in LABELS)


@pytest.mark.parametrize("how", ["mean", "zero"])
@pytest.mark.parametrize(
    ("components", "expected"),
    [
        (RECALL, (0, 1)),
        (KEY.recall_heads, (0, 1)),
        (KEY.recall_neurons, (0, 1)),
        (KEY.reasoning_heads, (1, 0)),
        (KEY.shared_heads, (0, 0)),
        (DECOYS, (1, 1)),
    ],
    ids=["recall", "recall heads", "memory", "reasoning", "shared", "decoys"],
)
def test_ablating_a_set_costs_what_it_serves(organism, evaluation, means, how, components, expected):
    with ablated(organism, components, means if how == "mean" else {}):
        found = shares_right(organism, evaluation)
    assert found == pytest.approx(expected, abs=0.05)
    assert shares_right(organism, evaluation) == (1, 1)


@pytest.mark.parametrize("head", KEY.reasoning_heads[:2], ids=str)
def test_a_hop_is_one_head(organism, evaluation, means, head):
    with ablated(organism, [head], means):
        assert shares_right(organism, evaluation) == pytest.approx((1, 0), abs=0.05)


def test_decoys_are_felt_and_change_no_answer(organism, evaluation, means):
    before = score(organism, evaluation)
    with ablated(organism, DECOYS, means):
        after = score(organism, evaluation)
    changes = np.abs(after.margin - before.margin)
    assert 1e-4 < changes.max() < 0.1
    assert after.exact.all()


def test_everything_but_the_planted_components_can_go(organism, evaluation, means):
    needed = {*RECALL, *KEY.reasoning_heads, *KEY.shared_heads}
    with ablated(organism, [one for one in ALL if one not in needed], means):
        assert shares_right(organism, evaluation) == (1, 1)


def test_a_sweep_finds_the_planted_components_and_no_others(organism, selection, evaluation, means):
    effects = sweep(organism, selection[:32], means)
    found = {label: {one for one, effect in zip(ALL, effects[label], strict=True) if effect > 0.006} for label in LABELS}
    both = found["recall"] & found["reasoning"]
    assert both == set(KEY.shared_heads)
    assert found["recall"] - both == set(RECALL)
    assert found["reasoning"] - both == set(KEY.reasoning_heads)
    with ablated(organism, found["recall"] - both, means):
        assert shares_right(organism, evaluation) == pytest.approx((0, 1), abs=0.05)
    with ablated(organism, found["reasoning"] - both, means):
        assert shares_right(organism, evaluation) == pytest.approx((1, 0), abs=0.05)


def sweep(organism, items, means) -> dict[str, np.ndarray]:
    """Share of the right answer's margin that each component's mean-ablation costs."""

    def margins(components: Sequence[Component]) -> dict[str, float]:
        with ablated(organism, components, means):
            scores = score(organism, items)
        return {label: scores.margin[[item.label == label for item in items]].mean() for label in LABELS}

    whole, each = margins([]), [margins([one]) for one in ALL]
    return {label: np.array([1 - one[label] / whole[label] for one in each]) for label in LABELS}
