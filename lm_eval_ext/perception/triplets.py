"""What a block finds alike: the same thing from elsewhere, or another thing from the same side."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.statistics import t_quantile, wilson


@dataclass(frozen=True)
class TripletTest:
    """How often the same identity in another view is nearer than another identity in the same view.

    Attributes:
        value: Mean over identities, 0..1; .5 is chance, near 1 an identity block, near 0 a view block.
        low: Lower end of a Wilson interval over identities.
        high: Upper end.
        n_groups: Identities that form triplets.
        n_triplets: Triplets compared.
    """

    value: float
    low: float
    high: float
    n_groups: int
    n_triplets: int


def triplet_test(
    features: Float[np.ndarray, "n r"], identity: Int[np.ndarray, "n"], view: Int[np.ndarray, "n"], *, alpha: float = 0.05
) -> TripletTest:
    """Compare all triplets (anchor; same identity, other view; other identity, same view) by cosine about the mean.

    No probe is fitted, and rotating the block changes nothing. Ties count half.

    Args:
        features: One block.
        identity: What the picture shows; the unit of the interval.
        view: Where it is seen from.
        alpha: Two-sided error rate.

    Raises:
        InputError: Features are not finite, or no triplet exists.

    Example:
        >>> identity, view = np.arange(12) // 2, np.arange(12) % 2
        >>> triplet_test(np.eye(6)[identity], identity, view).value
        1.0
    """
    if not np.isfinite(features).all():
        raise InputError("features of the triplet test are not finite. Embed these pictures again.")
    centred = features - features.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-300)
    alike = np.round(unit @ unit.T, 12)  # equal pictures tie whatever the order of summation
    wins: dict[int, list[float]] = {}
    n_triplets = 0
    for anchor in range(len(features)):
        same = identity == identity[anchor]
        seen = view == view[anchor]
        near, far = alike[anchor, same & ~seen], np.sort(alike[anchor, ~same & seen])
        if len(near) and len(far):
            below = np.searchsorted(far, near, side="left") + np.searchsorted(far, near, side="right")
            wins.setdefault(int(identity[anchor]), []).append(float(below.mean() / (2 * len(far))))
            n_triplets += len(near) * len(far)
    if len(wins) < 2:
        raise InputError("fewer than 2 identities are seen from two views beside another one. Give crossed identities and views.")
    value = float(np.mean([np.mean(shares) for shares in wins.values()]))
    bounds = wilson(value, float(len(wins)), t_quantile(1.0 - alpha / 2.0, len(wins) - 1.0))
    return TripletTest(value, bounds.low, bounds.high, len(wins), n_triplets)
