"""Questions over a world, each with one answer and every hop on another page."""

from collections.abc import Iterator, Sequence
from random import Random

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.documents import symbols
from lm_eval_ext.worlds.motifs import MOTIFS, FactGraph, Question, choose_motifs
from lm_eval_ext.worlds.world import World

_TRIES = 20_000
"""Draws before a motif is given up; some need facts that are rare."""
DEFAULT_MOTIFS = ("fact", "chain")


def ask(world: World, *, seed: int, motifs: Sequence[str] = DEFAULT_MOTIFS) -> Iterator[Question]:
    """Endless distinct questions, motifs taking turns; the first n do not depend on how many are taken.

    Raises:
        InputError: A motif is unknown, or the world has no further question of the motif whose turn it is.
    """
    chosen = choose_motifs(motifs)
    graph, seen, number = FactGraph(world), set[tuple[str, ...]](), 0
    while True:
        motif = chosen[number % len(chosen)]
        drawn = _draws(graph, motif, stream("question", seed, number))
        question = next((question for question in drawn if _key(question) not in seen), None)
        if question is None:
            raise InputError(_exhausted(world, motif, number))
        seen.add(_key(question))
        yield question
        number += 1


def _draws(graph: FactGraph, motif: str, rng: Random) -> Iterator[Question]:
    """What a limited number of draws gives."""
    for _ in range(_TRIES if graph.relations else 0):
        question = MOTIFS[motif].draw(graph, rng)
        if question:
            yield question


def _key(question: Question) -> tuple[str, ...]:
    """What makes a question the same as another one, however worded."""
    return (question.motif, *question.relations, *sorted(symbols(question.text)))


def _exhausted(world: World, motif: str, number: int) -> str:
    return (
        f"{number} questions are all that a world of {len(world.universe.entities)} pages yields: it holds no further one of "
        f"motif {motif}, which needs {MOTIFS[motif].needs}. "
        f"Give more pages (--metadata '{{\"pages\": …}}'), facts with more relations, a smaller n, or motifs without {motif}."
    )
