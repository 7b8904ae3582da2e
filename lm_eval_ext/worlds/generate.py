"""Items of the generated source: every question once in the real-mapped and once in each synthetic-mapped world."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.seeding import digest
from lm_eval_ext.worlds.choosing import Ask, chosen_separately, make_chooser
from lm_eval_ext.worlds.documents import render_text
from lm_eval_ext.worlds.motifs import Question
from lm_eval_ext.worlds.parallel import render_corpus
from lm_eval_ext.worlds.prompts import PROMPT_VERSION, Setting
from lm_eval_ext.worlds.questions import DEFAULT_MOTIFS, ask
from lm_eval_ext.worlds.world import REAL, World, build_world


def parallel_proof(world: World, question: Question) -> str:
    """Hash of the question and its pages in symbols: the same in every world, since each is rendered from it."""
    return digest(question.text, question.answer, [world.pages[entity] for entity in question.gold])[:16]


def draw_questions(world: World, options: Options) -> list[Question]:
    """The questions that the options ask for.

    Raises:
        InputError: A motif is unknown, or the world yields fewer questions than ``n``.
    """
    return list(islice(ask(world, seed=options.seed, motifs=options.motifs), options.n))


def generate(setting: Setting, options: Options) -> Iterator[Item]:
    """Items of one setting, twins next to each other, real-mapped first.

    Raises:
        InputError: The world cannot be built, or yields fewer questions than ``n``.
    """
    world = world_of(options)
    shared = {"family": "synthworlds", "setting": setting, "source": "generated", "source_revision": world.revision}
    shown = _chooser(setting, world, options)
    for number, question in enumerate(draw_questions(world, options)):
        twin = twin_id(options, number)
        for which, more in zip(range(REAL, options.n_sm + 1), shown(twin, question), strict=True):
            own = {"item_id": f"{setting}-{item_key(twin, which)}", "twin_id": twin}
            own["spec"] = dump_spec(_spec(options, world, question, which) | more)
            yield Item.model_validate(shared | own | asked(world, question, which))


def _chooser(setting: Setting, world: World, options: Options) -> Callable[[str, Question], Iterable[dict[str, Any]]]:
    """What the spec of a question says of its pages in each world, if they are others than none or the gold ones."""
    numbers = range(len(world.names))
    if not chosen_separately(setting):
        return lambda _twin, _question: ({} for _ in numbers)
    chooser = make_chooser(setting, [render_corpus(world, number) for number in numbers], options)

    def choose(twin: str, question: Question) -> Iterable[dict[str, Any]]:
        queries = [render_text(question.text, names) for names in world.names]
        return ({"shown": shown} | chooser.how for shown in chooser.choose(Ask(twin, queries, question.gold)))

    return choose


def world_of(options: Options) -> World:
    """The world that the options name.

    Raises:
        InputError: It cannot be built.
    """
    return build_world(pages=options.pages, seed=options.seed, n_sm=options.n_sm, facts=options.facts)


def twin_id(options: Options, number: int) -> str:
    """What the items of question ``number`` share."""
    return f"{options.seed}-{options.pages}-{number}"


def item_key(twin: str, which: int) -> str:
    """What an item is called in every setting."""
    return f"{twin}-{'rm' if which == REAL else f'sm{which}'}"


def world_kind(which: int) -> Literal["rm", "sm"]:
    """Factor ``world`` of a world's number."""
    return "rm" if which == REAL else "sm"


def asked(world: World, question: Question, which: int) -> dict[str, Any]:
    """The part of an item that depends on the question and on the names under which it is asked."""
    names = world.names[which]
    return {
        "cluster_id": question.gold[0],
        "factors": {
            "world": world_kind(which),
            "hops": question.hops,
            "motif": question.motif,
            "relation": " > ".join(question.relations),
        },
        "query": render_text(question.text, names),
        "answer": names[question.answer],
        "answer_aliases": list(world.table.entities[question.answer].aliases) if which == REAL else [],
    }


def _spec(options: Options, world: World, question: Question, which: int) -> dict[str, Any]:
    spec = world_fields(options) | {
        "world": which,
        "question": question.text,
        "answer": question.answer,
        "gold": question.gold,
        "parallel": parallel_proof(world, question),
        "prompt": PROMPT_VERSION,
    }
    # The first version's spec stays as it is, because published hashes depend on it; its corpus stands in source_revision.
    return spec if options.motifs == DEFAULT_MOTIFS else spec | {"corpus": world.corpus}


def pages_of(spec: dict[str, Any]) -> list[str]:
    """The pages that come with a generated item, made again from its spec: those chosen for it, or the gold ones."""
    world = world_of_spec(spec)
    return [world.page(entity, spec["world"]) for entity in spec.get("shown", spec["gold"])]


def world_fields(options: Options) -> dict[str, Any]:
    """The part of a spec from which ``world_of_spec`` makes the world again."""
    facts = {} if options.facts == "core" else {"facts": options.facts}
    return {"seed": options.seed, "pages": options.pages, "n_sm": options.n_sm} | facts


def only_world_fields(spec: Mapping[str, Any], *more: str) -> str:
    """That part of a spec, and ``more`` of it, as JSON: equal for items of one world."""
    return json.dumps({key: spec[key] for key in ("pages", "seed", "n_sm", "facts", *more) if key in spec})


def world_of_spec(spec: Mapping[str, Any]) -> World:
    """The world of a generated item, made again from its spec; a few are kept."""
    return build_world(pages=spec["pages"], seed=spec["seed"], n_sm=spec["n_sm"], facts=spec.get("facts", "core"))
