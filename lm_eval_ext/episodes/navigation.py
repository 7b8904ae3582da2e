"""Page navigation: from a start page to a target by links, one link a step, with a way back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lm_eval_ext.episodes.rules import Request
from lm_eval_ext.worlds.documents import references
from lm_eval_ext.worlds.matching import normalise
from lm_eval_ext.worlds.parallel import Inverter
from lm_eval_ext.worlds.trips import Site

STEPS = 30
"""Most steps where none are given; the limit of LLM-WikiRace (arXiv:2602.16902), as SynthWorlds' is not known."""
BACK = "Back"
BACK_PLACE = -1
"""In place of a link's place."""
_CUE = re.compile(r"(?i)\blink\s*:")
_TASK = f"Reach a page by links: in every step take one link of the page you are on, or go {BACK} to the page before it."

Move = Literal["click", "back", "invalid"]


@dataclass(frozen=True)
class Step:
    """What one turn did.

    Attributes:
        move: A click, a way back, or nothing that the rules know, which leaves the page as it is.
        page: The page after the step.
        remembered: Whether the output names a page of the world that what the model was shown does not name.
    """

    move: Move
    page: str
    remembered: bool


class Navigation:
    """One episode. A step is a click, a way back or an invalid action; reaching the target or the last step ends it."""

    def __init__(self, site: Site, ends: tuple[str, str], *, steps: int, content: bool) -> None:
        self._site, self._content, self.most_steps = site, content, steps
        self.start, self.target = ends
        self._path = [self.start]
        self.steps: list[Step] = []

    @property
    def page(self) -> str:
        """The page that is open."""
        return self._path[-1]

    @property
    def reached(self) -> bool:
        """Whether the target is open."""
        return self.page == self.target

    @property
    def finished(self) -> bool:
        """Whether no further turn follows."""
        return self.reached or len(self.steps) >= self.most_steps

    @property
    def links(self) -> tuple[str, ...]:
        """Links of the open page, as the model is shown them."""
        return self._site.graph.links[self.page]

    def request(self) -> Request:
        """The open page and the way to it."""
        titles = self._site.titles
        shown = [f"You are on the page: {titles[self.page]}"]
        shown += [self._site.text(self.page)] if self._content else []
        way = " > ".join(titles[page] for page in [self.start, *(step.page for step in self.steps)])
        text = "\n".join(
            [
                _TASK,
                "",
                f"You want to reach: {titles[self.target]}",
                f"Your way so far: {way}",
                f"Steps left: {self.most_steps - len(self.steps)}",
                *shown,
                f"Its links: {', '.join(titles[link] for link in self.links)}",
                "",
                f'Answer in two lines: "Thought:" and one sentence, then "Link:" and one of the links, or {BACK}.',
                "Thought:",
            ]
        )
        return Request(text, ("\n\n",), 64)

    def advance(self, output: str) -> None:
        """Follow the link that the output names."""
        remembered = bool(self._site.named(output) - self._shown())
        move = self._follow(read_link(output, [self._site.titles[link] for link in self.links]))
        self.steps.append(Step(move, self.page, remembered))

    def _shown(self) -> set[str]:
        """Pages that the prompt of this step names."""
        text = self._site.named(self._site.text(self.page)) if self._content else set[str]()
        return text | {self.start, self.target, self.page, *self.links, *(step.page for step in self.steps)}

    def _follow(self, place: int | None) -> Move:
        if place is None or (place == BACK_PLACE and len(self._path) == 1):
            return "invalid"
        if place == BACK_PLACE:
            self._path.pop()
            return "back"
        self._path.append(self.links[place])
        return "click"


def read_link(output: str, titles: Sequence[str]) -> int | None:
    """Place of the link that an output names; ``BACK_PLACE`` for the way back; None when it names none, or several.

    What follows the last "Link:" counts, up to the end of its line; without that cue the whole output. It must be a title, or
    hold one title, however often, and no other; a title inside a longer one that is named does not count.

    Example:
        >>> read_link("It lies in Europe. Link: France.", ["Paris", "France"]), read_link("Paris or France", ["Paris", "France"])
        (1, None)
    """
    cues = list(_CUE.finditer(output))
    said = output[cues[-1].end() :].strip().split("\n")[0] if cues else output
    options = {normalise(title): place for place, title in enumerate(titles)}
    if normalise(said) in options:
        return options[normalise(said)]
    if normalise(said) == normalise(BACK):
        return BACK_PLACE
    places = {str(place): title.casefold() for place, title in enumerate(titles)}
    found = set(references(Inverter(places).invert(said.casefold().replace("[[", ""))))
    return int(found.pop()) if len(found) == 1 else None
