"""Scores of rosetta, as lm-eval asks for them and as a breakdown shows them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_ext.puzzles.figures import Contrast, Judged, contrast_figures, score_figures
from lm_eval_ext.puzzles.records import Difference, Score, Unpaired
from lm_eval_ext.puzzles.rosetta.chrf import chrf
from lm_eval_ext.puzzles.rosetta.items import FORMS, NO_SHEET, RESPELLED, SHEET
from lm_eval_ext.statistics import Figure
from lm_eval_ext.worlds.answers import abstained, extract_answer, output_text
from lm_eval_ext.worlds.matching import exact_match, normalise, token_f1

SCORES: Mapping[str, bool] = {"em": True, "chrf": True, "f1": True, "unanswered": False}
CONTRASTS = (
    Contrast("sheet_minus_no_sheet", SHEET, NO_SHEET, "the sheet is not used", higher_is_better=True),
    Contrast("sheet_minus_respelled", SHEET, RESPELLED, "letters do not matter"),
)

em_ci_low, em_ci_high = Score(part="low"), Score(part="high")
em_sheet, em_no_sheet, em_respelled = (Score((form,)) for form in FORMS)
em_sheet_ci_low, em_sheet_ci_high = Score((SHEET,), "low"), Score((SHEET,), "high")
chrf_sheet, chrf_no_sheet, chrf_respelled = (Score((form,)) for form in FORMS)
sheet_minus_no_sheet = Difference((SHEET,), (NO_SHEET,))
sheet_minus_no_sheet_ci_low = Difference((SHEET,), (NO_SHEET,), "low")
sheet_minus_no_sheet_ci_high = Difference((SHEET,), (NO_SHEET,), "high")
sheet_minus_respelled = Difference((SHEET,), (RESPELLED,))
unpaired = Unpaired(FORMS)

_OF_EM = (
    *("em_ci_low", "em_ci_high", *(f"em_{form}" for form in FORMS), "em_sheet_ci_low", "em_sheet_ci_high"),
    *("sheet_minus_no_sheet", "sheet_minus_no_sheet_ci_low", "sheet_minus_no_sheet_ci_high", "sheet_minus_respelled", "unpaired"),
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
    return found.values(_OF_EM) | {f"chrf_{form}": found.record("chrf") for form in FORMS}


def judge(doc: Mapping[str, Any], text: str) -> Judged:
    """Score one output."""
    factors = json.loads(doc["factors"])
    answer, gold = extract_answer(text), doc["answer"]
    em = exact_match(answer, [gold])
    return Judged(
        twin=doc["twin_id"],
        cluster=doc["cluster_id"],
        variant=factors["form"],
        truth=normalise(gold),
        group=str(factors["level"]),
        guess=None,
        scores={
            "em": em,
            "chrf": chrf(normalise(answer), normalise(gold)),
            "f1": token_f1(answer, [gold]),
            "unanswered": float(not answer or (em == 0.0 and abstained(answer))),
        },
    )


def figures(judged: Sequence[Judged], _controls: Mapping[str, Sequence[Judged]] | None = None) -> list[Figure]:
    """All figures that apply: the paired differences first, then every score in each form."""
    return [
        *contrast_figures(judged, CONTRASTS, ("em", "chrf")),
        *score_figures(judged, SCORES, headline="em", variants=FORMS),
    ]
