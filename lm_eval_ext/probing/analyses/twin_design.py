"""A contrast inside twins."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses.designs import Difference, Effect
from lm_eval_ext.probing.analyses.measured import Items
from lm_eval_ext.statistics import generator


@dataclass(frozen=True)
class TwinDesign:
    """Differences inside twins; a shuffle swaps the arms of all twins of a cluster together, or leaves them.

    Source:
        Clustered standard error: ``measure_spread``. That of the standardised mean: its linear form in mean and variance.
    """

    order: Int[np.ndarray, "m"]
    starts: Int[np.ndarray, "a"]
    counts: Float[np.ndarray, "a"]
    cluster_starts: Int[np.ndarray, "c"]
    sizes: Float[np.ndarray, "c"]
    n_unpaired: int

    @property
    def n(self) -> int:
        """Twins."""
        return len(self.starts) // 2

    @property
    def n_clusters(self) -> int:
        """Clusters of twins."""
        return len(self.sizes)

    @property
    def degrees(self) -> float:
        """Of the t distribution."""
        return self.n_clusters - 1.0

    @property
    def smallest_p(self) -> float:
        """Two of all sets of signs."""
        return 2.0 ** (1 - self.n_clusters)

    def reduce(self, values: Float[np.ndarray, "u n"]) -> Float[np.ndarray, "u k"]:
        """Difference inside each twin, twins sorted by cluster."""
        arms = np.add.reduceat(values[:, self.order], self.starts, axis=1) / self.counts
        return arms[:, 1::2] - arms[:, ::2]

    def measure(self, reduced: Float[np.ndarray, "u k"]) -> Difference:
        """Mean difference and its clustered standard error."""
        mean = reduced.mean(axis=1)
        return Difference(mean, self._stderr(reduced - mean[:, None]))

    def standardise(self, reduced: Float[np.ndarray, "u k"]) -> Effect:
        """Mean difference over the standard deviation of the differences."""
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = reduced - reduced.mean(axis=1, keepdims=True)
            spread = deviation.std(axis=1, ddof=1) if self.n > 1 else np.full(len(reduced), np.nan)
            spread = np.where(spread <= 1e-12 * np.abs(reduced).max(axis=1), np.nan, spread)
            effect, z = reduced.mean(axis=1) / spread, deviation / spread[:, None]
        return Effect(effect, self._stderr(z - effect[:, None] / 2.0 * (z**2 - 1.0)))

    def shuffles(self, n: int, *name: object) -> Float[np.ndarray, "c p"]:
        """A sign per cluster."""
        return generator("swap arms", *name).integers(0, 2, size=(self.n_clusters, n)) * 2.0 - 1.0

    def measure_shuffled(self, reduced: Float[np.ndarray, "u k"], shuffles: Float[np.ndarray, "c p"]) -> Difference:
        """Mean difference and its clustered standard error under each set of signs."""
        sums, n = np.add.reduceat(reduced, self.cluster_starts, axis=1), self.sizes.sum()
        mean = sums @ shuffles / n
        crossed = mean * n * self.sizes[0] if np.ptp(self.sizes) == 0 else (sums * self.sizes) @ shuffles
        squares = (sums**2).sum(axis=1, keepdims=True) - 2.0 * mean * crossed + mean**2 * (self.sizes**2).sum()
        return Difference(mean, self._scaled(squares))

    def _stderr(self, pushes: Float[np.ndarray, "u k"]) -> Float[np.ndarray, "u"]:
        sums = np.add.reduceat(pushes, self.cluster_starts, axis=1)
        return self._scaled((sums**2).sum(axis=1))

    def _scaled(self, squares: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Standard error from squared cluster sums."""
        factor = self.n_clusters / (self.n_clusters - 1.0)
        return np.sqrt(factor * np.maximum(squares, 0.0)) / self.sizes.sum()


def twin_design(items: Items, pair: Int[np.ndarray, "n"]) -> TwinDesign:
    """The contrast inside twins.

    Args:
        items: Their labels and clusters.
        pair: Number of the twin of each.

    Raises:
        InputError: A twin spans clusters, or fewer than two clusters hold whole twins.
    """
    pairs, index = np.unique(pair, return_inverse=True)
    arms = [np.bincount(index[side], minlength=len(pairs)) for side in (~items.label, items.label)]
    whole = (arms[0] > 0) & (arms[1] > 0)
    first = np.full(len(pairs), -1)
    first[index[::-1]] = items.cluster[::-1]
    torn = np.flatnonzero(items.cluster != first[index])
    if len(torn):
        raise InputError(f"twin {pair[torn[0]]} spans two clusters; a twin lies in one. Number clusters by what was sampled.")
    kept = np.flatnonzero(whole[index])
    n_clusters = len(np.unique(first[whole]))
    if n_clusters < 2:
        raise InputError(f"{n_clusters} clusters hold whole twins; a contrast needs at least 2. Measure more items.")
    order = kept[np.lexsort((items.label[kept], index[kept], items.cluster[kept]))]
    changes = np.diff(index[order] * 2 + items.label[order], prepend=-1) != 0
    starts = np.flatnonzero(changes)
    counts = np.diff(starts, append=len(order)).astype(np.float64)
    clusters = items.cluster[order][starts][::2]
    cluster_starts = np.flatnonzero(np.append(True, np.diff(clusters) != 0))
    sizes = np.diff(cluster_starts, append=len(clusters)).astype(np.float64)
    return TwinDesign(order, starts, counts, cluster_starts, sizes, int((~whole[index]).sum()))
