"""Items: a puzzle, the same without its sheet, and the same in another spelling, next to each other."""

from collections.abc import Iterator
from typing import Any

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.puzzles.rosetta.drawing import LEVELS, Puzzle, Type, draw_puzzle
from lm_eval_ext.puzzles.rosetta.grammar import draw_respelling
from lm_eval_ext.puzzles.rosetta.wording import PROMPT_VERSION, query_of
from lm_eval_ext.puzzles.sources import refuse_other_sources
from lm_eval_ext.seeding import digest, stream

GENERATOR_VERSION = 1
"""Raised when the same seed gives other bytes."""
SHEET, NO_SHEET, RESPELLED = "sheet", "no_sheet", "respelled"
FORMS = (SHEET, NO_SHEET, RESPELLED)


def generate(type_: Type, options: Options) -> Iterator[Item]:
    """Items of one type, the levels in turn, the forms of a puzzle in the order of ``FORMS``.

    Raises:
        InputError: Another source was asked for.
    """
    refuse_other_sources(options, "rosetta")
    revision = digest("rosetta", GENERATOR_VERSION, type_, options.seed)[:16]
    for number in range(options.n):
        level = LEVELS[number % len(LEVELS)]
        rng = stream("rosetta", options.seed, type_, number)
        puzzle = draw_puzzle(rng, type_, level)
        shared = _shared(type_, level, puzzle) | {"source_revision": revision, "twin_id": f"{type_}-{options.seed}-{number}"}
        for form, (sheet, answer) in _forms(puzzle, draw_respelling(rng)).items():
            yield _item(form, sheet, answer, puzzle=puzzle, shared=shared)


def _forms(puzzle: Puzzle, respelling: dict[int, str]) -> dict[str, tuple[list[list[str]], str]]:
    """Sheet and answer of each form."""
    sheet = [[sentence, meaning.english()] for sentence, meaning in puzzle.sheet]
    other = [[sentence.translate(respelling), english] for sentence, english in sheet]
    return {
        SHEET: (sheet, puzzle.answer),
        NO_SHEET: ([], puzzle.answer),
        RESPELLED: (other, puzzle.answer.translate(respelling)),
    }


def _shared(type_: Type, level: int, puzzle: Puzzle) -> dict[str, Any]:
    """What the factors of all forms have in common."""
    family = puzzle.family
    return {
        "setting": type_,
        "factors": {
            "level": level,
            "rules": family.rules,
            "words": sum(family.size) if family.adjectives else sum(family.size[:2]),
            "distractors": family.distractors,
            "sentences": len(puzzle.sheet),
            "unseen_words": puzzle.unseen,
        },
    }


def _item(form: str, sheet: list[list[str]], answer: str, *, puzzle: Puzzle, shared: dict[str, Any]) -> Item:
    twin = shared["twin_id"]
    spec = {
        "sheet": sheet,
        "family": {
            "adjectives": puzzle.family.adjectives,
            "possessors": puzzle.family.possessors,
            "features": puzzle.family.features,
        },
        "solver": {"answers": len(puzzle.solved.answers), "layouts": puzzle.solved.layouts, "tried": puzzle.solved.tried},
        "prompt": PROMPT_VERSION,
    }
    return Item(
        item_id=f"{twin}-{form}",
        family="rosetta",
        setting=shared["setting"],
        twin_id=twin,
        cluster_id=twin,
        factors={"form": form} | shared["factors"],
        source="generated",
        source_revision=shared["source_revision"],
        spec=dump_spec(spec),
        query=query_of(puzzle.question.english()),
        answer=answer,
    )
