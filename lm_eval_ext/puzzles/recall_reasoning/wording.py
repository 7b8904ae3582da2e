"""Questions and texts in words, with the places of what probes look at."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lm_eval_ext.puzzles.recall_reasoning.chains import Chain
from lm_eval_ext.puzzles.recall_reasoning.drawing import DECOY, OWN, Puzzle
from lm_eval_ext.puzzles.recall_reasoning.labels import Stated
from lm_eval_ext.worlds.documents import reference, symbols
from lm_eval_ext.worlds.facts import FactTable
from lm_eval_ext.worlds.motifs.question import sentence

PROMPT_VERSION = 1
BEFORE_NOTES = "Answer the question with a name only. The notes may help.\n\nNotes:\n"
BETWEEN = "\n\nQuestion: "
"""Between the last note and the question."""


class Span(NamedTuple):
    """A stretch of a text, in characters; ``end`` is the first one after it."""

    start: int
    end: int

    def moved(self, by: int) -> "Span":
        """The same stretch of a text that begins ``by`` characters earlier."""
        return Span(self.start + by, self.end + by)


class Rendered(NamedTuple):
    """A text with names in it.

    Attributes:
        text: The text.
        marks: (entity, where its name stands), in order.
    """

    text: str
    marks: tuple[tuple[str, Span], ...]

    def span_of(self, entity: str) -> Span:
        """Where the entity is named last."""
        return [span for named, span in self.marks if named == entity][-1]


def render(symbolic: str, names: Mapping[str, str]) -> Rendered:
    """A symbolic text with names in place of references.

    Example:
        >>> found = render("[[city:1]] lies in [[country:2]].", {"city:1": "Lyon", "country:2": "France"})
        >>> found.text, found.marks[1]
        ('Lyon lies in France.', ('country:2', Span(start=13, end=19)))
    """
    text, marks, rest = "", list[tuple[str, Span]](), symbolic
    for entity in symbols(symbolic):
        before, _, rest = rest.partition(reference(entity))
        start = len(text) + len(before)
        text += before + names[entity]
        marks.append((entity, Span(start, len(text))))
    return Rendered(text + rest, tuple(marks))


def question_of(table: FactTable, chain: Chain, wording: int) -> str:
    """The symbolic question for the end of a chain, which names nothing but its start."""
    return sentence(table.relations[chain[-1].relation].questions[wording].format(s=_described(table, chain)))


def _described(table: FactTable, chain: Chain) -> str:
    """The subject of the last fact: its name, or the way to it from the chain's start."""
    inner = reference(chain[0].subject)
    for fact in chain[:-1]:
        inner = table.relations[fact.relation].noun.format(s=inner)
    return inner


def notes_of(table: FactTable, puzzle: Puzzle, stated: Stated) -> list[str]:
    """The symbolic sentences of the text beside a question."""
    chains = puzzle.chains | ({OWN: puzzle.chains[DECOY]} if stated == "nothing" else {})
    last = len(puzzle.pattern) - 1
    return [
        _outright(table, chains[role])
        if stated == "answer" and hop == last
        else _plain(table, chains[role], hop, puzzle.sentences[hop])
        for role, hop in puzzle.order
    ]


def _plain(table: FactTable, chain: Chain, hop: int, wording: int) -> str:
    fact = chain[hop]
    return table.relations[fact.relation].sentences[wording].format(s=reference(fact.subject), o=reference(fact.object))


def _outright(table: FactTable, chain: Chain) -> str:
    """The answer in the words of the question."""
    words = table.relations[chain[-1].relation].sentences[0]
    return sentence(words.format(s=_described(table, chain), o=reference(chain[-1].object)))


def prompt(notes: Sequence[str], query: str) -> str:
    """The whole prompt; the answer is expected right after it.

    Example:
        >>> print(prompt(["Lima is the capital of Peru."], "What is the capital of Peru?"))
        Answer the question with a name only. The notes may help.
        <BLANKLINE>
        Notes:
        Lima is the capital of Peru.
        <BLANKLINE>
        Question: What is the capital of Peru?
        Answer:
    """
    return "".join([BEFORE_NOTES, "\n".join(notes), BETWEEN, query, "\nAnswer:"])
