"""A contrast of groups."""

from dataclasses import dataclass
from math import comb

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses.designs import Difference, Effect
from lm_eval_ext.probing.analyses.measured import Items
from lm_eval_ext.statistics import generator


@dataclass(frozen=True)
class GroupDesign:
    """Cluster means of one arm against those of the other, inside blocks; a shuffle deals a block's labels anew to its clusters.

    Source:
        HC1 standard error of a regression on the label with a constant per block; permuting a studentised difference stays valid
        where the arms differ in spread: Chung & Romano 2013, doi:10.1214/13-AOS1090.
    """

    order: Int[np.ndarray, "m"]
    starts: Int[np.ndarray, "c"]
    counts: Float[np.ndarray, "c"]
    block: Int[np.ndarray, "c"]
    label: Float[np.ndarray, "c"]
    n_unpaired: int = 0

    @property
    def n(self) -> int:
        """Clusters."""
        return len(self.label)

    @property
    def n_clusters(self) -> int:
        """Clusters."""
        return len(self.label)

    @property
    def degrees(self) -> float:
        """Of the t distribution: clusters less blocks less one."""
        return self.n_clusters - int(self.block.max()) - 2.0

    @property
    def smallest_p(self) -> float:
        """Two of all deals; the arms may change places."""
        deals = 1
        for block in range(int(self.block.max()) + 1):
            inside = self.label[self.block == block]
            deals *= comb(len(inside), int(np.count_nonzero(inside > 0.0)))
        return min(1.0, 2.0 / deals)

    def reduce(self, values: Float[np.ndarray, "u n"]) -> Float[np.ndarray, "u k"]:
        """Mean of each cluster, less that of its block."""
        return self._within(np.add.reduceat(values[:, self.order], self.starts, axis=1) / self.counts)

    def measure(self, reduced: Float[np.ndarray, "u k"]) -> Difference:
        """Difference of the arms and its standard error."""
        value, rest = self._fit(reduced)
        return Difference(value, self._stderr(rest * self.label))

    def standardise(self, reduced: Float[np.ndarray, "u k"]) -> Effect:
        """Difference over the standard deviation inside arms and blocks."""
        value, rest = self._fit(reduced)
        spread = np.sqrt((rest**2).sum(axis=1) / self.degrees)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.where(spread <= 1e-12 * np.abs(reduced).max(axis=1), np.nan, spread)
            effect, z = value / spread, rest / spread[:, None]
        size = (self.label**2).sum() / self.n_clusters
        return Effect(effect, self._stderr(z * self.label - size * effect[:, None] / 2.0 * (z**2 - 1.0)))

    def shuffles(self, n: int, *name: object) -> Float[np.ndarray, "c p"]:
        """Labels less their block's mean, dealt anew inside each block."""
        random = generator("deal labels", *name)
        dealt = np.repeat(self.label[:, None], n, axis=1)
        for block in range(int(self.block.max()) + 1):
            rows = np.flatnonzero(self.block == block)
            dealt[rows] = random.permuted(dealt[rows], axis=0)
        return dealt

    def measure_shuffled(self, reduced: Float[np.ndarray, "u k"], shuffles: Float[np.ndarray, "c p"]) -> Difference:
        """Difference of the arms and its standard error under each deal."""
        total = (self.label**2).sum()
        value = reduced @ shuffles / total
        squares = reduced**2 @ shuffles**2 - 2.0 * value * (reduced @ shuffles**3) + value**2 * (self.label**4).sum()
        return Difference(value, self._scaled(squares))

    def _fit(self, reduced: Float[np.ndarray, "u k"]) -> tuple[Float[np.ndarray, "u"], Float[np.ndarray, "u k"]]:
        value = reduced @ self.label / (self.label**2).sum()
        return value, reduced - value[:, None] * self.label

    def _stderr(self, pushes: Float[np.ndarray, "u k"]) -> Float[np.ndarray, "u"]:
        return self._scaled((pushes**2).sum(axis=1))

    def _scaled(self, squares: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        factor = self.n_clusters / self.degrees
        return np.sqrt(factor * np.maximum(squares, 0.0)) / (self.label**2).sum()

    def _within(self, means: Float[np.ndarray, "u k"]) -> Float[np.ndarray, "u k"]:
        inside = (self.block[:, None] == np.arange(self.block.max() + 1)).astype(np.float64)
        return means - (means @ inside / inside.sum(axis=0)) @ inside.T


def group_design(items: Items) -> GroupDesign:
    """The contrast of whole clusters inside blocks.

    Args:
        items: Their labels, clusters and blocks.

    Raises:
        InputError: A cluster lies in several arms or blocks, or no block holds both arms.
    """
    block = np.zeros(len(items.label), dtype=np.int64) if items.block is None else items.block
    order = np.argsort(items.cluster, kind="stable")
    clusters, starts, sizes = np.unique(items.cluster[order], return_index=True, return_counts=True)
    label, where = items.label[order].astype(np.float64), block[order]
    for name, numbers, advice in (
        ("arms", label, "Compare inside clusters: give the cluster number as the pair"),
        ("blocks", where, "Number clusters inside blocks, or leave block out"),
    ):
        mixed = np.maximum.reduceat(numbers, starts) != np.minimum.reduceat(numbers, starts)
        if mixed.any():
            raise InputError(f"cluster {clusters[mixed][0]} lies in several {name}; for groups it lies in one. {advice}.")
    _, inside = np.unique(where[starts], return_inverse=True)
    arm = label[starts]
    centred = arm - (np.bincount(inside, weights=arm) / np.bincount(inside))[inside]
    if len(clusters) - inside.max() - 2 < 1 or not centred.any():
        raise InputError(f"{len(clusters)} clusters in {inside.max() + 1} blocks compare nothing: no block holds both arms.")
    return GroupDesign(order, starts, sizes.astype(np.float64), inside, centred)
