"""Items made on demand from a seed, with exact answers: twin ``i`` depends on nothing but its own name."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.orientation.cast import Catalogue, read_catalogue, with_meshes
from lm_eval_ext.orientation.occlusion import occluded
from lm_eval_ext.orientation.poses import Cast, Wanted, draw_picture
from lm_eval_ext.orientation.questions import CANNOT, Question
from lm_eval_ext.orientation.rules import mirror, true_answer
from lm_eval_ext.orientation.scene import RENDER_VERSION, Picture, Scene, picture_to_data
from lm_eval_ext.orientation.twins import MIRRORED, OTHER_OBJECT, OTHER_VIEW, PLAIN, Twin
from lm_eval_ext.seeding import digest, stream

GENERATOR_VERSION = 1
"""Raised, with the version of the tasks, when the same seed gives other items."""

Split = Literal["test", "train"]
_ROUND_OF_A_AND_B = ((True, False), (False, True), (True, True))
"""Which of two objects lack a front when their directions can't be compared."""
_Value = TypeVar("_Value")


def generate(
    question: Question,
    seed: int,
    n: int,
    *,
    split: Split = "test",
    pixels: int = 256,
    twins: Sequence[Twin] = (MIRRORED,),
    catalogue: Catalogue | None = None,
    occlusion: bool = False,
) -> Iterator[Item]:
    """Items of one question in twins next to each other: a picture and, by default, its mirror image.

    Answers are balanced: every block of as many twins as there are true answers holds each of them once, and every answer
    goes through the categories in turn, so that the category tells nothing about the answer.

    Args:
        question: One of ``QUESTIONS``.
        seed: Number >= 0 that names the set.
        n: Twins; ``n`` items and as many for each kind of twin. The items of a smaller ``n`` are the first items of a larger one.
        split: ``test`` shows the instances 0-39 of every category, ``train`` others (1000-1999).
        pixels: Width and height of each panel.
        twins: Kinds made beside each plain item, out of mirrored, other_view (the same object posed anew for another true
            answer, or, when it is round, for the only one) and other_object (another category in place of Object A, of the
            same pose and answer); other kinds are made of any item, see ``variants``.
        catalogue: Categories to choose from; by default all of our own.
        occlusion: Put something before Object A that hides 15 to 40 percent of it; all else stays.

    Yields:
        Item: ``factors["twin"]`` is what the two items of a twin differ in; the order of the options is the same.

    Example:
        >>> from lm_eval_ext.orientation.questions import QUESTIONS
        >>> plain, mirrored = generate(QUESTIONS["directional_facing_coarse"], 7, 1)
        >>> plain.twin_id == mirrored.twin_id, plain.factors["twin"], mirrored.factors["twin"]
        (True, 'plain', 'mirrored')
    """
    catalogue = catalogue or read_catalogue()
    catalogue.check_enough(other_object=OTHER_OBJECT in twins, occlusion=occlusion)
    which = _Set(
        question=question,
        seed=seed,
        split=split,
        pixels=pixels,
        catalogue=catalogue,
        revision=_revision(catalogue, seed, split, pixels, occlusion=occlusion),
        twins=tuple(twins),
        occlusion=occlusion,
    )
    for i in range(n):
        yield from _twin(which, i)


def _revision(catalogue: Catalogue, seed: int, split: Split, pixels: int, *, occlusion: bool) -> str:
    """Hash of all that the bytes depend on, but for the question and the number of the twin."""
    names = (catalogue.fronted, catalogue.round)
    more = [*sorted(catalogue.meshes.items()), *(["occlusion"] if occlusion else [])]
    return digest("dori", GENERATOR_VERSION, RENDER_VERSION, *names, seed, split, pixels, *more)[:16]


@dataclass(frozen=True, kw_only=True)
class _Set:
    """What all twins of one call share."""

    question: Question
    seed: int
    split: Split
    pixels: int
    catalogue: Catalogue
    revision: str
    twins: tuple[Twin, ...]
    occlusion: bool

    def stream(self, purpose: str, *parts: object) -> random.Random:
        """The stream of one purpose; the level is part of the question's name."""
        return stream("dori", GENERATOR_VERSION, self.question.name, self.split, self.seed, purpose, *parts)


def _twin(which: _Set, i: int) -> Iterator[Item]:
    """The items of twin ``i``: the plain one, then those of each kind."""
    question, rng = which.question, which.stream("twin", i)
    answer, cast = _plan(which, i, rng)
    bare = _drawn(which, i, Wanted(question=question, answer=answer, cast=cast, rng=rng, pixels=which.pixels))
    picture = _shown(which, i, bare)
    order = _shuffled(range(len(question.options)), which.stream("options", i))
    plain = _item(which, i, picture, answer=answer, order=order)
    yield plain
    if MIRRORED in which.twins:
        yield _made_of(plain, MIRRORED, mirror(picture), question.mirrored(answer))
    if OTHER_VIEW in which.twins:
        other = _other_answer(which, i, answer)
        rng = which.stream(OTHER_VIEW, i)
        view = _drawn(which, i, Wanted(question=question, answer=other, cast=cast, rng=rng, pixels=which.pixels))
        yield _made_of(plain, OTHER_VIEW, _shown(which, i, view), other)
    if OTHER_OBJECT in which.twins:
        yield _made_of(plain, OTHER_OBJECT, _shown(which, i, _other_object(which, i, bare)), answer)


