"""What a model reaches that does not look at the question."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Int


def majority_share(answers: Sequence[Hashable], groups: Sequence[Hashable] | None = None) -> float | None:
    """Share of questions that the best constant answer gets right.

    The constant is chosen on the same questions, so with few of them it flatters the guesser: a floor to beat, not an estimate.

    Args:
        answers: Right answer of each question.
        groups: What the guesser may know of each question (its world, its type); one constant per group. None: one for all.

    Returns:
        Share in [0, 1]; None without questions.

    Raises:
        ValueError: The lengths differ.

    Example:
        >>> majority_share(["a", "a", "b", "c"]), majority_share(["a", "a", "b", "b"], [0, 0, 1, 1]), majority_share([])
        (0.5, 1.0, None)
    """
    groups = groups if groups is not None else [0] * len(answers)
    if len(groups) != len(answers):
        raise ValueError(f"{len(answers)} answers came with {len(groups)} groups. Give one group per answer.")
    counts: defaultdict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for group, answer in zip(groups, answers, strict=True):
        counts[group][answer] += 1
    best = sum(max(counter.values()) for counter in counts.values())
    return best / len(answers) if answers else None


def chance_share(n_choices: Int[np.ndarray, "n"]) -> float | None:
    """Expected score of a uniform guess: the mean of 1/k over questions with k options each.

    Args:
        n_choices: Options of each question, at least 1.

    Returns:
        Share in (0, 1]; None without questions.

    Raises:
        ValueError: A question has no option.

    Example:
        >>> chance_share(np.array([2, 4]))
        0.375
    """
    bad = np.flatnonzero(n_choices < 1)
    if len(bad):
        raise ValueError(f"question {bad[0]} has {n_choices[bad[0]]} options; chance needs at least 1. Leave open questions out.")
    return float((1.0 / n_choices).mean()) if len(n_choices) else None
