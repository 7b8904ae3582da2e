"""Multiple choice by log-likelihood: the option whose text the model finds likeliest is its answer.

The text of an option is scored and not its letter. It is what the prompt asks for, so both ways of asking put one question and
their scores can be compared; and a letter would measure which letter a model likes too. What a text brings in instead, that short
ones are likelier, shows in ``acc_norm``.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.scoring import ANGLE_METRICS, judge_likelihoods, score_judged

Doc = Mapping[str, Any]

SCORE = ("acc", "acc_stderr", "acc_ci_low", "acc_ci_high", "acc_chance_corrected")
"""Figures of the share right; ``acc_norm`` has each of them too."""
COARSE = (*SCORE, "chance", "majority", "mirror_consistency")
GRANULAR = (*COARSE, "angle_error", "half_turn_error")


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


def _score(doc: Doc, results: Sequence[tuple[float, bool]], names: Sequence[str]) -> dict[str, Any]:
    likelihoods = [likelihood for likelihood, _ in results]
    if any(math.isnan(likelihood) for likelihood in likelihoods):
        raise InputError(
            f"The model gives {likelihoods} as log-likelihoods of the options of {doc['item_id']}. "
            "Its numbers overflow; give another --model_args dtype=…, such as float32."
        )
    summed = score_judged(judge_likelihoods(doc, likelihoods), {name: ANGLE_METRICS[name] for name in names})
    normed = judge_likelihoods(doc, per_character(likelihoods, doc["choices"]))
    return summed | score_judged(normed, {name.replace("acc", "acc_norm"): ANGLE_METRICS[name] for name in SCORE})


def per_character(likelihoods: Sequence[float], choices: Sequence[str]) -> list[float]:
    """Log-likelihoods divided by the lengths of the options, as in lm-eval's ``acc_norm``.

    Example:
        >>> per_character([-3.0, -4.0], ["Yes", "Maybe so"])
        [-1.0, -0.5]
    """
    return [likelihood / len(choice) for likelihood, choice in zip(likelihoods, choices, strict=True)]
