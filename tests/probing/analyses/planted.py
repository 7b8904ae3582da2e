"""Simulated measurements whose selective units are known."""

import numpy as np

from lm_eval_ext.probing.analyses import Items, Measured

__all__ = ["Items", "Measured", "twin_items", "twins"]


def twin_items(n_clusters, per_cluster=1, first=0):
    """Items of twins in clusters: the False arm, then the True arm, of each twin."""
    pair = np.repeat(np.arange(n_clusters * per_cluster), 2)
    return Items(label=np.arange(len(pair)) % 2 == 1, cluster=first + pair // per_cluster, pair=pair)


def twins(rng, n_units, n_clusters, per_cluster=1, effects=None, first=0):
    """Units by items: item noise shared by twins, cluster effects on the difference, and ``effects`` on the True arm."""
    items = twin_items(n_clusters, per_cluster, first)
    n_pairs = n_clusters * per_cluster
    shared = np.repeat(rng.normal(size=(n_units, n_pairs)), 2, axis=1)
    by_cluster = np.repeat(rng.normal(0, 0.7, size=(n_units, n_clusters)), 2 * per_cluster, axis=1) * items.label
    values = shared + by_cluster + rng.normal(size=(n_units, 2 * n_pairs))
    if effects is not None:
        values += np.asarray(effects)[:, None] * items.label
    return Measured(values, items)
