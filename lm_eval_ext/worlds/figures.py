"""Every figure of a set of answers about worlds, each with its interval over pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from lm_eval_ext.statistics import Estimate, Figure, Gap, as_figure, estimate, majority_share, number, twin_gap
from lm_eval_ext.worlds.gaps import FLOORS, Scored, as_scored, gap_above_floor, gap_over_worlds, gap_reduction
from lm_eval_ext.worlds.matching import normalise
from lm_eval_ext.worlds.next_link import process_results as process_next_link
from lm_eval_ext.worlds.scoring import place_of, process_results
from lm_eval_ext.worlds.world import REAL

SCORES: Mapping[str, bool | None] = MappingProxyType(
    {"em": True, "f1": True, "official_em": True, "official_f1": True, "unanswered": False, "acc": True, "success": True}
)
"""Scores of one answer, 0 to 1, and whether more is better."""
OF_GAP = ("em", "f1", "acc", "success")
"""Scores whose difference between the worlds is a knowledge advantage."""
HEADLINES = ("em", "acc", "success")
"""Those of which the advantage is also counted from floors, over several worlds and against closed_book."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One judged answer.

    Attributes:
        setting: Way of asking.
        twin: Name of its twin.
        cluster: The page that was sampled.
        world: ``rm`` or ``sm``.
        truth: The right answer, as answers are compared.
        scores: By name, 0 to 1; those that the way of asking has.
        chance: Share of a uniform guess or of a random walk; None for free answers.
        origin: What gaps are formed over, its score left open.
    """

    setting: str
    twin: str
    cluster: str
    world: str
    truth: str
    scores: Mapping[str, float]
    chance: float | None
    origin: Scored


def judge(doc: Mapping[str, Any], answer: str | tuple[float, ...]) -> Answered:
    """Score one answer: a text, or the log-likelihood of each choice.

    Raises:
        ValueError: The world is neither "rm" nor "sm".
    """
    if isinstance(answer, str):
        return answered_with(doc, process_results(doc, [answer]))
    return answered_with(doc, process_next_link(doc, [(likelihood, False) for likelihood in answer]))


def answered_with(doc: Mapping[str, Any], values: Mapping[str, Any]) -> Answered:
    """An answer whose scores are known: those of ``values`` that are named in ``SCORES``, and ``chance``.

    Raises:
        ValueError: The world is neither "rm" nor "sm".
    """
    twin, cluster, world, _ = place_of(doc)
    return Answered(
        setting=doc["setting"],
        twin=twin,
        cluster=cluster,
        world=world,
        truth=normalise(doc["answer"]),
        scores={name: values[name] for name in SCORES if name in values},
        chance=values.get("chance"),
        origin=replace(as_scored(doc, 0.0), chance=values.get("chance")),
    )


def figures(answered: Sequence[Answered], controls: Mapping[str, Sequence[Answered]] = MappingProxyType({})) -> list[Figure]:
    """All figures that apply: every score in both worlds together and in each, and the knowledge advantage in its forms.

    The advantage is left out where several ways of asking are pooled: its mean over them measures nothing.

    Args:
        answered: Judged answers.
        controls: By name, judged answers of the same run; ``closed_book`` is what an advantage is compared with.
    """
    found = [figure for name in SCORES for figure in _of_score(name, answered)]
    if len({one.setting for one in answered}) != 1:
        return found
    base = controls.get("closed_book", ())
    return found + [figure for name in OF_GAP for figure in _gaps(name, _with_score(name, answered), _with_score(name, base))]


def _of_score(name: str, answered: Sequence[Answered]) -> Iterator[Figure]:
    kept = [one for one in answered if name in one.scores]
    for world in ("", "rm", "sm"):
        there = [one for one in kept if world in ("", one.world)]
        if there:
            values, clusters = [one.scores[name] for one in there], [one.cluster for one in there]
            nulls = _nulls(name, there) if name in HEADLINES else {}
            yield as_figure(name, estimate(values, clusters), case=world, nulls=nulls, higher_is_better=SCORES[name])


def _nulls(name: str, answered: Sequence[Answered]) -> dict[str, float | None]:
    """Guessing, where there are choices or links, and of answers the most frequent one of each world."""
    chances = [one.chance for one in answered if one.chance is not None]
    guess = sum(chances) / len(chances) if len(chances) == len(answered) else None
    if name == "success":
        return {"guess": guess}
    return {"guess": guess, "majority": majority_share([one.truth for one in answered], [one.world for one in answered])}


def _with_score(name: str, answered: Sequence[Answered]) -> list[Scored]:
    return [replace(one.origin, score=one.scores[name]) for one in answered if name in one.scores]


def _gaps(name: str, scored: Sequence[Scored], base: Sequence[Scored]) -> Iterator[Figure]:
    """The score in the real-mapped world minus that in the synthetic ones, inside twins; nothing with one world alone."""
    if {one.world == REAL for one in scored} != {True, False}:
        return
    gap = twin_gap(
        np.array([one.score for one in scored], dtype=float),
        number([one.twin for one in scored]),
        np.array([one.world == REAL for one in scored], dtype=bool),
        number([one.cluster for one in scored]),
    )
    yield _difference("knowledge_advantage", name, gap, {"no knowledge": 0.0})
    if name in HEADLINES:
        yield from _above_floors(name, scored)
        yield from _over_worlds(name, scored)
        if base:
            yield _difference("gap_reduction", name, gap_reduction(base, scored), {"no change": 0.0})


def _above_floors(name: str, scored: Sequence[Scored]) -> Iterator[Figure]:
    for floor in FLOORS:
        found = gap_above_floor(scored, floor, score=name)
        if found is not None and floor != "empty":  # the plain advantage is counted from it
            yield _difference("knowledge_advantage", f"{name} above {floor}", found, {"no knowledge": 0.0})


def _over_worlds(name: str, scored: Sequence[Scored]) -> Iterator[Figure]:
    """With several synthetic worlds: the interval that holds for others too; its clusters are the worlds."""
    found = gap_over_worlds(scored)
    if found.n_worlds > 1:
        counts = (found.n, found.n_worlds, None)
        over = Estimate(found.value, found.low, found.high, found.stderr, *counts)
        yield _difference("knowledge_advantage", f"{name} over worlds", over, {"no knowledge": 0.0})


def _difference(name: str, case: str, found: Estimate | Gap, nulls: Mapping[str, float | None]) -> Figure:
    return as_figure(name, found, case=case, unit="difference", nulls=nulls, empty="no_whole_twins", higher_is_better=None)
