"""Intervals and paired differences, clustered by what was really sampled."""

from lm_eval_ext.statistics.baselines import chance_share, majority_share
from lm_eval_ext.statistics.intervals import Estimate, clustered_interval, wilson
from lm_eval_ext.statistics.paired import Gap, paired_gap, twin_gap
from lm_eval_ext.statistics.spread import Reason, Spread, measure_spread, t_quantile

__all__ = [
    "Estimate",
    "Gap",
    "Reason",
    "Spread",
    "chance_share",
    "clustered_interval",
    "majority_share",
    "measure_spread",
    "paired_gap",
    "t_quantile",
    "twin_gap",
    "wilson",
]