def _drawn(which: _Set, i: int, wanted: Wanted) -> Picture:
    """A picture for a wanted answer, which the rules confirm."""
    picture = draw_picture(wanted)
    truth = true_answer(wanted.question, picture, which.catalogue.round)
    if truth != wanted.answer:
        name = wanted.question.name
        raise AssertionError(f"{name} {i}: a picture for {wanted.answer!r} was drawn, but its answer is {truth!r}.")
    return picture


def _shown(which: _Set, i: int, picture: Picture) -> Picture:
    """The picture with the user's meshes and, when asked for, something before Object A that is of no category shown."""
    picture = with_meshes(picture, which.catalogue.meshes)
    if not which.occlusion:
        return picture
    rng, shown = which.stream("occlusion", i), {placed.category for scene in picture.panels for placed in scene.objects}
    names = [name for name in (*which.catalogue.fronted, *which.catalogue.round) if name not in shown]
    return occluded(picture, [which.catalogue.placed(name, _instance(which, rng)) for name in names], rng)


def _other_answer(which: _Set, i: int, answer: str) -> str:
    """Another truth of the same object; within a block the answers move round together, so that they stay balanced."""
    if answer == CANNOT:
        return CANNOT
    truths = [truth for truth in which.question.truths if truth != CANNOT]
    block = i // len(which.question.truths)
    shift = which.stream(OTHER_VIEW, "answers", block).randrange(1, len(truths))
    return truths[(truths.index(answer) + shift) % len(truths)]


def _other_object(which: _Set, i: int, picture: Picture) -> Picture:
    """The picture with an object of another category, as round or as fronted, in place of Object A."""
    rng, shown = which.stream(OTHER_OBJECT, i), {placed.category for scene in picture.panels for placed in scene.objects}
    is_round = picture.panels[0].objects[0].category in which.catalogue.round
    pool = [name for name in (which.catalogue.round if is_round else which.catalogue.fronted) if name not in shown]
    category, instance = rng.choice(pool), _instance(which, rng)

    def exchanged(scene: Scene) -> Scene:
        first, *others = scene.objects
        return replace(scene, objects=(replace(first, category=category, instance=instance), *others))

    return replace(picture, panels=tuple(map(exchanged, picture.panels)))


def _made_of(plain: Item, kind: Twin, picture: Picture, answer: str) -> Item:
    """An item of that kind beside the plain one, with another picture."""
    category = picture.panels[0].objects[0].category
    return plain.model_copy(
        update={
            "item_id": f"{plain.twin_id}-{kind}",
            "factors": plain.factors | {"twin": kind, "category": category},
            "spec": dump_spec(picture_to_data(picture)),
            "answer": answer,
        }
    )


def _item(which: _Set, i: int, picture: Picture, *, answer: str, order: Sequence[int]) -> Item:
    question, first = which.question, picture.panels[0].objects[0]
    twin_id = f"{question.name}-{which.split}-{which.seed}-{i:06d}"
    return Item(
        item_id=f"{twin_id}-{PLAIN}",
        family="dori",
        setting=question.name,
        twin_id=twin_id,
        cluster_id=f"{first.category}-{first.instance}",
        factors={
            "twin": PLAIN,
            "question": question.type,
            "level": question.level,
            "dimension": question.dimension,
            "dataset": "generated",
            "category": first.category,
            "permutation": " ".join(map(str, order)),
        },
        source="generated",
        source_revision=which.revision,
        spec=dump_spec(picture_to_data(picture)),
        query=question.text,
        choices=[question.options[position] for position in order],
        answer=answer,
    )


def _plan(which: _Set, i: int, rng: random.Random) -> tuple[str, Cast]:
    """The wanted answer and the objects of twin ``i``."""
    truths = which.question.truths
    block, position = divmod(i, len(truths))
    answer = _shuffled(truths, which.stream("answers", block))[position]
    fronted, round_ = which.catalogue.fronted, which.catalogue.round
    pair = which.question.type == "inter_object_direction"
    first_round, second_round = rng.choice(_ROUND_OF_A_AND_B) if pair else (True, False)
    unknown = answer == CANNOT
    pool = round_ if unknown and first_round else fronted
    first = _in_turn(which, pool, answer, block)
    others = round_ if unknown and second_round else fronted
    second = rng.choice(others if pair else [name for name in others if name != first])
    return answer, Cast(first=(first, _instance(which, rng)), second=(second, _instance(which, rng)))


def _in_turn(which: _Set, names: Sequence[str], answer: str, block: int) -> str:
    """The category of the ``block``-th item with this answer: each category once before any comes again."""
    lap, position = divmod(block, len(names))
    return _shuffled(names, which.stream("categories", answer, len(names), lap))[position]


def _instance(which: _Set, rng: random.Random) -> int:
    return rng.randrange(40) if which.split == "test" else rng.randrange(1000, 2000)


def _shuffled(values: Sequence[_Value], rng: random.Random) -> list[_Value]:
    return rng.sample(values, len(values))
