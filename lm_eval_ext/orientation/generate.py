"""Items made on demand from a seed, with exact answers: twin ``i`` depends on nothing but its own name."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.orientation.cast import Catalogue, read_catalogue, with_meshes
from lm_eval_ext.orientation.drafts import GENERATOR_VERSION, Draft, ItemSet, Split, drafts, drawn, shuffled
from lm_eval_ext.orientation.occlusion import occluded
from lm_eval_ext.orientation.poses import Wanted
from lm_eval_ext.orientation.questions import CANNOT, Question
from lm_eval_ext.orientation.rules import mirror
from lm_eval_ext.orientation.scene import RENDER_VERSION, Picture, Scene, picture_to_data
from lm_eval_ext.orientation.twins import MIRRORED, OTHER_OBJECT, OTHER_VIEW, PLAIN, Twin
from lm_eval_ext.seeding import digest


def generate(  # noqa: PLR0913 - every argument is part of what names the set
    question: Question,
    seed: int,
    n: int,
    *,
    split: Split = "test",
    pixels: int = 256,
    twins: Sequence[Twin] = (MIRRORED,),
    catalogue: Catalogue | None = None,
    occlusion: bool = False,
    shared_levels: bool = False,
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
        shared_levels: Ask the coarse question about pictures of the granular one of the same type and seed. For block b and
            coarse answer a that is the b-th granular picture of which a is the truth; every answer then goes through the
            categories as the granular answers behind it do. ``factors["picture"]`` of both levels names the granular twin.

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
    which = ItemSet(
        question=question,
        seed=seed,
        split=split,
        pixels=pixels,
        catalogue=catalogue,
        revision=_revision(catalogue, seed, split, pixels, occlusion=occlusion, shared_levels=shared_levels),
        twins=tuple(twins),
        occlusion=occlusion,
        shared_levels=shared_levels,
    )
    for i, draft in enumerate(islice(drafts(which), n)):
        yield from _twin(which, i, draft)


def _revision(catalogue: Catalogue, seed: int, split: Split, pixels: int, *, occlusion: bool, shared_levels: bool) -> str:
    """Hash of all that the bytes depend on, but for the question and the number of the twin."""
    names = (catalogue.fronted, catalogue.round)
    asked = [name for name, given in (("occlusion", occlusion), ("shared levels", shared_levels)) if given]
    more = [*sorted(catalogue.meshes.items()), *asked]
    return digest("dori", GENERATOR_VERSION, RENDER_VERSION, *names, seed, split, pixels, *more)[:16]


def _twin(which: ItemSet, i: int, draft: Draft) -> Iterator[Item]:
    """The items of twin ``i``: the plain one, then those of each kind."""
    question = which.question
    picture = _shown(draft, draft.picture)
    plain = _item(which, i, draft, picture)
    yield plain
    if MIRRORED in which.twins:
        yield _made_of(plain, MIRRORED, mirror(picture), question.mirrored(draft.answer))
    if OTHER_VIEW in which.twins:
        other = _other_answer(which, i, draft.answer)
        rng = which.stream(OTHER_VIEW, i)
        view = drawn(which, i, Wanted(question=question, answer=other, cast=draft.cast, rng=rng, pixels=which.pixels))
        yield _made_of(plain, OTHER_VIEW, _shown(draft, view), other)
    if OTHER_OBJECT in which.twins:
        yield _made_of(plain, OTHER_OBJECT, _shown(draft, _other_object(draft)), draft.answer)


def _shown(draft: Draft, picture: Picture) -> Picture:
    """The picture with the user's meshes and, when asked for, something before Object A that is of no category shown."""
    which = draft.of
    picture = with_meshes(picture, which.catalogue.meshes)
    if not which.occlusion:
        return picture
    rng = which.stream("occlusion", draft.number)
    shown = {placed.category for scene in picture.panels for placed in scene.objects}
    names = [name for name in (*which.catalogue.fronted, *which.catalogue.round) if name not in shown]
    return occluded(picture, [which.catalogue.placed(name, which.instance(rng)) for name in names], rng)


def _other_answer(which: ItemSet, i: int, answer: str) -> str:
    """Another truth of the same object; within a block the answers move round together, so that they stay balanced."""
    if answer == CANNOT:
        return CANNOT
    truths = [truth for truth in which.question.truths if truth != CANNOT]
    block = i // len(which.question.truths)
    shift = which.stream(OTHER_VIEW, "answers", block).randrange(1, len(truths))
    return truths[(truths.index(answer) + shift) % len(truths)]


def _other_object(draft: Draft) -> Picture:
    """The picture with an object of another category, as round or as fronted, in place of Object A."""
    which, picture = draft.of, draft.picture
    rng = which.stream(OTHER_OBJECT, draft.number)
    shown = {placed.category for scene in picture.panels for placed in scene.objects}
    is_round = picture.panels[0].objects[0].category in which.catalogue.round
    pool = [name for name in (which.catalogue.round if is_round else which.catalogue.fronted) if name not in shown]
    category, instance = rng.choice(pool), which.instance(rng)

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


def _item(which: ItemSet, i: int, draft: Draft, picture: Picture) -> Item:
    """The plain item."""
    question, first = which.question, picture.panels[0].objects[0]
    twin_id = which.twin_id(i)
    order = shuffled(range(len(question.options)), which.stream("options", i))
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
            **({"picture": draft.name} if which.shared_levels else {}),
        },
        source="generated",
        source_revision=which.revision,
        spec=dump_spec(picture_to_data(picture)),
        query=question.text,
        choices=[question.options[position] for position in order],
        answer=draft.answer,
    )
