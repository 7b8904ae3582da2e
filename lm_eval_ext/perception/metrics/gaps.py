"""Gap between the two latents that say most about a factor: MIG and SAP."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.metrics._inputs import as_levels, check_latents
from lm_eval_ext.perception.metrics.information import discrete_information, entropy, histogram_codes


@dataclass(frozen=True)
class FactorGap:
    """Mean gap over factors, with what it reads on permuted rows.

    Attributes:
        value: Mean over factors, 0..1.
        per_factor: Gap of each factor.
        scores: Score of each latent for each factor.
        null: Value of the same metric with the rows of the latents permuted.
        seed: Of the permutation.
    """

    value: float
    per_factor: Float[np.ndarray, "f"]
    scores: Float[np.ndarray, "f d"]
    null: float
    seed: int


def mutual_information_gap(
    factors: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"], *, bins: int = 20, seed: int = 0
) -> FactorGap:
    """Mean over factors of (largest - second largest information in one latent) / entropy, on histogram codes.

    Args:
        factors: Integer levels.
        latents: At least two columns.
        bins: Bins of equal width per latent.
        seed: Of the null's permutation.

    Raises:
        InputError: A constant factor, latents that are not finite, or fewer than two latents.

    Source:
        Chen et al. 2018, arXiv:1802.04942; histogram codes as in disentanglement_lib.

    Example:
        >>> s = np.arange(64).reshape(-1, 1) % 4
        >>> z = np.concatenate([s, (np.arange(64) // 4 % 4)[:, None]], axis=1).astype(float)
        >>> round(mutual_information_gap(s, z).value, 3)
        1.0
    """
    levels = _checked(factors, latents)

    def scores(values: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "f d"]:
        codes = histogram_codes(values, bins)
        rows = [[discrete_information(s, z) / entropy(s) for z in codes.T] for s in levels.T]
        return np.array(rows)

    return _gap(scores(latents), scores(_permuted(latents, seed)), seed)


def separated_predictability(factors: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"], *, seed: int = 0) -> FactorGap:
    """Mean over factors of the gap between the two best linear R² of a single latent (SAP, regression form).

    R² is the squared correlation, so levels must be ordered; a nominal factor with more than two levels needs another metric.

    Raises:
        InputError: A constant factor, latents that are not finite, or fewer than two latents.

    Source:
        Kumar et al. 2018, arXiv:1711.00848; formula as in disentanglement_lib, continuous factors.

    Example:
        >>> s = np.arange(64).reshape(-1, 1) % 4
        >>> z = np.concatenate([s, (np.arange(64) // 4 % 4)[:, None]], axis=1).astype(float)
        >>> round(separated_predictability(s, z).value, 3)
        1.0
    """
    levels = _checked(factors, latents).astype(np.float64)

    def scores(values: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "f d"]:
        s, z = levels - levels.mean(axis=0), values - values.mean(axis=0)
        power = (s * s).sum(axis=0)[:, None] * (z * z).sum(axis=0)[None, :]
        return (s.T @ z) ** 2 / np.where(power > 1e-12, power, np.inf)

    return _gap(scores(latents), scores(_permuted(latents, seed)), seed)


def _checked(factors: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"]) -> Int[np.ndarray, "n f"]:
    check_latents(latents)
    if latents.shape[1] < 2:
        raise InputError("a gap needs at least 2 latents, 1 was given.")
    return as_levels(factors, len(latents))


def _permuted(latents: Float[np.ndarray, "n d"], seed: int) -> Float[np.ndarray, "n d"]:
    return latents[np.random.default_rng(seed).permutation(len(latents))]


def _gap(scores: Float[np.ndarray, "f d"], null: Float[np.ndarray, "f d"], seed: int) -> FactorGap:
    gaps, null_gaps = _top_two(scores), _top_two(null)
    return FactorGap(float(gaps.mean()), gaps, scores, float(null_gaps.mean()), seed)


def _top_two(scores: Float[np.ndarray, "f d"]) -> Float[np.ndarray, "f"]:
    ordered = np.sort(scores, axis=1)
    return ordered[:, -1] - ordered[:, -2]
