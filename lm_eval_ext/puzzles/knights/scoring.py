"""Scores of knights and knaves, as lm-eval asks for them and as a breakdown shows them."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from lm_eval_ext.puzzles.figures import Contrast, Judged, contrast_figures, score_figures
from lm_eval_ext.puzzles.knights.answers import read_roles
from lm_eval_ext.puzzles.knights.items import FEWEST, FORMS, MOST, ORIGINAL, OTHER_LOGIC, OTHER_WORDS
from lm_eval_ext.puzzles.records import Record, Score, Unpaired
from lm_eval_ext.statistics import Estimate, Figure, as_figure, estimate
from lm_eval_ext.worlds.answers import output_text

SCORES: Mapping[str, bool] = {"em": True, "per_person": True, "unparsed": False}
CONTRASTS = tuple(
    Contrast(f"original_minus_{form}", ORIGINAL, form, "the form changes nothing") for form in (*OTHER_LOGIC, *OTHER_WORDS)
)

em_ci_low, em_ci_high = Score(part="low"), Score(part="high")
em_original = Score((ORIGINAL,))
em_perturbed_statement, em_perturbed_leaf = (Score((form,)) for form in OTHER_LOGIC)
em_reorder_statement, em_uncommon_name, em_flip_role, em_random_pair = (Score((form,)) for form in OTHER_WORDS)
em_2, em_3, em_4, em_5, em_6, em_7, em_8 = (Score((str(people),)) for people in range(FEWEST, MOST + 1))
unpaired = Unpaired(FORMS)

_OF_EM = (
    *("em_ci_low", "em_ci_high", *(f"em_{form}" for form in FORMS)),
    *("consistency", "memorisation", "memorisation_ci_low", "memorisation_ci_high", "unpaired"),
)


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any]:
    """All metrics of one sample.

    Args:
        doc: Item columns.
        results: The model's output as its only member.

    Returns:
        The same keys in the same order for every sample; records as in ``puzzles.records``, those of ``em_2`` … with the number
        of people as their variant.
    """
    found = judge(doc, output_text(results))
    by_people = [found.twin, found.cluster, found.group, found.scores["em"]]
    return found.values(_OF_EM) | {f"em_{people}": by_people for people in range(FEWEST, MOST + 1)} | {"guess": found.guess}


def judge(doc: Mapping[str, Any], text: str) -> Judged:
    """Score one output."""
    factors, spec = json.loads(doc["factors"]), json.loads(doc["spec"])
    names, words = spec["names"], spec["words"]
    right = [words[0] if role else words[1] for role in spec["roles"]]
    said = read_roles(text, names, words)
    hits = [] if said is None else [said[name] == role for name, role in zip(names, right, strict=True)]
    return Judged(
        twin=doc["twin_id"],
        cluster=doc["cluster_id"],
        variant=factors["form"],
        truth=" ".join(right),
        group=str(factors["people"]),
        guess=0.5 ** len(names),
        scores={
            "em": float(bool(hits) and all(hits)),
            "per_person": fmean(hits) if hits else 0.0,
            "unparsed": float(said is None),
        },
    )


class _Pair(NamedTuple):
    """A puzzle that was asked in all forms with another solution.

    Attributes:
        cluster: What was sampled.
        original: Score of the original.
        others: Mean score of the forms with another solution.
    """

    cluster: str
    original: float
    others: float


def _pairs(records: Sequence[Record]) -> Iterator[_Pair]:
    scores: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for twin, cluster, form, score in records:
        scores[twin, cluster][form] = score
    for (_, cluster), by_form in scores.items():
        if by_form.keys() >= {ORIGINAL, *OTHER_LOGIC}:
            yield _Pair(cluster, by_form[ORIGINAL], fmean(by_form[form] for form in OTHER_LOGIC))


def measure_consistency(records: Sequence[Record]) -> Estimate:
    """Of the originals that were solved, the share of their forms with another solution that were solved too.

    Example:
        >>> solved = [["t", "t", "original", 1.0], ["t", "t", "perturbed_statement", 1.0], ["t", "t", "perturbed_leaf", 0.0]]
        >>> measure_consistency(solved).value, measure_memorisation(solved).value
        (0.5, 0.5)
    """
    solved = [pair for pair in _pairs(records) if pair.original == 1.0]
    return estimate([pair.others for pair in solved], [pair.cluster for pair in solved])


def measure_memorisation(records: Sequence[Record]) -> Estimate:
    """Share of puzzles that are solved while their neighbours are not: original times (1 - others), averaged over puzzles.

    It equals the score on originals times (1 - consistency). 0 for who solves nothing or everything; a guesser has the share of
    guesses times the rest of it.

    Source:
        After Xie et al. 2024, arXiv:2410.23123, from a summary; the form by puzzle and its interval by this package.
    """
    pairs = list(_pairs(records))
    return estimate([pair.original * (1.0 - pair.others) for pair in pairs], [pair.cluster for pair in pairs])


def consistency(records: Sequence[Record]) -> float:
    """Value of ``measure_consistency``; NaN when no original was solved."""
    return _number(measure_consistency(records).value)


def memorisation(records: Sequence[Record]) -> float:
    """Value of ``measure_memorisation``."""
    return _number(measure_memorisation(records).value)


def memorisation_ci_low(records: Sequence[Record]) -> float:
    """Lower end of the 95 % interval of the memorisation index, clustered by puzzle."""
    return _number(measure_memorisation(records).low)


def memorisation_ci_high(records: Sequence[Record]) -> float:
    """Upper end of the 95 % interval of the memorisation index."""
    return _number(measure_memorisation(records).high)


def figures(judged: Sequence[Judged], _controls: Mapping[str, Sequence[Judged]] | None = None) -> list[Figure]:
    """All figures that apply: the memorisation index and consistency first, then differences between forms, then every score."""
    records = [one.record("em") for one in judged]
    found: list[Figure] = []
    if {one.variant for one in judged} >= {ORIGINAL, *OTHER_LOGIC}:
        guesses = [one.guess for one in judged if one.guess is not None]
        lucky, nulls = fmean(guess * (1 - guess) for guess in guesses), {"guess": fmean(guesses)}
        memory, steady = measure_memorisation(records), measure_consistency(records)
        found = [
            as_figure("memorisation", memory, nulls={"guess": lucky}, empty="no_whole_twins", higher_is_better=False),
            as_figure("consistency", steady, nulls=nulls, empty="no_original_solved"),
        ]
    return [
        *found,
        *contrast_figures(judged, CONTRASTS, ("em",)),
        *score_figures(judged, SCORES, headline="em", variants=FORMS),
    ]


def _number(value: float | None) -> float:
    return math.nan if value is None else value
