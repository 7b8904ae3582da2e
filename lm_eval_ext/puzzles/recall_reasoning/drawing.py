"""Which chain is asked about, and which others stand beside it: in symbols, before anything has a name."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from lm_eval_ext.errors import InputError
from lm_eval_ext.puzzles.recall_reasoning.chains import Chain, Chains, Pattern, entities_of
from lm_eval_ext.puzzles.recall_reasoning.naming import Length
from lm_eval_ext.seeding import stream

OWN, DECOY, SWAP = "own", "decoy", "swap"
DISTRACTORS = ("distractor1", "distractor2")
"""Roles of chains. The text states ``own`` or, in its place, ``decoy``, and always the distractors; ``swap`` it never states."""

_TRIES = 2_000
_CANDIDATES = 400


@dataclass(frozen=True)
class Puzzle:
    """A question in symbols, with all that its items have in common.

    Attributes:
        pattern: Relations that are followed.
        chains: By role; no two share an entity, and all follow the pattern.
        question: Number of the wording of the last relation's question.
        sentences: Number of the wording of each relation's sentence.
        order: (role, hop) of every sentence of the text, in order; ``own`` stands for the place of ``decoy`` too.
        part_questions: Number of the wording of each hop's own question.
    """

    pattern: Pattern
    chains: dict[str, Chain]
    question: int
    sentences: tuple[int, ...]
    order: tuple[tuple[str, int], ...]
    part_questions: tuple[int, ...]

    @property
    def entities(self) -> tuple[str, ...]:
        """All entities, each once."""
        return tuple(dict.fromkeys(entity for chain in self.chains.values() for entity in entities_of(chain)))

    @property
    def models(self) -> dict[str, str]:
        """Entity -> the one that it is as long as: itself, or what stands in its place where the text does not state it.

        So texts that state the facts in invented names are as long as those that do not. The asked subject keeps its own length,
        because the question names it too.
        """
        own, decoy = (entities_of(self.chains[role]) for role in (OWN, DECOY))
        return {entity: entity for entity in self.entities} | dict(zip(own[1:], decoy[1:], strict=True))

    @property
    def fact(self) -> str:
        """Name of the fact that holds the answer; questions that end in it belong together."""
        last = self.chains[OWN][-1]
        return f"{last.subject}|{last.relation}"


def draw_puzzles(chains: Chains, hops: int, *, seed: int, length: Length) -> Iterator[Puzzle]:
    """Endless distinct puzzles; the first n do not depend on how many are taken.

    Args:
        chains: Of the table.
        hops: Facts that the question follows.
        seed: Names the puzzles.
        length: Length of a name, for decoys that are as long as what they replace.

    Raises:
        InputError: The table holds no further one.
    """
    patterns, seen, number = chains.patterns(hops), set[Chain](), 0
    while True:
        rng = stream("recall_reasoning", seed, hops, number)
        puzzle = next(_draws(chains, patterns, rng, length=length, seen=seen), None)
        if puzzle is None:
            raise InputError(
                f"{number} questions are all that these facts yield for {hops} hops. Give a smaller n, or more facts "
                '(--metadata \'{"facts": "full"}\').'
            )
        seen.add(puzzle.chains[OWN])
        yield puzzle
        number += 1


def _draws(chains: Chains, patterns: tuple[Pattern, ...], rng: Random, *, length: Length, seen: set[Chain]) -> Iterator[Puzzle]:
    for _ in range(_TRIES if patterns else 0):
        pattern = rng.choice(patterns)
        own = rng.choice(chains.askable(pattern))
        if own not in seen:
            chosen = _companions(chains, own, rng, length=length)
            if chosen is not None:
                yield _worded(chains, pattern, chosen, rng)


def _companions(chains: Chains, own: Chain, rng: Random, *, length: Length) -> dict[str, Chain] | None:
    """Chains for every role, their subjects as long as the asked one where there are such; None where there are too few.

    That of the decoy is always as long, and the rest of it as near as can be.
    """
    every = chains.askable(tuple(fact.relation for fact in own))
    pool = rng.sample(every, min(len(every), _CANDIDATES))
    lengths = [[length(chains.table.real_names[entity]) for entity in entities_of(chain)] for chain in (own, *pool)]
    misses = [[abs(one - two) for one, two in zip(row, lengths[0], strict=True)] for row in lengths[1:]]
    by_subject = sorted(range(len(pool)), key=lambda place: misses[place][0])
    by_all = sorted(by_subject, key=lambda place: (misses[place][0], sum(misses[place])))
    chosen = {OWN: own}
    for role in (DECOY, SWAP, *DISTRACTORS):
        nearest = by_all if role == DECOY else by_subject
        place = next((place for place in nearest if not _mixes(chains, pool[place], chosen)), None)
        if place is None or (role == DECOY and misses[place][0]):
            return None
        chosen[role] = pool[place]
    return chosen


def _mixes(chains: Chains, chain: Chain, chosen: dict[str, Chain]) -> bool:
    return any(chains.mix(chain, other) for other in chosen.values())


def _worded(chains: Chains, pattern: Pattern, chosen: dict[str, Chain], rng: Random) -> Puzzle:
    """Wordings and order. A question of one hop is never stated in its own words, which are those of the first sentence."""
    relations = [chains.table.relations[name] for name in pattern]
    first = 1 if len(pattern) == 1 else 0
    order = [(role, hop) for role in (OWN, *DISTRACTORS) for hop in range(len(pattern))]
    rng.shuffle(order)
    return Puzzle(
        pattern=pattern,
        chains=chosen,
        question=rng.randrange(len(relations[-1].questions)),
        sentences=tuple(rng.randrange(first, len(relation.sentences)) for relation in relations),
        order=tuple(order),
        part_questions=tuple(rng.randrange(len(relation.questions)) for relation in relations),
    )
