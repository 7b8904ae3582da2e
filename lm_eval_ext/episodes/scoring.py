"""Scores of episodes: an episode is played again from the logged outputs, and counted."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from lm_eval_ext.episodes.navigation import Navigation
from lm_eval_ext.episodes.rules import Doc, read_outputs, replay
from lm_eval_ext.episodes.task import open_ircot, open_navigation
from lm_eval_ext.items import dump_spec
from lm_eval_ext.worlds import scoring
from lm_eval_ext.worlds.answers import output_text
from lm_eval_ext.worlds.scoring import Record, place_of
from lm_eval_ext.worlds.trips import site_of

_OF_SUCCESS = (
    *("success_ci_low", "success_ci_high", "success_rm", "success_sm"),
    *("knowledge_advantage", "knowledge_advantage_ci_low", "knowledge_advantage_ci_high", "unpaired"),
)


def process_navigation(doc: Doc, results: Sequence[Any]) -> dict[str, Any]:
    """All metrics of one navigation episode.

    Args:
        doc: Item columns.
        results: The transcript as its only member, see ``rules.Transcript``.

    Returns:
        The same keys in the same order for every episode; records as in ``worlds.scoring``. Those that end in ``_share`` hold a
        pair (how often, of how many steps) as the score, ``detour`` None when the target was not reached.
    """
    episode = open_navigation(doc)
    replay(episode, read_outputs(output_text(results)))
    place, success = place_of(doc), float(episode.reached)
    distance, walk = _floor_and_ceiling(doc)
    return (
        {"success": success, "random_walk": walk, "oracle": float(distance <= episode.most_steps)}
        | {key: [*place, success] for key in _OF_SUCCESS}
        | {f"detour_{world}": [*place, len(episode.steps) / distance if success else None] for world in ("rm", "sm")}
        | {f"{what}_{world}": [*place, share] for what, share in _shares(episode).items() for world in ("rm", "sm")}
    )


def _floor_and_ceiling(doc: Doc) -> tuple[int, float]:
    """Fewest clicks, and the exact probability that a random walk of as many steps reaches the target."""
    spec = json.loads(doc["spec"])
    graph = site_of(spec).graph
    start = graph.number[spec["start"]]
    return int(graph.distances(spec["target"])[start]), float(graph.chances(spec["target"], spec["steps"])[start])


def _shares(episode: Navigation) -> dict[str, list[int]]:
    steps = episode.steps
    return {
        "memory": [sum(step.remembered for step in steps), len(steps)],
        "invalid": [sum(step.move == "invalid" for step in steps), len(steps)],
        "back": [sum(step.move == "back" for step in steps), len(steps)],
    }


def process_ircot(doc: Doc, results: Sequence[Any]) -> dict[str, Any]:
    """All metrics of one IRCoT episode: those of a question, with the recall of the pages shown last.

    Args:
        doc: Item columns.
        results: The transcript as its only member.
    """
    episode = open_ircot(doc)
    replay(episode, read_outputs(output_text(results)))
    spec = json.loads(doc["spec"]) | {"shown": episode.shown}
    scored = scoring.process_results({**doc, "spec": dump_spec(spec)}, [episode.answer or ""])
    return scored | {"asked_outright": float(episode.asked_outright), "thoughts": float(len(episode.thoughts))}


def _mean_known(world: str) -> Callable[[Sequence[Record]], float]:
    def mean(records: Sequence[Record]) -> float:
        return scoring.average([record[-1] for record in records if record[2] == world and record[-1] is not None])

    return mean


def _share(world: str) -> Callable[[Sequence[Record]], float]:
    def share(records: Sequence[Record]) -> float:
        counts = [record[-1] for record in records if record[2] == world]
        steps = sum(count[1] for count in counts)
        return sum(count[0] for count in counts) / steps if steps else math.nan

    return share


mean_known_rm, mean_known_sm = _mean_known("rm"), _mean_known("sm")
"""Mean over the episodes of one world that have a value."""
share_rm, share_sm = _share("rm"), _share("sm")
"""Share of all steps in one world."""
