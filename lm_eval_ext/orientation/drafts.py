"""Plain pictures with their answers, before anything is put in front: drawn for each twin, or shared with the granular leaf."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal, TypeVar

from lm_eval_ext.orientation.cast import Catalogue
from lm_eval_ext.orientation.levels import coarse_truth, granular_of
from lm_eval_ext.orientation.poses import Cast, Wanted, draw_picture
from lm_eval_ext.orientation.questions import CANNOT, Question
from lm_eval_ext.orientation.rules import true_answer
from lm_eval_ext.orientation.scene import Picture
from lm_eval_ext.orientation.twins import Twin
from lm_eval_ext.seeding import stream

GENERATOR_VERSION = 1
"""Raised, with the version of the tasks, when the same seed gives other items."""

Split = Literal["test", "train"]
_ROUND_OF_A_AND_B = ((True, False), (False, True), (True, True))
"""Which of two objects lack a front when their directions can't be compared."""
_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class ItemSet:
    """What all twins of one leaf share.

    Attributes:
        question: What is asked.
        seed: Number >= 0 that names the set.
        split: Which instances of each category are shown.
        pixels: Width and height of each panel.
        catalogue: Categories to choose from.
        revision: Hash of all that the bytes depend on, but for the question and the number of the twin.
        twins: Kinds beside each plain item.
        occlusion: Whether something stands before Object A.
        shared_levels: Whether the coarse leaf shows pictures of the granular one.
    """

    question: Question
    seed: int
    split: Split
    pixels: int
    catalogue: Catalogue
    revision: str
    twins: tuple[Twin, ...]
    occlusion: bool
    shared_levels: bool

    def stream(self, purpose: str, *parts: object) -> random.Random:
        """The stream of one purpose; the level is part of the question's name."""
        return stream("dori", GENERATOR_VERSION, self.question.name, self.split, self.seed, purpose, *parts)

    def twin_id(self, number: int) -> str:
        """Name of a twin."""
        return f"{self.question.name}-{self.split}-{self.seed}-{number:06d}"

    def instance(self, rng: random.Random) -> int:
        """An instance of any category."""
        return rng.randrange(40) if self.split == "test" else rng.randrange(1000, 2000)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plain picture with nothing in front, and the truth about it.

    Attributes:
        of: The set that the picture was drawn for: the granular leaf's where it is shared.
        number: Of the twin in that set.
        answer: The truth of the question that is asked.
        cast: Who plays in it.
        picture: What is shown.
    """

    of: ItemSet
    number: int
    answer: str
    cast: Cast
    picture: Picture

    @property
    def name(self) -> str:
        """Names the picture: the twin that it was drawn for."""
        return self.of.twin_id(self.number)


def drafts(which: ItemSet) -> Iterator[Draft]:
    """Drafts of all twins of a set, without end; each depends on its number alone."""
    if which.shared_levels and which.question.level == "coarse":
        return _shared_drafts(which)
    return (_own_draft(which, number) for number in count())


def drawn(which: ItemSet, number: int, wanted: Wanted) -> Picture:
    """A picture for a wanted answer, which the rules confirm."""
    picture = draw_picture(wanted)
    truth = true_answer(wanted.question, picture, which.catalogue.round)
    if truth != wanted.answer:
        name = which.twin_id(number)
        raise AssertionError(f"{name}: a picture for {wanted.answer!r} was drawn, but its answer is {truth!r}.")
    return picture


def shuffled(values: Sequence[_Value], rng: random.Random) -> list[_Value]:
    """The values in an order drawn from the stream."""
    return rng.sample(values, len(values))


def _own_draft(which: ItemSet, number: int) -> Draft:
    """A picture drawn for this twin."""
    rng = which.stream("twin", number)
    answer, cast = _plan(which, number, rng)
    picture = drawn(which, number, Wanted(question=which.question, answer=answer, cast=cast, rng=rng, pixels=which.pixels))
    return Draft(of=which, number=number, answer=answer, cast=cast, picture=picture)


def _shared_drafts(which: ItemSet) -> Iterator[Draft]:
    """For the coarse answer of each twin, the next granular picture of which it is the truth.

    Each block of twins holds each answer once, so that the b-th block shows the b-th picture of every answer. Granular
    pictures between two coarse answers are passed over.
    """
    granular = replace(which, question=granular_of(which.question))
    waiting: dict[str, deque[Draft]] = {answer: deque() for answer in which.question.truths}
    made = (_own_draft(granular, number) for number in count())
    for number in count():
        answer = _answer(which, number)
        while not waiting[answer]:
            draft = next(made)
            truth = coarse_truth(granular.question, draft.picture, which.catalogue.round)
            if truth is not None:
                waiting[truth].append(replace(draft, answer=truth))
        yield waiting[answer].popleft()


def _answer(which: ItemSet, number: int) -> str:
    """The wanted answer of a twin."""
    truths = which.question.truths
    block, position = divmod(number, len(truths))
    return shuffled(truths, which.stream("answers", block))[position]


def _plan(which: ItemSet, number: int, rng: random.Random) -> tuple[str, Cast]:
    """The wanted answer and the objects of a twin."""
    answer, block = _answer(which, number), number // len(which.question.truths)
    fronted, round_ = which.catalogue.fronted, which.catalogue.round
    pair = which.question.type == "inter_object_direction"
    first_round, second_round = rng.choice(_ROUND_OF_A_AND_B) if pair else (True, False)
    unknown = answer == CANNOT
    pool = round_ if unknown and first_round else fronted
    first = _in_turn(which, pool, answer, block)
    others = round_ if unknown and second_round else fronted
    second = rng.choice(others if pair else [name for name in others if name != first])
    return answer, Cast(first=(first, which.instance(rng)), second=(second, which.instance(rng)))


def _in_turn(which: ItemSet, names: Sequence[str], answer: str, block: int) -> str:
    """The category of the ``block``-th item with this answer: each category once before any comes again."""
    lap, position = divmod(block, len(names))
    return shuffled(names, which.stream("categories", answer, len(names), lap))[position]
