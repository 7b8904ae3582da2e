"""Items of a question from the source that was asked for; no source stands in for another."""

import logging
from typing import Any

from lm_eval_ext.hub import fetch_dataset
from lm_eval_ext.items import Item, Source, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.published import (
    PUBLISHED_IMAGES,
    PUBLISHED_ITEMS,
    LevelEntry,
    Published,
    Row,
    count_all,
    find_entry,
    fingerprint,
    read_published,
    read_rows,
)
from lm_eval_ext.orientation.questions import QUESTIONS, Question
from lm_eval_ext.orientation.twins import PLAIN
from lm_eval_ext.seeding import stream

HUB_NAME = "appledora/DORI-Benchmark"
HUB_REVISION = "6869b53"
"""The commit at which the dataset's card was read; its full hash was not to be had."""

_LOG = logging.getLogger(__name__)


def load_items(question: Question, options: Options) -> list[Item]:
    """All items of one question.

    Args:
        question: One of ``QUESTIONS``.
        options: ``source`` and what belongs to it: ``seed`` and ``n`` for generated items, ``root`` for a local folder.

    Raises:
        InputError: The source can't be read; the line says why and what to do.
    """
    if options.source == "generated":
        return list(generate(question, options.seed, options.n))
    if options.source == "local":
        return published_items(read_published(options.local_root()), question, seed=options.seed, source="local")
    folder = fetch_dataset(HUB_NAME, HUB_REVISION)
    return published_items(read_published(folder), question, seed=options.seed, source="hub", revision=folder.name)


def blind_items(options: Options) -> list[Item]:
    """Items for the text-only control: the questions in turn, ``options.n`` of each when generated, without mirrored twins."""

    def plain(item: Item) -> bool:
        return item.factors.get("twin", PLAIN) == PLAIN

    asked = [list(filter(plain, load_items(question, options))) for question in QUESTIONS.values()]
    in_turn = (items[i] for i in range(max(map(len, asked))) for items in asked if i < len(items))
    return [item.model_copy(update={"setting": "blind"}) for item in in_turn]


def published_items(
    published: Published, question: Question, *, seed: int, source: Source, revision: str | None = None
) -> list[Item]:
    """Items of a folder in the published layout; the order of the options depends on the seed and the item alone.

    Args:
        published: The folder.
        question: One of ``QUESTIONS``.
        seed: Names the shuffles.
        source: What the folder is.
        revision: Of the source; without it, the hash of the files read.
    """
    rows = read_rows(published, question)
    totals = count_all(published)
    _LOG.info(
        "DORI %s: %d items of %s; the folder holds %d of %d published items and %d of %d images",
        source, len(rows), question.name, totals.items, PUBLISHED_ITEMS, totals.images, PUBLISHED_IMAGES,
    )  # fmt: skip
    level, _ = find_entry(published, question)
    shared = {"source": source, "source_revision": revision or fingerprint(published, question), "query": level.question}
    return [Item.model_validate(shared | _published_fields(question, level, row, seed)) for row in rows]


def _published_fields(question: Question, level: LevelEntry, row: Row, seed: int) -> dict[str, Any]:
    shown = list(level.shown().values())
    order = list(range(len(shown)))
    stream("dori", "published", seed, question.name, row.dataset, row.image, row.line).shuffle(order)
    name = f"{question.name}-{row.dataset}-{row.line:06d}"
    return {
        "item_id": name,
        "family": "dori",
        "setting": question.name,
        "twin_id": name,
        "cluster_id": f"{row.dataset}/{row.image}",
        "factors": {
            "question": question.type,
            "level": question.level,
            "dimension": question.dimension,
            "dataset": row.dataset,
            "permutation": " ".join(map(str, order)),
        },
        "spec": dump_spec({"image": str(row.path.resolve())}),
        "choices": [shown[place] for place in order],
        "answer": row.answer,
    }
