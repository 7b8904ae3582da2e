"""What all metrics refuse, and levels as 0 … K-1."""

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError


def check_latents(latents: Float[np.ndarray, "n d"]) -> None:
    """Refuse latents that are not finite.

    Raises:
        InputError: NaN or infinity.
    """
    bad = np.flatnonzero(~np.isfinite(latents).all(axis=1))
    if len(bad):
        raise InputError(f"row {bad[0]} of the latents is not finite ({len(bad)} rows like it). Embed or remove them first.")


def as_levels(factors: Int[np.ndarray, "n f"], n_rows: int) -> Int[np.ndarray, "n f"]:
    """Each column's levels numbered from 0.

    Raises:
        InputError: Another number of rows than latents, or a factor with one level.
    """
    if len(factors) != n_rows:
        raise InputError(f"{n_rows} rows of latents came with {len(factors)} rows of factors. Give one row of factors per row.")
    for column in range(factors.shape[1]):
        if len(np.unique(factors[:, column])) < 2:
            raise InputError(f"factor {column} is constant, so nothing can be said about it. Leave it out.")
    return np.stack([np.unique(factors[:, c], return_inverse=True)[1] for c in range(factors.shape[1])], axis=1).astype(np.int64)
