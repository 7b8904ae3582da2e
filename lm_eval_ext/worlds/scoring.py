"""Scores of SynthWorlds as lm-eval asks for them: one value per sample and metric, one function per metric over all samples.

Metrics over one number per sample are averaged. Those that need to know what a sample belongs to (its world, its twin, its page)
get a record, ``[twin_id, cluster_id, world, hops, score]``, which stands in the sample log as it is. Undefined values are NaN.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from lm_eval_ext.statistics import Estimate, Gap, clustered_interval, majority_share, number, twin_gap
from lm_eval_ext.worlds.answers import abstained, extract_answer, output_text
from lm_eval_ext.worlds.matching import exact_match, normalise, token_f1
from lm_eval_ext.worlds.official import official_score
from lm_eval_ext.worlds.retrieval import recall

Record = Sequence[Any]
"""[twin_id, cluster_id, world ("rm" or "sm"), hops (None when unknown), score (0..1; the right answer for ``majority``)]."""

_TWIN, _CLUSTER, _WORLD, _HOPS, _SCORE = range(5)
_OF_EM = (
    *("em_ci_low", "em_ci_high", "em_rm", "em_sm", "em_rm_1hop", "em_sm_1hop", "em_rm_2hop", "em_sm_2hop"),
    *("knowledge_advantage", "knowledge_advantage_ci_low", "knowledge_advantage_ci_high", "unpaired"),
)
_OF_F1 = ("f1_rm", "f1_sm")
_OF_RECALL = ("recall_rm", "recall_sm")


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any]:
    """All metrics of one sample.

    Args:
        doc: Item columns; ``factors`` is a JSON object with ``world`` ("rm" or "sm"), and may hold ``hops`` and ``is_time``.
        results: The model's output as its only member.

    Returns:
        The same keys in the same order for every sample.

    Raises:
        ValueError: The world is neither "rm" nor "sm".
    """
    text = output_text(results)
    place, factors = place_of(doc), json.loads(doc["factors"])
    golds = [doc["answer"], *doc["answer_aliases"]]
    answer = extract_answer(text, doc["query"])
    em, f1 = exact_match(answer, golds), token_f1(answer, golds)
    official = official_score(text, golds, is_time=bool(factors.get("is_time", False)))
    found = recall_of(doc)
    single = {"em": em, "f1": f1, "official_em": official.em, "official_f1": official.f1}
    return (
        single
        | {"unanswered": float(not answer or (em == 0.0 and abstained(answer)))}
        | {key: [*place, em] for key in _OF_EM}
        | {key: [*place, f1] for key in _OF_F1}
        | {key: [*place, found] for key in _OF_RECALL}
        | {"majority": [*place, normalise(doc["answer"])]}
    )


def place_of(doc: Mapping[str, Any]) -> list[Any]:
    """What a record says of its item before the score: twin, cluster, world, hops.

    Raises:
        ValueError: The world is neither "rm" nor "sm".
    """
    factors = json.loads(doc["factors"])
    if factors["world"] not in ("rm", "sm"):
        raise ValueError(f"item {doc['item_id']} has world {factors['world']!r}; worlds are 'rm' and 'sm'. Repair its source.")
    return [doc["twin_id"], doc["cluster_id"], factors["world"], factors.get("hops")]


def recall_of(doc: Mapping[str, Any]) -> float:
    """Share of the pages that state the question's hops that are among those which the model gets."""
    if doc["setting"] == "closed_book":
        return 0.0
    spec = json.loads(doc["spec"])
    return recall(spec["gold"], spec["shown"]) if "shown" in spec else 1.0


def average(values: Sequence[float]) -> float:
    """Mean; NaN without values. lm-eval's own ``mean`` would add a standard error that takes the samples for independent."""
    return math.fsum(values) / len(values) if values else math.nan


def _mean_of(world: str, hops: int | None = None) -> Callable[[Sequence[Record]], float]:
    """Mean score in one world, of questions with that many hops or of all."""

    def mean_there(records: Sequence[Record]) -> float:
        return average([record[_SCORE] for record in records if record[_WORLD] == world and hops in (None, record[_HOPS])])

    return mean_there


mean_rm, mean_sm = _mean_of("rm"), _mean_of("sm")
mean_rm_1hop, mean_sm_1hop = _mean_of("rm", 1), _mean_of("sm", 1)
mean_rm_2hop, mean_sm_2hop = _mean_of("rm", 2), _mean_of("sm", 2)


def ci_low(records: Sequence[Record]) -> float:
    """Lower end of the 95 % interval of the mean score, clustered by ``cluster_id``."""
    return _number(_estimate(records).low)


def ci_high(records: Sequence[Record]) -> float:
    """Upper end of the 95 % interval of the mean score, clustered by ``cluster_id``."""
    return _number(_estimate(records).high)


def knowledge_advantage(records: Sequence[Record]) -> float:
    """Mean over twins of the real-mapped score minus the mean synthetic-mapped score, in [-1, 1]."""
    return _number(measure_gap(records).value)


def knowledge_advantage_ci_low(records: Sequence[Record]) -> float:
    """Lower end of the 95 % interval of the knowledge advantage, paired within twins and clustered by ``cluster_id``."""
    return _number(measure_gap(records).low)


def knowledge_advantage_ci_high(records: Sequence[Record]) -> float:
    """Upper end of the 95 % interval of the knowledge advantage."""
    return _number(measure_gap(records).high)


def unpaired(records: Sequence[Record]) -> float:
    """How many items count in no gap, because the other world's item is missing (``--limit`` cuts inside a twin)."""
    return float(measure_gap(records).n_unpaired)


def majority(records: Sequence[Record]) -> float:
    """Share that one constant guess per world gets right: its most frequent answer, known in advance."""
    return _number(majority_share([record[_SCORE] for record in records], [record[_WORLD] for record in records]))


def measure_gap(records: Sequence[Record], *, alpha: float = 0.05) -> Gap:
    """Knowledge advantage with everything known about its error; several synthetic worlds are averaged within a twin.

    Example:
        >>> gap = measure_gap([["t1", "c1", "rm", 1, 1.0], ["t1", "c1", "sm", 1, 0.0], ["t2", "c2", "rm", 1, 1.0],
        ...                    ["t2", "c2", "sm", 1, 1.0], ["t3", "c3", "rm", 1, 1.0]])
        >>> gap.value, gap.n_twins, gap.n_unpaired
        (0.5, 2, 1)
    """
    scores = np.array([record[_SCORE] for record in records], dtype=float)
    reference = np.array([record[_WORLD] == "sm" for record in records], dtype=bool)
    return twin_gap(scores, _numbers(records, _TWIN), ~reference, _numbers(records, _CLUSTER), alpha=alpha)


def _estimate(records: Sequence[Record]) -> Estimate:
    return clustered_interval(np.array([record[_SCORE] for record in records], dtype=float), _numbers(records, _CLUSTER))


def _numbers(records: Sequence[Record], field: int) -> Int[np.ndarray, "n"]:
    """One whole number per distinct id of a field."""
    return number([str(record[field]) for record in records])


def _number(value: float | None) -> float:
    return math.nan if value is None else value
