"""Multiple choice by log-likelihood: the option whose text the model finds likeliest is its answer.

The text of an option is scored and not its letter. It is what the prompt asks for, so both ways of asking put one question and
their scores can be compared; and a letter would measure which letter a model likes too. What a text brings in instead, that short
ones are likelier, shows in ``acc_norm``.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from lm_eval_ext.likelihoods import per_character, read_likelihoods
from lm_eval_ext.orientation.scoring import ANGLE_METRICS, PICTURE_METRICS, Metric, judge_likelihoods, score_judged

Doc = Mapping[str, Any]

_OF_TEXT = ("unparsed", "acc_dori_script", "script_disagreement")
"""Figures of answers that are written."""


def _chosen(metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    return {name: metric for name, metric in metrics.items() if not name.startswith(_OF_TEXT)}


_SCORE = {name: metric for name, metric in _chosen(PICTURE_METRICS).items() if name.startswith("acc")}
NORMED: Mapping[str, Metric] = MappingProxyType({name.replace("acc", "acc_norm", 1): metric for name, metric in _SCORE.items()})
"""Figures of the share right, for the option that is likeliest per character."""
COARSE: Mapping[str, Metric] = MappingProxyType(_chosen(PICTURE_METRICS))
"""Figures of the tasks that ask for a category; those of ``NORMED`` stand beside them."""
GRANULAR: Mapping[str, Metric] = MappingProxyType(_chosen(ANGLE_METRICS))
"""Figures of the tasks that ask for an amount; those of ``NORMED`` stand beside them."""


def process_coarse(doc: Doc, results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Values of a document that asks for a category.

    Args:
        doc: A document of a task.
        results: Log-likelihood (natural, summed over tokens) of each option, and whether greedy decoding would give it.

    Raises:
        InputError: A log-likelihood is not a number.
    """
    return _score(doc, results, COARSE)


def process_granular(doc: Doc, results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Values of a document that asks for an amount; see ``process_coarse``."""
    return _score(doc, results, GRANULAR)


def _score(doc: Doc, results: Sequence[tuple[float, bool]], metrics: Mapping[str, Metric]) -> dict[str, Any]:
    likelihoods = read_likelihoods(results, f"the options of {doc['item_id']}")
    summed = judge_likelihoods(doc, likelihoods)
    normed = judge_likelihoods(doc, per_character(likelihoods, doc["choices"]))
    return score_judged(summed, metrics) | score_judged(normed, NORMED)
