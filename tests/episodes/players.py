"""Models that play by rule: one knows the way, one clicks at random, one says what it is told. None computes anything."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from lm_eval.api.model import LM

from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.trips import Site

Policy = Callable[[str], str]
"""Prompt -> output."""

_SHOWN = re.compile(
    r"You want to reach: (?P<target>.*)\n(?s:.*)You are on the page: (?P<page>.*)\n(?s:.*)Its links: (?P<links>.*)\n"
)


def shown(prompt: str) -> tuple[str, str, list[str]]:
    """Target, page and links that a navigation prompt names."""
    found = _SHOWN.search(prompt)
    assert found is not None, prompt
    return found["target"], found["page"], found["links"].split(", ")


def knows_the_way(*sites: Site) -> Policy:
    """Takes the first link of a shortest way, in the world whose titles it sees."""
    by_title = [({title: page for page, title in site.titles.items()}, site) for site in sites]

    def answer(prompt: str) -> str:
        target, page, _ = shown(prompt)
        pages, site = next((pages, site) for pages, site in by_title if target in pages and page in pages)
        step = site.graph.first_steps(pages[page], pages[target])[0]
        return f" It is nearer there.\nLink: {site.titles[step]}"

    return answer


def clicks_at_random(salt: object) -> Policy:
    """Takes each link with the same probability; the same prompt gives the same link."""
    return lambda prompt: f" I guess.\nLink: {stream('policy', salt, prompt).choice(shown(prompt)[2])}"


class Scripted(LM):
    """An lm-eval model that answers by a policy, and counts what it was asked."""

    def __init__(self, policy: Policy, *, seconds: float = 0.0) -> None:
        super().__init__()
        self._policy, self._seconds = policy, seconds
        self.calls: list[int] = []

    @property
    def tokenizer_name(self) -> str:
        return "scripted"

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        self.calls.append(len(requests))
        time.sleep(self._seconds)
        return [self._policy(request.args[0]) for request in requests]

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> Any:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> Any:
        raise NotImplementedError

    def chat_template(self, chat_template: bool | str = False) -> str:
        return "<user>{content}<model>"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return "".join(f"<user>{turn['content']}" for turn in chat_history) + "<model>" * add_generation_prompt
