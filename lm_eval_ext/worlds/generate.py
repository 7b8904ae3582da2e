"""Items of the generated source: every question once in the real-mapped and once in each synthetic-mapped world."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.seeding import digest
from lm_eval_ext.worlds.documents import render_text
from lm_eval_ext.worlds.facts import load_facts
from lm_eval_ext.worlds.prompts import PROMPT_VERSION, Setting
from lm_eval_ext.worlds.questions import Question, ask
from lm_eval_ext.worlds.world import REAL, World, build_world


def parallel_proof(world: World, question: Question) -> str:
    """Hash of the question and its pages in symbols: the same in every world, since each is rendered from it."""
    return digest(question.text, question.answer, [world.pages[entity] for entity in question.gold])[:16]


def generate(setting: Setting, options: Options) -> Iterator[Item]:
    """Items of one setting, twins next to each other, real-mapped first.

    Raises:
        InputError: The world cannot be built, or yields fewer questions than ``n``.
    """
    world = build_world(pages=options.pages, seed=options.seed, n_sm=options.n_sm)
    questions = ask(load_facts(), world.universe, seed=options.seed)
    for number, question in enumerate(islice(questions, options.n)):
        for which in range(REAL, options.n_sm + 1):
            yield _item(setting, options, world, question, number, which)


def _item(setting: Setting, options: Options, world: World, question: Question, number: int, which: int) -> Item:
    names = world.names[which]
    twin = f"{options.seed}-{options.pages}-{number}"
    real = load_facts().entities[question.answer]
    spec: dict[str, Any] = {
        "answer": question.answer,
        "gold": question.gold,
        "n_sm": options.n_sm,
        "pages": options.pages,
        "parallel": parallel_proof(world, question),
        "prompt": PROMPT_VERSION,
        "question": question.text,
        "seed": options.seed,
        "world": which,
    }
    return Item(
        item_id=f"{setting}-{twin}-{'rm' if which == REAL else f'sm{which}'}",
        family="synthworlds",
        setting=setting,
        twin_id=twin,
        cluster_id=f"{options.seed}-{question.gold[0]}",
        factors={
            "world": "rm" if which == REAL else "sm",
            "hops": question.hops,
            "motif": question.motif,
            "relation": " > ".join(question.relations),
        },
        source="generated",
        source_revision=world.revision,
        spec=dump_spec(spec),
        query=render_text(question.text, names),
        answer=names[question.answer],
        answer_aliases=list(real.aliases) if which == REAL else [],
    )


def gold_pages(spec: dict[str, Any]) -> list[str]:
    """The pages that state the hops of a generated item, made again from its spec."""
    world = build_world(pages=spec["pages"], seed=spec["seed"], n_sm=spec["n_sm"])
    return [world.page(entity, spec["world"]) for entity in spec["gold"]]
