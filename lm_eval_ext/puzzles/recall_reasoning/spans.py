"""Where in a prompt the things stand that probes look at."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from lm_eval_ext.puzzles.recall_reasoning.drawing import OWN, Puzzle
from lm_eval_ext.puzzles.recall_reasoning.wording import BEFORE_NOTES, BETWEEN, Rendered, Span


def spans_of(puzzle: Puzzle, notes: Sequence[Rendered], query: Rendered, *, answered_by: int) -> dict[str, Any]:
    """Character offsets into the prompt, as pairs of start and end.

    Args:
        puzzle: For the place of each sentence.
        notes: The sentences of the text.
        query: The question.
        answered_by: Hop whose sentence gives the answer, or would where the text states it not.

    Returns:
        ``subject``: the name in the question. ``relation``: the words of the question around it. ``question``: all of it.
        ``facts``: the sentences at the places of the asked chain, hop by hop. ``bearing``: the sentence among them that gives the
        answer where the text does. ``stated``: the name in it that would be the answer.
    """
    starts = list(accumulate((len(note.text) + 1 for note in notes[:-1]), initial=len(BEFORE_NOTES)))
    end = starts[-1] + len(notes[-1].text)
    asked = end + len(BETWEEN)
    whole = Span(asked, asked + len(query.text))
    ((_, subject),) = query.marks
    subject = subject.moved(asked)
    around = [Span(whole.start, subject.start), Span(subject.end, whole.end)]
    places = [puzzle.order.index((OWN, hop)) for hop in range(len(puzzle.pattern))]
    facts = [Span(starts[place], starts[place] + len(notes[place].text)) for place in places]
    place = places[answered_by]
    return {
        "subject": list(subject),
        "relation": [list(span) for span in around if span.start < span.end],
        "question": list(whole),
        "facts": [list(span) for span in facts],
        "bearing": list(facts[answered_by]),
        "stated": list(notes[place].span_of(_object(puzzle, notes[place], answered_by)).moved(starts[place])),
    }


def _object(puzzle: Puzzle, note: Rendered, hop: int) -> str:
    """The entity in a sentence that is the object of the hop in some chain."""
    objects = {chain[hop].object for chain in puzzle.chains.values()}
    return next(entity for entity, _ in note.marks if entity in objects)
