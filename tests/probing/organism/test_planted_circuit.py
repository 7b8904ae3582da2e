"""The probe engine and its analyses recover the planted circuits, reject the decoys, and find the dissociation that there is."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
import pytest

from lm_eval_ext.probing.analyses import Measured, RandomDrops, Rule, Suite, accuracy_drop, dissociation, random_sets, selectivity
from lm_eval_ext.probing.backends.hf.attach import Probe, attached
from lm_eval_ext.probing.organism import Head, Neuron, OrganismItem, planted
from tests.probing.organism.pipeline import GROUP, UNITS, Activations, Outcomes, items_of, measure, outcomes, taken_out
from tests.probing.organism.runs import Organism

pytestmark = pytest.mark.slow

KEY = planted()
RECALL, REASONING = {*KEY.recall_heads, *KEY.recall_neurons}, set(KEY.reasoning_heads)
DECOYS = {*KEY.decoy_heads, *KEY.decoy_neurons}
SMALLEST = 0.005
"""Share of the margin by which a unit of a set must cost one suite more than the other."""


class Found(NamedTuple):
    """Unit numbers, chosen on the selection half."""

    recall: np.ndarray
    reasoning: np.ndarray


@pytest.fixture(scope="module")
def probe(organism: Organism) -> Iterator[Probe]:
    organism.tokenizer.padding_side = "left"
    with attached(organism.model, ["z", "neuron"]) as probe:
        yield probe


@pytest.fixture(scope="module")
def activations(organism: Organism, probe: Probe, selection: list[OrganismItem]) -> Activations:
    return measure(organism, probe, selection)


@pytest.fixture(scope="module")
def average(activations: Activations) -> Activations:
    return Activations(*(values.mean(0) for values in activations))


@pytest.fixture(scope="module")
def found(organism: Organism, probe: Probe, selection: list[OrganismItem], average: Activations) -> Found:
    """Units that cost one suite more than the other when each is ablated alone."""
    items = one_twin_per_fact(selection)
    swept = outcomes(organism, probe, items, [(), *(taken_out([unit], average) for unit in UNITS)])
    lost = 1 - swept.margin[1:] / swept.margin[0]
    tested = selectivity(Measured(lost, items_of(items)), rule=Rule(correction="benjamini_hochberg"))
    large = np.flatnonzero(np.abs(tested.difference) > SMALLEST)
    return Found(*(np.intersect1d(tested.selected(sign), large) for sign in (-1, 1)))


@pytest.fixture(scope="module")
def judged(
    organism: Organism, probe: Probe, evaluation: list[OrganismItem], average: Activations, found: Found
) -> tuple[list[OrganismItem], Outcomes]:
    """The evaluation half: intact, without either set, and without 100 random sets like the one and 100 like the other."""
    items, chosen = one_twin_per_fact(evaluation), np.concatenate(found)
    drawn = [random_sets(one, GROUP, n=100, excluded=chosen) for one in found]
    assert [len(one.sets) for one in drawn] == [100, 100]
    sets = [*found, *drawn[0].sets, *drawn[1].sets]
    return items, outcomes(organism, probe, items, [(), *(taken_out([UNITS[u] for u in one], average) for one in sets)])


def one_twin_per_fact(items: list[OrganismItem]) -> list[OrganismItem]:
    first = {item.cluster_id: item.twin_id for item in reversed(items)}
    return [item for item in items if first[item.cluster_id] == item.twin_id]


def precision_and_recall(found: np.ndarray, true: Collection[Head | Neuron]) -> tuple[float, float]:
    units = {UNITS[unit] for unit in found}
    right = len(units & {*true})
    return right / max(len(units), 1), right / len(true)


def test_the_sweep_recovers_both_planted_sets(found: Found):
    assert min(precision_and_recall(found.recall, RECALL)) >= 0.9
    assert min(precision_and_recall(found.reasoning, REASONING)) >= 0.9


def test_decoys_and_what_both_suites_need_are_in_neither_set(found: Found):
    chosen = {UNITS[unit] for unit in np.concatenate(found)}
    assert not chosen & {*DECOYS, *KEY.shared_heads}


def test_activations_alone_point_at_decoys_and_miss_what_is_needed(activations: Activations, selection: list[OrganismItem]):
    last = np.concatenate(
        [activations.z[:, :, -1].mean(-1).reshape(len(selection), -1), activations.neuron[:, :, -1].reshape(len(selection), -1)],
        1,
    )
    hits = {UNITS[unit] for unit in np.flatnonzero(selectivity(Measured(last.T, items_of(selection))).hits)}
    assert hits >= DECOYS
    assert not hits & {*KEY.reasoning_heads[:1], *KEY.shared_heads}


def test_held_out_facts_show_a_double_dissociation_near_its_maximum(judged: tuple[list[OrganismItem], Outcomes]):
    items, ran = judged
    design, suites, drops = items_of(items), [], []
    for reasoning in (False, True):
        mine = ran.exact[:, design.label == reasoning]
        suites.append(Suite(mine[0], mine[1], mine[2], design.cluster[design.label == reasoning]))
        drops.append(mine[0].mean() - mine[3:].mean(1))
    random = RandomDrops(drops[0][:100], drops[1][:100], drops[0][100:], drops[1][100:])
    result = dissociation(*suites, random)
    assert result.verdict == "dissociation"
    assert result.index.value > 1.9
    assert min(result.recall.value, result.reasoning.value) > 0.95
    assert abs(result.index.null) < 0.05
    assert result.index.null_high < 0.1
    assert result.index.n_random == 100


def test_random_sets_of_equal_make_up_cost_nothing(judged: tuple[list[OrganismItem], Outcomes]):
    items, ran = judged
    cluster = items_of(items).cluster
    mine = np.array([item.label == "recall" for item in items])
    drop = accuracy_drop(ran.exact[0, mine], ran.exact[1, mine], cluster[mine], random=ran.exact[3:103, mine])
    assert drop.estimate.value > 0.95
    assert drop.null == pytest.approx(0, abs=0.02)
    assert drop.p_value == pytest.approx(1 / 101)


def test_every_set_is_felt(judged: tuple[list[OrganismItem], Outcomes]):
    _, ran = judged
    assert (np.abs(ran.margin[1:] - ran.margin[0]).max(axis=1) > 1e-4).all()


def test_decoys_taken_out_together_change_no_answer(organism, probe, evaluation, average):
    ran = outcomes(organism, probe, evaluation, [(), taken_out(DECOYS, average)])
    assert ran.exact.all()
    assert 1e-4 < np.abs(ran.margin[1] - ran.margin[0]).max() < 0.1
