"""The proof of parallelism: rendered text, names replaced by ids, gives back the symbols it was rendered from, in every world."""

import re
from collections.abc import Iterable, Mapping, Sequence

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.documents import reference, render_text
from lm_eval_ext.worlds.motifs import Question
from lm_eval_ext.worlds.world import World

_WORD = re.compile(r"\w+")


class Inverter:
    """Replaces names by references; of several names that start at one place the longest counts.

    Time grows with the text and hardly with the number of names.

    Example:
        >>> Inverter({"country:1": "Mexico", "city:2": "Mexico City"}).invert("Mexico City lies in Mexico.")
        '[[city:2]] lies in [[country:1]].'
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._entity = {name: entity for entity, name in names.items()}
        spans: dict[str, set[tuple[int, int]]] = {}
        for entity, name in names.items():
            word = _WORD.search(name)
            if word is None:
                raise InputError(f"{entity} is named {name!r}, which holds no letter or digit. Give it a name that does.")
            spans.setdefault(word[0], set()).add((len(name), word.start()))
        # First word -> (length, place of that word) of its names, longest first: few, though many names may share a word.
        self._spans = {word: sorted(found, reverse=True) for word, found in spans.items()}

    def invert(self, text: str) -> str:
        """The text with references in place of names."""
        parts: list[str] = []
        done = 0
        for word in _WORD.finditer(text):
            for length, offset in self._spans.get(word[0], ()) if word.start() >= done else ():
                start = word.start() - offset
                entity = self._entity.get(text[start : start + length])
                if start >= done and entity and not _inside_word(text, start + length):
                    parts += [text[done:start], reference(entity)]
                    done = start + length
                    break
        return "".join([*parts, text[done:]])


def _inside_word(text: str, end: int) -> bool:
    return _WORD.match(text, end) is not None and _WORD.match(text, end - 1) is not None


def render_corpus(world: World, number: int) -> dict[str, str]:
    """Every page as a reader of world ``number`` sees it."""
    return {entity: world.page(entity, number) for entity in world.pages}


def verify_parallel(world: World, questions: Iterable[Question] = (), corpora: Sequence[Mapping[str, str]] | None = None) -> str:
    """Prove that all worlds are one world under several names.

    Equal symbols mean equal links and equal hitting times too, because both are read off the references.

    Args:
        world: The world.
        questions: Questions whose rendering is proved as well.
        corpora: Pages per world number, entity -> text, for example read from a folder; rendered from the world when None.

    Returns:
        SHA-256 of the symbolic corpus.

    Raises:
        ValueError: A page or question of some world is not the symbolic one under that world's names; the line names it.
    """
    rendered = corpora if corpora is not None else [render_corpus(world, number) for number in range(len(world.names))]
    if len(rendered) != len(world.names):
        raise ValueError(f"{len(rendered)} corpora were given for {len(world.names)} worlds.")
    asked = list(questions)
    for number, (names, pages) in enumerate(zip(world.names, rendered, strict=True)):
        inverter = Inverter(names)
        if list(pages) != list(world.pages):
            raise ValueError(f"World {number} has other pages, or in another order, than the symbolic corpus.")
        for entity, page in pages.items():
            _compare(inverter, page, world.pages[entity], f"page {entity} of world {number}")
        for question in asked:
            _compare(inverter, render_text(question.text, names), question.text, f"question {question.text!r} of world {number}")
    return world.corpus


def _compare(inverter: Inverter, text: str, symbolic: str, what: str) -> None:
    found = inverter.invert(text)
    if found != symbolic:
        place = next((i for i, (a, b) in enumerate(zip(found, symbolic, strict=False)) if a != b), min(len(found), len(symbolic)))
        raise ValueError(f"The {what} is not parallel: at character {place} it reads {found[place : place + 40]!r}.")
