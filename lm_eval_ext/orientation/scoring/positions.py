"""Whether options are picked for the place where they stand."""

from collections.abc import Sequence

import numpy as np

from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.statistics import Figure, as_figure, estimate, number, pick_bias


def positions(judged: Sequence[Judged]) -> list[Figure]:
    """Distance of the picks from an even spread, and the share picked at each place with what an even spread puts there.

    Options are shuffled, so a model that reads them picks each place alike. Answers that name no option are no picks.
    """
    picks = [(one.doc["choices"].index(one.choice), one) for one in judged if one.choice in one.doc["choices"]]
    place = np.array([where for where, _ in picks], dtype=np.int64)
    options = np.array([len(one.doc["choices"]) for _, one in picks], dtype=np.int64)
    clusters = [one.cluster for _, one in picks]
    found = pick_bias(place, options, number(clusters))
    bias = as_figure(
        "position_bias",
        found.estimate,
        nulls={"even": found.null},
        p_value=found.p_value,
        empty="all_unparsed",
        higher_is_better=False,
    )
    return [bias, *(_share(place, clusters, i, even) for i, even in enumerate(found.even))]


def _share(place: np.ndarray, clusters: Sequence[str], i: int, even: float) -> Figure:
    picked = estimate((place == i).astype(float).tolist(), clusters)
    return as_figure("picked", picked, case=chr(ord("A") + i), nulls={"even": even}, higher_is_better=None)
