"""From an answer to per-sample values, and from those to figures with their intervals and nulls."""

from lm_eval_ext.orientation.scoring.judging import Judged, is_abstention, judge, judge_choice, judge_likelihoods
from lm_eval_ext.orientation.scoring.tables import (
    ANGLE_METRICS,
    PICTURE_METRICS,
    TEXT_METRICS,
    Metric,
    angle_between,
    ci_high,
    ci_low,
    clustered_stderr,
    consistency,
    majority,
    mean,
    score,
    score_judged,
)

__all__ = [
    "ANGLE_METRICS",
    "PICTURE_METRICS",
    "TEXT_METRICS",
    "Judged",
    "Metric",
    "angle_between",
    "ci_high",
    "ci_low",
    "clustered_stderr",
    "consistency",
    "is_abstention",
    "judge",
    "judge_choice",
    "judge_likelihoods",
    "majority",
    "mean",
    "score",
    "score_judged",
]
