"""Knowledge advantage beyond its plain form: above a floor, over several synthetic worlds, and as it changes between settings.

Everything here works on answers that are scored already, for example on the samples that lm-eval logs.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import fmean
from typing import Any, Literal

import numpy as np

from lm_eval_ext.statistics import Bounds, Estimate, clustered_mean, majority_share, number
from lm_eval_ext.statistics.crossed import Crossed, crossed_mean
from lm_eval_ext.worlds.generate import only_world_fields, world_of_spec
from lm_eval_ext.worlds.matching import normalise
from lm_eval_ext.worlds.world import REAL

Floor = Literal["chance", "majority_of_type", "random_of_type", "empty"]
FLOORS: tuple[Floor, ...] = ("chance", "majority_of_type", "random_of_type", "empty")
"""What an answerer reaches that guesses among the choices, that names the most frequent answer of the asked type, known in
advance, that names any entity of that type, or that says nothing."""
_OF_SILENCE = {"official_em": 1.0, "official_f1": 1.0}
"""Scores that an empty answer gets; 0 in all others."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One scored answer, with what gaps are formed over.

    Attributes:
        twin: Name of its twin, the same in every setting.
        cluster: The page that was sampled.
        world: Number of the world, 0 for the real-mapped one.
        score: 0 to 1.
        answer: The right answer, as answers are compared.
        kind: Type of the right answer where the item tells it, else the relation that is asked last.
        peers: Entities of that type in the world; None where the item does not tell.
        chance: Share of a guess among the choices; None for free answers.
    """

    twin: str
    cluster: str
    world: int
    score: float
    answer: str
    kind: str
    peers: int | None
    chance: float | None


def read_scored(samples: Iterable[Mapping[str, Any]], score: str = "em") -> list[Scored]:
    """Answers of one setting out of logged samples.

    Args:
        samples: Lines of a samples file; each has ``doc`` and the scores of the document.
        score: Which score, one number per sample.
    """
    return [as_scored(sample["doc"], float(sample[score])) for sample in samples]


def as_scored(doc: Mapping[str, Any], score: float) -> Scored:
    """A document's answer with its score.

    Raises:
        ValueError: The document tells no world.
    """
    spec, factors = json.loads(doc["spec"]), json.loads(doc["factors"])
    right = {doc["answer"], *doc["answer_aliases"]}
    kind, peers = _kind(spec, factors)
    return Scored(
        twin=doc["twin_id"],
        cluster=doc["cluster_id"],
        world=_world_number(doc["item_id"], factors["world"]),
        score=score,
        answer=normalise(doc["answer"]),
        kind=kind,
        peers=peers,
        chance=len(right & set(doc["choices"])) / len(doc["choices"]) if doc["choices"] else None,
    )


def _world_number(item_id: str, world: str) -> int:
    """Item ids end in the name of the world: ``-rm``, ``-sm`` or ``-sm1``, ``-sm2``."""
    if world == "rm":
        return REAL
    name = item_id.rpartition("-")[2]
    return int(name.removeprefix("sm") or 1)


def _kind(spec: Mapping[str, Any], factors: Mapping[str, Any]) -> tuple[str, int | None]:
    """Type of the answer and how many are of it, where the item was made from packaged facts; else the relation asked last."""
    if "answer" in spec and spec.get("facts", "core") in ("core", "full"):
        types = _types(only_world_fields(spec))
        if spec["answer"] in types:
            kind = types[spec["answer"]]
            return kind, sum(other == kind for other in types.values())
    return str(factors.get("relation", "")).rpartition(" > ")[2], None


@lru_cache(maxsize=8)
def _types(made_from: str) -> dict[str, str]:
    """Type of every entity of a generated world."""
    world = world_of_spec(json.loads(made_from))
    return {entity: world.table.entities[entity].type for entity in (*world.universe.entities, *world.universe.literals)}


def floor_share(scored: Sequence[Scored], floor: Floor, score: str = "em") -> float | None:
    """Mean score of an answerer that does not know, over answers of one world.

    Returns:
        Share in [0, 1]; None where the answers do not tell it, or there is none.

    Example:
        >>> one = Scored(twin="t", cluster="c", world=0, score=1.0, answer="lima", kind="city", peers=4, chance=None)
        >>> floor_share([one], "random_of_type"), floor_share([one], "chance"), floor_share([one], "empty", "official_em")
        (0.25, None, 1.0)
    """
    if not scored:
        return None
    if floor == "empty":
        return _OF_SILENCE.get(score, 0.0)
    if floor == "majority_of_type":
        return majority_share([one.answer for one in scored], [(one.world, one.kind) for one in scored])
    shares = [one.chance if floor == "chance" else 1.0 / one.peers if one.peers else None for one in scored]
    known = [share for share in shares if share is not None]
    return fmean(known) if len(known) == len(shares) else None


def gap_above_floor(scored: Sequence[Scored], floor: Floor, *, score: str = "em", alpha: float = 0.05) -> Estimate | None:
    """Knowledge advantage of scores counted from a floor: (s - f) / (1 - f), with one floor f per kind of world.

    0 says that nothing more was right than by the floor, 1 that everything was. A kind of world whose mean lies below its floor
    counts as 0: less than an answerer reaches that does not know is no more of not knowing. The floors are taken as given.

    Args:
        scored: Answers of one setting.
        floor: Which floor.
        score: Name of the score, for the floor ``empty``.
        alpha: Two-sided error rate.

    Returns:
        The mean over whole twins, -1 to 1; None where a floor is unknown or is 1, so that nothing is above it.
    """
    arms = _arms(scored)
    floors = [floor_share(arm, floor, score) for arm in arms]
    if any(share is None or share >= 1.0 for share in floors):
        return None
    bases = [float(share or 0.0) for share in floors]
    above = [pair for arm, base in zip(arms, bases, strict=True) for pair in _above(arm, base)]
    reach = 2.0 / (1.0 - max(bases))  # of one twin
    gaps = _gaps(above)
    mean = clustered_mean(np.array(list(gaps.values())), _clusters(scored, gaps), scale=Bounds(-reach, reach), alpha=alpha)
    return _within_one(mean)


def _within_one(mean: Estimate) -> Estimate:
    """The interval without what a mean cannot be: it lies within -1 to 1, though single twins may not."""
    if mean.low is None or mean.high is None:
        return mean
    return replace(mean, low=max(mean.low, -1.0), high=min(mean.high, 1.0))


def _above(arm: Sequence[Scored], base: float) -> list[tuple[Scored, float]]:
    if fmean(one.score for one in arm) < base:
        return [(one, 0.0) for one in arm]
    return [(one, (one.score - base) / (1.0 - base)) for one in arm]


def gap_over_worlds(scored: Sequence[Scored], *, alpha: float = 0.05) -> Crossed:
    """Knowledge advantage with its error over questions and over synthetic worlds.

    Every whole pair (a question's real-mapped answer, its answer in one synthetic world) is one value.
    """
    real = {one.twin: one for one in scored if one.world == REAL}
    pairs = [(real[one.twin], one) for one in scored if one.world != REAL and one.twin in real]
    values = np.array([one.score - other.score for one, other in pairs], dtype=float)
    return crossed_mean(values, number([one.cluster for one, _ in pairs]), number([two.world for _, two in pairs]), alpha=alpha)


def gap_reduction(base: Sequence[Scored], other: Sequence[Scored], *, alpha: float = 0.05) -> Estimate:
    """How much smaller the knowledge advantage of one setting is than that of another: base minus other, twin by twin.

    Positive: the other setting (pages, retrieval) closes the gap. Only questions with whole twins in both settings count.

    Args:
        base: Answers of closed_book, or of navigation by links alone.
        other: Answers of the other setting to the same questions.
        alpha: Two-sided error rate.

    Source:
        SynthWorlds, arXiv:2510.24427; the paired form by this package.

    Example:
        >>> def pair(twin, real, synthetic):
        ...     own = {"twin": twin, "cluster": twin, "answer": "a", "kind": "city", "peers": None, "chance": None}
        ...     return [Scored(world=0, score=real, **own), Scored(world=1, score=synthetic, **own)]
        >>> found = gap_reduction(pair("t", 1.0, 0.0) + pair("u", 1.0, 0.0), pair("t", 1.0, 1.0) + pair("u", 1.0, 0.0))
        >>> found.value, found.n
        (0.5, 2)
    """
    before, after = (_gaps([(one, one.score) for one in scored]) for scored in (base, other))
    both = {twin: before[twin] - after[twin] for twin in before if twin in after}
    return clustered_mean(np.array(list(both.values())), _clusters(base, both), scale=Bounds(-2.0, 2.0), alpha=alpha)


def _arms(scored: Sequence[Scored]) -> tuple[list[Scored], list[Scored]]:
    real = [one for one in scored if one.world == REAL]
    return real, [one for one in scored if one.world != REAL]


def _gaps(values: Iterable[tuple[Scored, float]]) -> dict[str, float]:
    """Real-mapped minus mean synthetic-mapped value of every whole twin."""
    arms: defaultdict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for one, value in values:
        arms[one.twin][one.world != REAL].append(value)
    return {twin: fmean(real) - fmean(synthetic) for twin, (real, synthetic) in arms.items() if real and synthetic}


def _clusters(scored: Sequence[Scored], twins: Iterable[str]) -> Any:
    cluster = {one.twin: one.cluster for one in scored}
    return number([cluster[twin] for twin in twins])
