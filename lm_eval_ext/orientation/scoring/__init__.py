"""From an answer to per-sample values, and from those to figures with their intervals and nulls.

``tables`` holds what lm-eval's own table shows, ``summary`` works out everything. Add a figure by an entry in the file of its
kind (``accuracy``, ``angles``, ``abstention``, ``positions``, ``twins``, ``levels``) and name it in ``summary``; to have it in
lm-eval's table too, name it in ``tables`` and in the YAML files.
"""

from lm_eval_ext.orientation.scoring.angles import angle_between
from lm_eval_ext.orientation.scoring.items import mean
from lm_eval_ext.orientation.scoring.judging import Judged, is_abstention, judge, judge_choice, judge_likelihoods
from lm_eval_ext.orientation.scoring.summary import figures
from lm_eval_ext.orientation.scoring.tables import (
    ANGLE_METRICS,
    PICTURE_METRICS,
    TEXT_METRICS,
    Metric,
    ci_high,
    ci_low,
    clustered_stderr,
    consistency,
    consistency_stderr,
    macro,
    macro_stderr,
    majority,
    mean_stderr,
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
    "consistency_stderr",
    "figures",
    "is_abstention",
    "judge",
    "judge_choice",
    "judge_likelihoods",
    "macro",
    "macro_stderr",
    "majority",
    "mean",
    "mean_stderr",
    "score",
    "score_judged",
]
