"""Log-likelihoods of options, as multiple-choice tasks get them."""

import math
from collections.abc import Sequence

from lm_eval_ext.errors import InputError


def read_likelihoods(results: Sequence[tuple[float, bool]], whose: str) -> list[float]:
    """The log-likelihoods out of what lm-eval hands over.

    Args:
        results: Log-likelihood (natural, summed over tokens) of each option, and whether greedy decoding would give it.
        whose: For the message: "the options of ITEM".

    Raises:
        InputError: One is not a number.

    Example:
        >>> read_likelihoods([(-3.0, True), (-4.0, False)], "the options of i-7")
        [-3.0, -4.0]
    """
    likelihoods = [likelihood for likelihood, _ in results]
    if any(math.isnan(likelihood) for likelihood in likelihoods):
        raise InputError(
            f"The model gives {likelihoods} as log-likelihoods of {whose}. "
            "Its numbers overflow; give another --model_args dtype=…, such as float32."
        )
    return likelihoods


def per_character(likelihoods: Sequence[float], choices: Sequence[str]) -> list[float]:
    """Log-likelihoods divided by the lengths of the options, as in lm-eval's ``acc_norm``.

    Example:
        >>> per_character([-3.0, -4.0], ["Yes", "Maybe so"])
        [-1.0, -0.5]
    """
    return [likelihood / len(choice) for likelihood, choice in zip(likelihoods, choices, strict=True)]
