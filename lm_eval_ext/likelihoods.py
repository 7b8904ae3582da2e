"""Log-likelihoods of answers: which tokens of a prompt are the answer's, and what multiple-choice tasks get."""

import math
from collections.abc import Callable, Sequence

from lm_eval_ext.errors import InputError


def answer_tokens(tokenize: Callable[[str], Sequence[int]], context: str, continuation: str) -> list[int]:
    """Tokens that are scored when ``continuation`` is judged after ``context``.

    They are what follows the longest common token prefix of ``context`` and ``context + continuation``. Mostly that prefix is all
    of the context. Where a token spans the boundary (the context's end and the answer's start merge), the whole token is scored:
    no part of the answer is lost and none is counted twice. As in lm-eval's text scoring, blanks at the end of the context belong
    to the continuation.

    Args:
        tokenize: The tokenizer, special tokens included.
        context: Prompt, with picture placeholders as plain text.
        continuation: Answer.

    Raises:
        InputError: Nothing is left to score, or nothing to condition on.

    Example:
        >>> answer_tokens(lambda text: [ord(letter) for letter in text], "ab ", "cd")
        [32, 99, 100]
        >>> merge = {"a": [1], "ab": [7]}
        >>> answer_tokens(lambda text: [0, *merge[text]], "a", "b")
        [7]
    """
    head = tokenize(context.rstrip())
    whole = list(tokenize(context + continuation))
    shared = next((at for at, (one, two) in enumerate(zip(head, whole, strict=False)) if one != two), min(len(head), len(whole)))
    if not 0 < shared < len(whole):
        raise InputError(
            f"The answer {continuation!r} after {context[-40:]!r} has no tokens of its own or no context. Give both some text."
        )
    return whole[shared:]


def check_tail(tokens: Sequence[int], tail: Sequence[int]) -> None:
    """Make sure that a model's tokens end with the tokens to be scored.

    Raises:
        InputError: They do not; the model's processor changes the text's end, so its scores would be of something else.
    """
    if list(tokens[-len(tail) :]) != list(tail):
        raise InputError(
            f"The processor ends the prompt with tokens {list(tokens[-len(tail) :])}, its tokenizer with {list(tail)}: "
            "log-likelihoods with pictures cannot be computed for this model. Use a task that generates."
        )


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
