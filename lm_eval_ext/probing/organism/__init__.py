"""A model whose circuits are known: recall and reasoning run through planted components, and decoys tell them apart idly."""

from lm_eval_ext.probing.organism.build import build_organism
from lm_eval_ext.probing.organism.components import Head, Neuron, Planted, planted
from lm_eval_ext.probing.organism.items import LABELS, OrganismItem, organism_items
from lm_eval_ext.probing.organism.words import vocabulary

__all__ = [
    "LABELS",
    "Head",
    "Neuron",
    "OrganismItem",
    "Planted",
    "build_organism",
    "organism_items",
    "planted",
    "vocabulary",
]
