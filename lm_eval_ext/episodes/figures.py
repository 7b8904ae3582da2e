"""Episodes in the breakdown of a run: judged by playing them again."""

from collections.abc import Mapping
from typing import Any

from lm_eval_ext.episodes.scoring import process_ircot, process_navigation
from lm_eval_ext.worlds import figures
from lm_eval_ext.worlds.figures import Answered


def judge(doc: Mapping[str, Any], answer: str | tuple[float, ...]) -> Answered:
    """Score one answer to an item about worlds; that of an episode is its transcript.

    Raises:
        ValueError: The world is neither "rm" nor "sm".
    """
    setting = str(doc["setting"])
    if setting == "ircot":
        return figures.answered_with(doc, process_ircot(doc, [answer]))
    if setting.startswith("navigation_"):
        played = process_navigation(doc, [answer])
        return figures.answered_with(doc, {**played, "chance": played["random_walk"]})
    return figures.judge(doc, answer)
