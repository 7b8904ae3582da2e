"""Intervals and paired differences, clustered by what was really sampled."""

from lm_eval_ext.statistics.baselines import chance_share, majority_share
from lm_eval_ext.statistics.figures import Figure, as_figure, estimate
from lm_eval_ext.statistics.intervals import Estimate, clustered_interval, wilson
from lm_eval_ext.statistics.means import clustered_mean, macro_mean, number
from lm_eval_ext.statistics.multiplicity import Correction, adjusted, benjamini_hochberg, holm
from lm_eval_ext.statistics.paired import Gap, paired_gap, twin_gap
from lm_eval_ext.statistics.picks import PickBias, pick_bias
from lm_eval_ext.statistics.ratios import Ratio, Sample, fieller, means_covariance, ratio_of_means
from lm_eval_ext.statistics.resampling import cluster_table, expanded_percentiles, generator, p_at_least, resampled_sums
from lm_eval_ext.statistics.spread import Bounds, Reason, Spread, measure_spread, t_quantile

__all__ = [
    "Bounds",
    "Correction",
    "Estimate",
    "Figure",
    "Gap",
    "PickBias",
    "Ratio",
    "Reason",
    "Sample",
    "Spread",
    "adjusted",
    "as_figure",
    "benjamini_hochberg",
    "chance_share",
    "cluster_table",
    "clustered_interval",
    "clustered_mean",
    "estimate",
    "expanded_percentiles",
    "fieller",
    "generator",
    "holm",
    "macro_mean",
    "majority_share",
    "means_covariance",
    "measure_spread",
    "number",
    "p_at_least",
    "paired_gap",
    "pick_bias",
    "ratio_of_means",
    "resampled_sums",
    "t_quantile",
    "twin_gap",
    "wilson",
]
