"""Every figure of a set of answers about worlds, each with its interval over pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from lm_eval_ext.statistics import Figure, as_figure, estimate, majority_share, number, twin_gap
from lm_eval_ext.worlds.matching import normalise
from lm_eval_ext.worlds.next_link import process_results as process_next_link
from lm_eval_ext.worlds.scoring import place_of, process_results

SCORES: Mapping[str, bool | None] = MappingProxyType(
    {"em": True, "f1": True, "official_em": True, "official_f1": True, "unanswered": False, "acc": True}
)
"""Scores of one answer, 0 to 1, and whether more is better."""
OF_GAP = ("em", "f1", "acc")
"""Scores whose difference between the worlds is a knowledge advantage."""


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
        chance: Share of a uniform guess; None for free answers.
    """

    setting: str
    twin: str
    cluster: str
    world: str
    truth: str
    scores: Mapping[str, float]
    chance: float | None


def judge(doc: Mapping[str, Any], answer: str | tuple[float, ...]) -> Answered:
    """Score one answer: a text, or the log-likelihood of each choice.

    Raises:
        ValueError: The world is neither "rm" nor "sm".
    """
    twin, cluster, world, _ = place_of(doc)
    if isinstance(answer, str):
        values = process_results(doc, [answer])
    else:
        values = process_next_link(doc, [(likelihood, False) for likelihood in answer])
    return Answered(
        setting=doc["setting"],
        twin=twin,
        cluster=cluster,
        world=world,
        truth=normalise(doc["answer"]),
        scores={name: values[name] for name in SCORES if name in values},
        chance=values.get("chance"),
    )


def figures(answered: Sequence[Answered], _controls: Mapping[str, Sequence[Answered]] | None = None) -> list[Figure]:
    """All figures that apply: every score in both worlds together and in each, and the knowledge advantage.

    The advantage is left out where several ways of asking are pooled: its mean over them measures nothing.
    """
    settings = {one.setting for one in answered}
    found = [figure for name in SCORES for figure in _of_score(name, answered)]
    return found + ([figure for name in OF_GAP for figure in _gap(name, answered)] if len(settings) == 1 else [])


def _of_score(name: str, answered: Sequence[Answered]) -> Iterator[Figure]:
    kept = [one for one in answered if name in one.scores]
    for world in ("", "rm", "sm"):
        there = [one for one in kept if world in ("", one.world)]
        if there:
            values, clusters = [one.scores[name] for one in there], [one.cluster for one in there]
            nulls = _nulls(there) if name in ("em", "acc") else {}
            yield as_figure(name, estimate(values, clusters), case=world, nulls=nulls, higher_is_better=SCORES[name])


def _nulls(answered: Sequence[Answered]) -> dict[str, float | None]:
    """Guessing, where there are choices, and the most frequent answer of each world."""
    chances = [one.chance for one in answered if one.chance is not None]
    guess = sum(chances) / len(chances) if len(chances) == len(answered) else None
    majority = majority_share([one.truth for one in answered], [one.world for one in answered])
    return {"guess": guess, "majority": majority}


def _gap(name: str, answered: Sequence[Answered]) -> Iterator[Figure]:
    """The score in the real-mapped world minus that in the synthetic ones, inside twins; nothing with one world alone."""
    kept = [one for one in answered if name in one.scores]
    if {one.world for one in kept} != {"rm", "sm"}:
        return
    gap = twin_gap(
        np.array([one.scores[name] for one in kept], dtype=float),
        number([one.twin for one in kept]),
        np.array([one.world == "rm" for one in kept], dtype=bool),
        number([one.cluster for one in kept]),
    )
    yield as_figure(
        "knowledge_advantage",
        gap,
        case=name,
        unit="difference",
        nulls={"no knowledge": 0.0},
        empty="no_whole_twins",
        higher_is_better=None,
    )
