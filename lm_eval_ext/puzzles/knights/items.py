"""Items: a puzzle and its six perturbed forms, next to each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.puzzles.knights.drawing import Neighbours, Puzzle, draw_neighbours
from lm_eval_ext.puzzles.knights.logic import as_data
from lm_eval_ext.puzzles.knights.wording import (
    COMMON,
    FLIPPED,
    KNIGHTS,
    PAIRS,
    PROMPT_VERSION,
    UNCOMMON,
    Words,
    answer_text,
    draw_names,
    puzzle_text,
)
from lm_eval_ext.puzzles.sources import refuse_other_sources
from lm_eval_ext.seeding import digest, stream

GENERATOR_VERSION = 1
"""Raised when the same seed gives other bytes."""
FEWEST, MOST = 2, 8
"""People of a puzzle; puzzles take the numbers in turn."""
ORIGINAL = "original"
OTHER_LOGIC = ("perturbed_statement", "perturbed_leaf")
"""Forms with another solution: who has learnt the original by heart is wrong."""
OTHER_WORDS = ("reorder_statement", "uncommon_name", "flip_role", "random_pair")
"""Forms that are the same puzzle in other words."""
FORMS = (ORIGINAL, *OTHER_LOGIC, *OTHER_WORDS)


@dataclass(frozen=True)
class _Form:
    """How a puzzle is put."""

    puzzle: Puzzle
    names: list[str]
    words: Words
    order: list[int]


def generate(options: Options) -> Iterator[Item]:
    """Items, the forms of a puzzle in the order of ``FORMS``.

    Raises:
        InputError: Another source was asked for.
    """
    refuse_other_sources(options, "knights")
    revision = digest("knights", GENERATOR_VERSION, options.seed)[:16]
    for number in range(options.n):
        twin = f"{options.seed}-{number}"
        people = FEWEST + number % (MOST - FEWEST + 1)
        for name, form in _forms(options.seed, number, people).items():
            yield _item(name, form, twin=twin, revision=revision)


def _forms(seed: int, number: int, people: int) -> dict[str, _Form]:
    rng = stream("knights", seed, number)
    found: Neighbours = draw_neighbours(rng, people)
    names, others = draw_names(rng, COMMON, people), draw_names(rng, UNCOMMON, people)
    order = list(range(people))
    reordered = rng.sample(order, people)
    while reordered == order:
        reordered = rng.sample(order, people)
    return {
        ORIGINAL: _Form(found.original, names, KNIGHTS, order),
        "perturbed_statement": _Form(found.perturbed_statement, names, KNIGHTS, order),
        "perturbed_leaf": _Form(found.perturbed_leaf, names, KNIGHTS, order),
        "reorder_statement": _Form(found.original, names, KNIGHTS, reordered),
        "uncommon_name": _Form(found.original, others, KNIGHTS, order),
        "flip_role": _Form(found.original, names, FLIPPED, order),
        "random_pair": _Form(found.original, names, rng.choice(PAIRS), order),
    }


def _item(name: str, form: _Form, *, twin: str, revision: str) -> Item:
    puzzle, words = form.puzzle, form.words
    spec = {
        "statements": [as_data(statement) for statement in puzzle.statements],
        "roles": list(puzzle.roles),
        "names": form.names,
        "words": [words.truthful, words.lying],
        "order": form.order,
        "prompt": PROMPT_VERSION,
    }
    return Item(
        item_id=f"{twin}-{name}",
        family="knights",
        setting="knights",
        twin_id=twin,
        cluster_id=twin,
        factors={"form": name, "people": len(form.names)},
        source="generated",
        source_revision=revision,
        spec=dump_spec(spec),
        query=puzzle_text(puzzle.statements, form.names, words, form.order),
        answer=answer_text(puzzle.roles, form.names, words),
    )
