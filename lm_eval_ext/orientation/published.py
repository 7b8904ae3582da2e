"""Items of a published set, whatever its layout.

How the benchmark's own repository is arranged could not be seen. So every deviation from a described layout is refused with what
was found, and nothing is skipped.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item, Source, dump_spec
from lm_eval_ext.orientation.layouts import PublishedSet, Record, dump_layout
from lm_eval_ext.orientation.layouts.paths import hash_files
from lm_eval_ext.orientation.questions import Question
from lm_eval_ext.seeding import digest, stream

PUBLISHED_ITEMS, PUBLISHED_IMAGES = 33_656, 13_652

_LOG = logging.getLogger(f"lm_eval.{__name__}")
"""Below lm-eval's logger, because a run prints no other's information."""


def published_items(
    published: PublishedSet,
    question: Question,
    *,
    seed: int,
    source: Source,
    revision: str | None = None,
    legacy_dedup: bool = False,
) -> list[Item]:
    """Items of one question; the order of the options is the set's, or depends on the seed and the item alone.

    Args:
        published: The set.
        question: One of ``QUESTIONS``.
        seed: Names the shuffles.
        source: What the set is.
        revision: Of the source; without it, the hash of the files read and of how they are read.
        legacy_dedup: Keep only the last of the items of a dataset that share an image's name, as the public script does.

    Raises:
        InputError: The set lacks the question or images, or holds an item that is not sound.
    """
    every = published.records(question)
    kept = keep_last(every) if legacy_dedup else every
    if legacy_dedup:
        _LOG.info("DORI %s: legacy_dedup keeps %d of %d items of %s", source, len(kept), len(every), question.name)
    totals = published.totals()
    _LOG.info(
        "DORI %s: %d items of %s; the folder holds %d of %d published items (%+d) and %d of %d images (%+d)",
        source, len(kept), question.name,
        totals.items, PUBLISHED_ITEMS, totals.items - PUBLISHED_ITEMS,
        totals.images, PUBLISHED_IMAGES, totals.images - PUBLISHED_IMAGES,
    )  # fmt: skip
    revision = revision or _fingerprint(published, question)
    shared = {"family": "dori", "setting": question.name, "source": source, "source_revision": revision}
    items = [Item.model_validate(shared | _fields(question, record, seed)) for record in kept]
    _check_ids(items)
    return items


def keep_last(records: Sequence[Record]) -> list[Record]:
    """What the public script keeps: of a dataset's records with one image name the last, where the first stood."""
    return list({(record.dataset, record.image): record for record in records}.values())


def _fingerprint(published: PublishedSet, question: Question) -> str:
    return digest(hash_files(published.files(question)), dump_layout(published.layout))


def _check_ids(items: Sequence[Item]) -> None:
    name, times = Counter(item.item_id for item in items).most_common(1)[0]
    if times > 1:
        raise InputError(f"{times} items have the id {name!r}. Give each its own, or leave item out of the layout.")


def _fields(question: Question, record: Record, seed: int) -> dict[str, Any]:
    named = record.named
    order = named.permutation or _drawn_order(question, record, seed)
    name = named.item or f"{question.name}-{record.dataset}-{record.line:06d}"
    known = {
        "question": question.type,
        "level": question.level,
        "dimension": question.dimension,
        "dataset": record.dataset,
        "permutation": " ".join(map(str, order)),
    }
    listed = {factor: known[factor] if value is None else value for factor, value in named.factors.items()}
    return {
        "item_id": name,
        "twin_id": named.twin or name,
        "cluster_id": named.cluster or f"{record.dataset}/{record.image}",
        "factors": listed | {factor: value for factor, value in known.items() if factor not in listed},
        "spec": dump_spec(record.picture),
        "query": record.query,
        "choices": [record.options[place] for place in order],
        "answer": record.answer,
    }


def _drawn_order(question: Question, record: Record, seed: int) -> tuple[int, ...]:
    order = list(range(len(record.options)))
    stream("dori", "published", seed, question.name, record.dataset, record.image, record.line).shuffle(order)
    return tuple(order)
