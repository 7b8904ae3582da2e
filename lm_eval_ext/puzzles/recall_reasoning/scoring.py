"""Scores of recall against reasoning, as lm-eval asks for them and as a breakdown shows them."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_ext.puzzles.figures import Contrast, Judged, contrast_figures, nulls_of, score_figures
from lm_eval_ext.puzzles.recall_reasoning.labels import LABELS, PARTS
from lm_eval_ext.puzzles.records import Difference, Record, Score, Unpaired
from lm_eval_ext.statistics import Estimate, Figure, as_figure, estimate
from lm_eval_ext.worlds.answers import abstained, extract_answer, output_text
from lm_eval_ext.worlds.matching import exact_match, normalise, token_f1

CONTRASTS = (
    Contrast("recall_minus_reasoning", "recall", "reasoning", "as much stored as derived"),
    Contrast("recall_minus_floor", "recall", "floor", "nothing stored", higher_is_better=True),
    Contrast("reasoning_minus_floor", "reasoning", "floor", "nothing derived", higher_is_better=True),
    Contrast("both_minus_recall", "both", "recall", "the text adds nothing"),
    Contrast("both_minus_reasoning", "both", "reasoning", "knowing adds nothing"),
    Contrast("lookup_minus_reasoning", "lookup", "reasoning", "deriving costs nothing"),
    Contrast("floor_minus_template", "floor", "template", "names look like nothing known"),
)
SCORES: Mapping[str, bool] = {"em": True, "f1": True, "unanswered": False}

em_ci_low, em_ci_high = Score(part="low"), Score(part="high")
em_recall, em_reasoning, em_both, em_floor, em_lookup, em_template = (Score((label,)) for label in LABELS)
em_recall_ci_low, em_recall_ci_high = Score(("recall",), "low"), Score(("recall",), "high")
em_reasoning_ci_low, em_reasoning_ci_high = Score(("reasoning",), "low"), Score(("reasoning",), "high")
em_parts = Score(PARTS)
recall_minus_reasoning = Difference(("recall",), ("reasoning",))
recall_minus_reasoning_ci_low = Difference(("recall",), ("reasoning",), "low")
recall_minus_reasoning_ci_high = Difference(("recall",), ("reasoning",), "high")
recall_minus_floor = Difference(("recall",), ("floor",))
reasoning_minus_floor = Difference(("reasoning",), ("floor",))
f1_recall, f1_reasoning = Score(("recall",)), Score(("reasoning",))
unpaired = Unpaired(tuple(LABELS))

_OF_EM = (
    *("em_ci_low", "em_ci_high", *(f"em_{label}" for label in LABELS), "em_parts"),
    *("em_recall_ci_low", "em_recall_ci_high", "em_reasoning_ci_low", "em_reasoning_ci_high"),
    *("recall_minus_reasoning", "recall_minus_reasoning_ci_low", "recall_minus_reasoning_ci_high"),
    *("recall_minus_floor", "reasoning_minus_floor", "composed_given_parts", "twins_with_parts", "unpaired"),
)


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any]:
    """All metrics of one sample.

    Args:
        doc: Item columns.
        results: The model's output as its only member.

    Returns:
        The same keys in the same order for every sample; records as in ``puzzles.records``.
    """
    found = judge(doc, output_text(results))
    over = json.loads(doc["spec"])["length"]["over_recall"]
    return found.values(_OF_EM) | {
        "f1_recall": found.record("f1"),
        "f1_reasoning": found.record("f1"),
        "length_mismatch": [found.twin, found.cluster, found.variant, over],
    }


def judge(doc: Mapping[str, Any], text: str) -> Judged:
    """Score one output."""
    factors, spec = json.loads(doc["factors"]), json.loads(doc["spec"])
    answer, golds = extract_answer(text, doc["query"]), [doc["answer"], *doc["answer_aliases"]]
    em = exact_match(answer, golds)
    return Judged(
        twin=doc["twin_id"],
        cluster=doc["cluster_id"],
        variant=factors["label"],
        truth=normalise(doc["answer"]),
        group=spec["chain"][-1][1],
        guess=None if spec["stated"] == "nothing" else factors["hops"] / len(spec["notes"]),
        scores={
            "em": em,
            "f1": token_f1(answer, golds),
            "unanswered": float(not answer or (em == 0.0 and abstained(answer))),
        },
    )


def composed(records: Sequence[Record]) -> Estimate:
    """Exact match of recall questions with several hops, of those whose hops were all answered right one by one.

    The rest of it, from 1, is what is known and not put together.

    Source:
        Yang et al. 2024, arXiv:2402.16837 (TwoHopFact pairs each question with both single hops); this form by this package.

    Example:
        >>> known = [["t", "c", "part1", 1.0], ["t", "c", "part2", 1.0], ["t", "c", "recall", 0.0]]
        >>> unknown = [["u", "d", "part1", 1.0], ["u", "d", "part2", 0.0], ["u", "d", "recall", 1.0]]
        >>> found = composed(known + unknown)
        >>> found.value, found.n
        (0.0, 1)
    """
    parts: defaultdict[str, list[float]] = defaultdict(list)
    for twin, _, label, score in records:
        if label in PARTS:
            parts[twin].append(score)
    kept = [record for record in records if record[2] == "recall" and parts[record[0]] and min(parts[record[0]]) == 1.0]
    return estimate([record[3] for record in kept], [record[1] for record in kept])


def composed_given_parts(records: Sequence[Record]) -> float:
    """Value of ``composed``; NaN with one hop, or when no question had all its hops right."""
    value = composed(records).value
    return math.nan if value is None else value


def twins_with_parts(records: Sequence[Record]) -> float:
    """How many questions ``composed`` is about."""
    return float(composed(records).n)


def length_mismatch(records: Sequence[Record]) -> float:
    """Mean absolute difference in length between the prompts of recall and reasoning, in characters or tokens."""
    found = [abs(record[3]) for record in records if record[2] == "reasoning"]
    return sum(found) / len(found) if found else math.nan


def figures(judged: Sequence[Judged], _controls: Mapping[str, Sequence[Judged]] | None = None) -> list[Figure]:
    """All figures that apply: the paired differences first, then every score in each label."""
    found = list(contrast_figures(judged, CONTRASTS, ("em", "f1")))
    records = [one.record("em") for one in judged]
    if any(one.variant in PARTS for one in judged):
        nulls = nulls_of([one for one in judged if one.variant == "recall"])
        found.append(as_figure("composed_given_parts", composed(records), nulls=nulls, empty="no_question_with_all_parts"))
    return found + list(score_figures(judged, SCORES, headline="em", variants=(*LABELS, *PARTS)))
