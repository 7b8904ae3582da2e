"""Time and memory of scoring embeddings: 1,200 pictures, 512 dimensions, 5 blocks, 5 x 10 grouped splits, 100 random draws.

usage: python benchmarks/perception.py

Counts processor seconds of the process, BLAS threads included, so that other work on the machine disturbs it little.
"""

import resource
import time

import numpy as np

from lm_eval_ext.perception.blocks import make_blocks
from lm_eval_ext.perception.factors import Factor
from lm_eval_ext.perception.scoring import score_blocks

MOST_SECONDS = 90.0
MOST_MEGABYTES = 2048
OBJECTS, VIEWS, DIMENSIONS, RANK = 120, 10, 512, 16


def main() -> None:
    """Print seconds and peak memory beside their limits, and what was read."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(OBJECTS), VIEWS)
    roles = {"semantic": groups % 12, "geometric": rng.integers(0, 8, len(groups)), "perceptual": rng.integers(0, 4, len(groups))}
    basis = np.linalg.qr(rng.normal(size=(DIMENSIONS, RANK * 3)))[0].reshape(DIMENSIONS, 3, RANK)
    embeddings = 0.6 * rng.normal(size=(len(groups), DIMENSIONS))
    for k, levels in enumerate(roles.values()):
        embeddings += 0.6 * rng.normal(size=(12, RANK))[levels] @ basis[:, k].T
    directions = {role: basis[:, k].T.copy() for k, role in enumerate(roles)}
    directions["perceptual"][0] = directions["semantic"][0]  # something to share
    factors = [Factor(f"{role}_factor", levels, role) for role, levels in roles.items()]
    processor, wall = time.process_time(), time.perf_counter()
    found = score_blocks(embeddings, make_blocks(directions), factors, groups)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"blocks {', '.join(found.matrix.blocks)}; rank {found.rank}; {found.nulls} draws; sep {found.scores['sep'].value:.3f}")
    print(f"scoring   {processor:7.1f} processor s ({wall:.1f} s)   limit {MOST_SECONDS:.0f} s")
    print(f"peak      {megabytes:7.0f} MB                     limit {MOST_MEGABYTES} MB")


if __name__ == "__main__":
    main()
