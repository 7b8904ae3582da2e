"""Questions over a universe, each with one answer and every hop on another page."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.documents import reference
from lm_eval_ext.worlds.facts import Fact, FactTable
from lm_eval_ext.worlds.universe import Universe

_TRIES = 500


@dataclass(frozen=True)
class Question:
    """A symbolic question.

    Attributes:
        text: With references instead of names.
        answer: Id of the one right entity.
        gold: Ids of the pages that state the hops, in order of use; their number is the number of hops.
        motif: fact (one hop) or chain.
        relations: Names of the relations followed.
    """

    text: str
    answer: str
    gold: tuple[str, ...]
    motif: str
    relations: tuple[str, ...]

    @property
    def hops(self) -> int:
        """Number of facts that must be put together."""
        return len(self.gold)


class QuestionMaker:
    """Draws questions from one universe; draw ``i`` depends on the universe, the seed and the draws before it."""

    def __init__(self, table: FactTable, universe: Universe) -> None:
        self._table = table
        self._derived = table.named_after
        self._facts: dict[str, list[Fact]] = defaultdict(list)
        self._of: dict[str, list[Fact]] = defaultdict(list)
        for fact in universe.facts:
            if table.relations[fact.relation].questions:
                self._facts[fact.relation].append(fact)
                self._of[fact.subject].append(fact)

    def single(self, rng: Random) -> Question | None:
        """One fact, its relation drawn first, so that rare relations are asked as often as common ones."""
        fact = rng.choice(self._facts[rng.choice(sorted(self._facts))])
        if self._gives_away(fact.subject, fact.object):
            return None
        words = rng.choice(self._table.relations[fact.relation].questions)
        return Question(words.format(s=reference(fact.subject)), fact.object, (fact.subject,), "fact", (fact.relation,))

    def chain(self, rng: Random) -> Question | None:
        """Two facts: the second one's subject is named by the first one."""
        first = rng.choice(self._facts[rng.choice(sorted(self._facts))])
        if not self._of[first.object]:
            return None
        second = rng.choice(self._of[first.object])
        if second.object == first.subject or self._gives_away(first.subject, second.object):
            return None
        inner = self._table.relations[first.relation].noun.format(s=reference(first.subject))
        words = rng.choice(self._table.relations[second.relation].questions)
        text = words.format(s=inner)
        return Question(
            text[0].upper() + text[1:], second.object, (first.subject, first.object), "chain", (first.relation, second.relation)
        )

    def _gives_away(self, subject: str, answer: str) -> bool:
        """Whether one name is made from the other, so that the question would hint at its answer."""
        return subject == answer or answer in self._derived.get(subject, ()) or subject in self._derived.get(answer, ())


MOTIFS: tuple[Callable[[QuestionMaker, Random], Question | None], ...] = (QuestionMaker.single, QuestionMaker.chain)


def ask(table: FactTable, universe: Universe, *, seed: int) -> Iterator[Question]:
    """Endless distinct questions, motifs taking turns; the first n do not depend on how many are taken.

    Raises:
        InputError: The universe has no further question of the motif whose turn it is.
    """
    maker, seen, number = QuestionMaker(table, universe), set[tuple[str, tuple[str, ...]]](), 0
    while True:
        rng = stream("question", seed, number)
        for _ in range(_TRIES):
            question = MOTIFS[number % len(MOTIFS)](maker, rng)
            if question and (question.gold[0], question.relations) not in seen:
                break
        else:
            raise InputError(
                f"{number} questions are all that a world of {len(universe.entities)} pages yields. "
                "Give a smaller n, or more pages: --metadata '{\"pages\": …}'."
            )
        seen.add((question.gold[0], question.relations))
        yield question
        number += 1
