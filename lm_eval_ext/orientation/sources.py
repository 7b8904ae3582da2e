"""Items of a question from the source that was asked for; no source stands in for another."""

import json
from collections.abc import Iterable
from typing import Literal

from lm_eval_ext.errors import InputError
from lm_eval_ext.hub import fetch_dataset
from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.layouts import read_folder
from lm_eval_ext.orientation.published import published_items
from lm_eval_ext.orientation.questions import QUESTIONS, Question
from lm_eval_ext.orientation.twins import PLAIN, TwinKinds, read_twins
from lm_eval_ext.orientation.variants import with_variants

HUB_NAME = "appledora/DORI-Benchmark"
HUB_REVISION = "6869b53"
"""The commit at which the dataset's card was read. Its full hash was not to be had; it is looked up in the history."""
ROOT_VARIABLE = "DORI_ROOT"
"""Environment variable: folder of ``source=local`` when ``root`` is not given."""


def load_items(question: Question, options: Options) -> list[Item]:
    """All items of one question.

    Args:
        question: One of ``QUESTIONS``.
        options: ``source`` and what belongs to it: ``seed``, ``n``, ``pixels``, ``meshes``, ``occlusion`` and ``levels`` for
            generated items; ``root`` (or ``$DORI_ROOT``) for a local folder; ``layout`` and ``legacy_dedup`` for published sets.

    Raises:
        InputError: The source can't be read; the line says why and what to do.
    """
    twins = read_twins(options.twins, options.source)
    return list(with_variants(_read_items(question, options, twins), twins))


def _read_items(question: Question, options: Options, twins: TwinKinds) -> Iterable[Item]:
    """The source's own items."""
    if options.source == "generated":
        return generate(
            question,
            options.seed,
            options.n,
            pixels=options.pixels,
            twins=twins.kinds,
            catalogue=read_catalogue(options.meshes),
            occlusion=options.occlusion,
            shared_levels=options.levels == "shared",
        )
    if options.meshes is not None or options.occlusion or options.levels == "shared":
        raise InputError(
            f"meshes, occlusion and levels=shared are for generated items; source is {options.source}. "
            "Give source=generated; a set that was rendered with them has them without these options."
        )
    local = options.source == "local"
    folder = options.local_root(ROOT_VARIABLE) if local else fetch_dataset(HUB_NAME, HUB_REVISION)
    return published_items(
        read_folder(folder, options.layout),
        question,
        seed=options.seed,
        source=options.source,
        revision=None if local else folder.name,
        legacy_dedup=options.legacy_dedup,
    )


def control_items(options: Options, setting: Literal["blind", "blank"]) -> list[Item]:
    """Items for a control without the pictures: the questions in turn, ``options.n`` of each when generated, plain twins only.

    Args:
        options: As for ``load_items``.
        setting: ``blind`` asks in text alone; ``blank`` shows an even grey picture of the same size.
    """

    def plain(item: Item) -> bool:
        return item.factors.get("twin", PLAIN) == PLAIN

    asked = [list(filter(plain, load_items(question, options))) for question in QUESTIONS.values()]
    in_turn = (items[i] for i in range(max(map(len, asked))) for items in asked if i < len(items))
    return [_control(item, setting) for item in in_turn]


def _control(item: Item, setting: str) -> Item:
    spec = json.loads(item.spec) | ({"blank": True} if setting == "blank" else {})
    return item.model_copy(update={"setting": setting, "spec": dump_spec(spec)})
