"""Many tests at once: p-values that hold for the whole family of them."""

from typing import Literal

import numpy as np
from jaxtyping import Float

Correction = Literal["holm", "benjamini_hochberg"]
"""holm: of all false alarms, any at all. benjamini_hochberg: their expected share among the hits."""


def adjusted(p_values: Float[np.ndarray, "n"], correction: Correction, *, n_tests: int | None = None) -> Float[np.ndarray, "n"]:
    """Adjusted p-values by either correction: a test is a hit where its own is at most alpha.

    Args:
        p_values: One per test, in [0, 1], any order.
        correction: Which error rate to hold.
        n_tests: Size of the family, where ``p_values`` are only its smallest; hits are right at any alpha below those left out.

    Raises:
        ValueError: A p-value is outside [0, 1] or not a number, or the family is smaller than what is given of it.

    Source:
        Holm 1979, Scandinavian Journal of Statistics 6; Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Example:
        >>> adjusted(np.array([0.01, 0.04, 0.03]), "holm").tolist()
        [0.03, 0.06, 0.06]
    """
    n_tests = len(p_values) if n_tests is None else n_tests
    if n_tests < len(p_values):
        raise ValueError(
            f"{len(p_values)} p-values came for a family of {n_tests} tests. Give the number of tests that were made."
        )
    bad = np.flatnonzero(~((p_values >= 0.0) & (p_values <= 1.0)))
    if len(bad):
        raise ValueError(f"p-value {bad[0]} is {p_values[bad[0]]}; p-values lie in [0, 1]. A test that cannot be made has p = 1.")
    order = np.argsort(p_values, kind="stable")
    ranks = np.arange(len(p_values))
    if correction == "holm":
        steps = np.maximum.accumulate(p_values[order] * (n_tests - ranks))
    else:
        steps = np.minimum.accumulate((p_values[order] * n_tests / (ranks + 1.0))[::-1])[::-1]
    found = np.empty_like(p_values)
    found[order] = np.minimum(steps, 1.0)
    return found


def holm(p_values: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Adjusted p-values that hold the chance of any false alarm in the family, whatever the tests' dependence.

    Example:
        >>> holm(np.array([0.02, 0.5])).tolist()
        [0.04, 0.5]
    """
    return adjusted(p_values, "holm")


def benjamini_hochberg(p_values: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Adjusted p-values that hold the expected share of false alarms among hits, of independent or positively dependent tests.

    Example:
        >>> benjamini_hochberg(np.array([0.02, 0.5])).tolist()
        [0.04, 0.5]
    """
    return adjusted(p_values, "benjamini_hochberg")
