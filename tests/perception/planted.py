"""Embeddings with planted blocks: what every number should read is known."""

from typing import NamedTuple

import numpy as np

from lm_eval_ext.perception.blocks import Blocks, make_blocks
from lm_eval_ext.perception.factors import Factor

ROLES = ("semantic", "geometric", "perceptual")


class Planted(NamedTuple):
    embeddings: np.ndarray
    blocks: Blocks
    factors: list[Factor]
    groups: np.ndarray


def plant(  # the design of the specification: rank-16 blocks, noise .6; strength .58 gives its own information of .94
    seed: int,
    leak: float = 0.0,
    *,
    objects: int = 120,
    views: int = 10,
    levels: tuple[int, int, int] = (12, 8, 4),
    dimensions: int = 128,
    rank: int = 16,
    strength: float = 0.58,
    geometry: int | None = None,
) -> Planted:
    """Levels as random codes in their own block; the share ``leak`` of their variance in the next block instead.

    ``geometry`` fixes blocks and codes while ``seed`` draws levels and noise.
    """
    shape, rng = np.random.default_rng(seed if geometry is None else geometry), np.random.default_rng([seed, 1])
    basis = np.linalg.qr(shape.normal(size=(dimensions, 3 * rank)))[0]
    bases = [basis[:, k * rank : (k + 1) * rank] for k in range(3)]
    groups = np.repeat(np.arange(objects), views)
    values = [groups % levels[0], rng.integers(0, levels[1], len(groups)), rng.integers(0, levels[2], len(groups))]
    embeddings = 0.6 * rng.normal(size=(len(groups), dimensions))
    for k in range(3):
        own, other = shape.normal(size=(2, levels[k], rank)) * strength
        embeddings += (1 - leak) ** 0.5 * own[values[k]] @ bases[k].T + leak**0.5 * other[values[k]] @ bases[(k + 1) % 3].T
    blocks = make_blocks({role: bases[k].T for k, role in enumerate(ROLES)}, energy=1.0)
    names = ("category", "azimuth", "degradation")
    return Planted(embeddings, blocks, [Factor(n, v, r) for n, v, r in zip(names, values, ROLES, strict=True)], groups)
