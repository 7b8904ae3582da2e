"""Which latents a representation uses."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from lm_eval_ext.errors import InputError

Kind = Literal["active", "mixed", "passive"]


def active_latents(latents: Float[np.ndarray, "n d"], *, discrete: bool) -> Bool[np.ndarray, "d"]:
    """Whether each latent moves: its range exceeds a twentieth of the widest range (codes: exceeds 0).

    Source:
        latent_quantization, ``compute_infomec``.

    Example:
        >>> active_latents(np.array([[0.0, 0.0], [1.0, 0.01]]), discrete=False).tolist()
        [True, False]
    """
    reach = np.ptp(latents, axis=0)
    return reach > (0.0 if discrete else reach.max() / 20.0)


@dataclass(frozen=True)
class VariableKinds:
    """Kind of each latent of a variational encoder.

    Attributes:
        kinds: One per latent.
        passive_share: Share of rows in which the latent's posterior is the prior.
        low: Posterior variance below which a latent is active in a row.
        high: Posterior variance from which it is passive in a row.
    """

    kinds: tuple[Kind, ...]
    passive_share: Float[np.ndarray, "d"]
    low: float
    high: float


def variable_kinds(
    variances: Float[np.ndarray, "n d"], *, low: float = 0.1, high: float = 0.9, most: float = 0.95
) -> VariableKinds:
    """Active: posterior variance near 0 in nearly all rows; passive: near that of the prior (1) in nearly all; mixed: else.

    Deterministic latents have no posterior: use ``active_latents``.

    Args:
        variances: Posterior variance of each latent in each row, >= 0, under a prior of variance 1.
        low: Near 0 means at most this.
        high: Near 1 means at least this.
        most: Share of rows that counts as nearly all. The three limits are this package's.

    Raises:
        InputError: A variance is negative or not finite.

    Source:
        Rolinek et al. 2019, arXiv:1812.06775 (polarised regime); Bonheme & Grzes 2021, arXiv:2109.12679 (mixed variables).

    Example:
        >>> variable_kinds(np.array([[0.01, 1.0, 0.01], [0.02, 0.98, 1.0]])).kinds
        ('active', 'passive', 'mixed')
    """
    if not np.isfinite(variances).all() or (variances < 0.0).any():
        raise InputError("posterior variances are finite and not negative; exponentiate log-variances first.")
    passive, active = (variances >= high).mean(axis=0), (variances <= low).mean(axis=0)
    kinds: tuple[Kind, ...] = tuple(_kind(float(a), float(p), most) for a, p in zip(active, passive, strict=True))
    return VariableKinds(kinds, passive, low, high)


def _kind(active: float, passive: float, most: float) -> Kind:
    if active >= most:
        return "active"
    return "passive" if passive >= most else "mixed"
