"""Intervals and paired differences, clustered by what was really sampled."""

from lm_eval_ext.statistics.baselines import chance_share, majority_share
from lm_eval_ext.statistics.figures import Figure, as_figure, estimate
from lm_eval_ext.statistics.intervals import Estimate, clustered_interval, wilson
from lm_eval_ext.statistics.means import clustered_mean, macro_mean, number
from lm_eval_ext.statistics.paired import Gap, paired_gap, twin_gap
from lm_eval_ext.statistics.picks import PickBias, pick_bias
from lm_eval_ext.statistics.spread import Bounds, Reason, Spread, measure_spread, t_quantile

__all__ = [
    "Bounds",
    "Estimate",
    "Figure",
    "Gap",
    "PickBias",
    "Reason",
    "Spread",
    "as_figure",
    "chance_share",
    "clustered_interval",
    "clustered_mean",
    "estimate",
    "macro_mean",
    "majority_share",
    "measure_spread",
    "number",
    "paired_gap",
    "pick_bias",
    "t_quantile",
    "twin_gap",
    "wilson",
]
