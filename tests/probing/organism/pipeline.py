"""The organism under the probe engine: per-row ablations of every unit, and of sets of units."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from lm_eval_ext.probing.analyses import Items
from lm_eval_ext.probing.backends.hf.attach import Probe
from lm_eval_ext.probing.interventions import Intervention
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.organism import Head, Neuron, OrganismItem, vocabulary
from lm_eval_ext.probing.rows import Row
from tests.probing.organism.runs import Organism

LAYERS = tuple(range(4))
UNITS: list[Head | Neuron] = [Head(layer, head) for layer in LAYERS for head in range(8)]
UNITS += [Neuron(layer, neuron) for layer in LAYERS for neuron in range(48)]
GROUP = np.array([unit.layer + 4 * isinstance(unit, Neuron) for unit in UNITS])
"""Units that random sets may stand in for one another: heads, or neurons, of one layer."""
VALUES = [Measurement(name=site, site=site, layers=LAYERS) for site in ("z", "neuron")]
ROWS = 256


class Activations(NamedTuple):
    """Of every item; z has shape (items, layers, words, heads, head size), neuron (items, layers, words, neurons)."""

    z: np.ndarray
    neuron: np.ndarray


class Outcomes(NamedTuple):
    """One row per plan, one column per item: answer's logit less that of all places, and whether it is the likeliest word."""

    margin: np.ndarray
    exact: np.ndarray


def items_of(items: Sequence[OrganismItem]) -> Items:
    """Their twins and facts, as analyses take them."""
    clusters, cluster = np.unique([item.cluster_id for item in items], return_inverse=True)
    twins, pair = np.unique([item.twin_id for item in items], return_inverse=True)
    assert len(twins) * 2 == len(items) >= 2 * len(clusters)
    return Items(label=np.array([item.label == "reasoning" for item in items]), cluster=cluster, pair=pair)


def measure(organism: Organism, probe: Probe, items: Sequence[OrganismItem]) -> Activations:
    rows = [Row(key=item.item_id, given=25, prompt=25) for item in items]
    with probe.batch(rows, VALUES) as captures:
        organism.logits([item.prompt for item in items])
    parts = [
        np.array([[captures.get(site, item.item_id, layer) for layer in LAYERS] for item in items]) for site in ("z", "neuron")
    ]
    return Activations(*parts)


def taken_out(units: Iterable[Head | Neuron], means: Activations) -> tuple[Intervention, ...]:
    """Mean-ablation of a set of units, one intervention per site and layer.

    Args:
        units: Of the set.
        means: Over items; shapes without the first axis.
    """
    heads: dict[int, list[int]] = {}
    neurons: dict[int, list[int]] = {}
    for unit in units:
        chosen, number = (heads, unit.head) if isinstance(unit, Head) else (neurons, unit.neuron)
        chosen.setdefault(unit.layer, []).append(number)
    z = [
        Intervention(
            operation="mean", site="z", layer=layer, heads=tuple(some), values=means.z[layer][:, some].reshape(25, 32 * len(some))
        )
        for layer, some in heads.items()
    ]
    neuron = [
        Intervention(operation="mean", site="neuron", layer=layer, neurons=tuple(some), values=means.neuron[layer][:, some])
        for layer, some in neurons.items()
    ]
    return (*z, *neuron)


def outcomes(
    organism: Organism, probe: Probe, items: Sequence[OrganismItem], plans: Sequence[tuple[Intervention, ...]]
) -> Outcomes:
    """What each plan makes of each item; all plans of an item run in the same batches."""
    pairs = [(plan, item) for item in range(len(items)) for plan in range(len(plans))]
    places = organism.numbers(vocabulary().places)
    margin, exact = np.zeros((len(plans), len(items))), np.zeros((len(plans), len(items)))
    for start in range(0, len(pairs), ROWS):
        batch = pairs[start : start + ROWS]
        rows = [Row(key=f"{plan}/{item}", given=25, prompt=25, interventions=plans[plan]) for plan, item in batch]
        with probe.batch(rows):
            logits = organism.logits([items[item].prompt for _, item in batch])
        answer = organism.numbers([items[item].answer for _, item in batch])
        where = tuple(np.array(batch).T)
        margin[where] = (logits.gather(1, answer[:, None])[:, 0] - logits[:, places].mean(1)).numpy()
        exact[where] = (logits.argmax(1) == answer).numpy()
    return Outcomes(margin, exact)
