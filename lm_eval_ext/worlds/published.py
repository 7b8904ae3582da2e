"""Items of the published questions, from the hub or from a folder."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.hub import fetch_dataset
from lm_eval_ext.items import Item, Source, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import schema
from lm_eval_ext.worlds.choosing import Ask, chosen_separately, make_chooser
from lm_eval_ext.worlds.folder import Rows, hash_files, read_documents, read_rows, worlds_in
from lm_eval_ext.worlds.prompts import Setting

HUB_NAME = "kenqgu/SynthWorlds"
HUB_REVISION = "d0f02ed"
"""The commit whose schema this reader knows; its full hash was not to be had."""


def load_hub(setting: Setting, options: Options) -> Iterator[Item]:
    """Items of the published benchmark; of the options, those count that say which pages are shown.

    Raises:
        InputError: The hub can't be reached, or holds something else than it should.
    """
    folder = fetch_dataset(HUB_NAME, HUB_REVISION, ["qa-rm*", "qa-sm*"])
    return _items(setting, folder, ("hub", folder.name), options)


def load_local(setting: Setting, root: Path, options: Options) -> Iterator[Item]:
    """Items of a folder with the published parquet files: ``qa-rm/*.parquet`` or ``qa-rm*.parquet``, and ``qa-sm`` alike.

    Further synthetic worlds are ``qa-sm2``, ``qa-sm3``, …, as ``lm-eval-ext world`` writes them.

    Raises:
        InputError: The folder, a file, a column or a twin is missing.
    """
    if not root.is_dir():
        raise InputError(f"root={str(root)!r} is not a folder. Give the folder that holds qa-rm and qa-sm as parquet files.")
    configs = ["qa-{}", *(["qa-{}-docs"] if chosen_separately(setting) else [])]
    return _items(setting, root, ("local", hash_files(root, configs)), options)


def pair_rows(real: Rows, synthetic: Rows) -> list[tuple[int, int]]:
    """Row numbers of the twins: by ``instance_id`` where both worlds share them, else by ``gold_qids`` and order.

    Raises:
        InputError: Neither key pairs every row with exactly one row of the other world.
    """
    for key in (lambda row: row["instance_id"], lambda row: (row["question_graph_type"], tuple(row["gold_qids"]))):
        place = {key(row): number for number, row in enumerate(synthetic)}
        if len(place) == len(synthetic) == len(real) and all(key(row) in place for row in real):
            return [(number, place[key(row)]) for number, row in enumerate(real)]
    raise InputError(
        f"The {len(real)} real-mapped and {len(synthetic)} synthetic-mapped questions pair neither by instance_id nor by "
        "gold_qids, so no gap can be formed. Are both files of the same release?"
    )


def _items(setting: Setting, root: Path, source: tuple[Source, str], options: Options) -> Iterator[Item]:
    rows = {world: read_rows(root, f"qa-{world}") for world in worlds_in(root)}
    places = {world: dict(pair_rows(rows["rm"], rows[world])) for world in rows}
    shown = _Shown(setting, root, tuple(rows), options)
    for number, real in enumerate(rows["rm"]):
        twins = {world: rows[world][found[number]] for world, found in places.items()}
        chosen = shown.of(_twin_id(real, number), twins)
        for world, row in twins.items():
            told = _written_fields(row) if "item_key" in row else _told_fields(row, real, number, world)
            place = {"root": str(root.resolve()), "config": f"qa-{world}", "row": places[world][number]}
            yield Item(
                item_id=f"{setting}-{told.pop('item_key')}",
                family="synthworlds",
                setting=setting,
                source=source[0],
                source_revision=source[1],
                spec=dump_spec(place | chosen[world]),
                query=row["query"],
                answer=row["gold_answers"][0],
                answer_aliases=row["gold_answers"][1:],
                **told,
            )


class _Shown:
    """What the specs say of the pages that questions come with, if these are others than none or the gold ones."""

    def __init__(self, setting: Setting, root: Path, worlds: Sequence[str], options: Options) -> None:
        self._worlds, self._chooser = worlds, None
        if chosen_separately(setting):
            corpora = {world: read_documents(root, world) for world in worlds}
            self._ids = {world: {text: page for page, text in corpora[world].items()} for world in worlds}
            self._chooser = make_chooser(setting, _aligned(corpora), options)

    def of(self, twin: str, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """By world, for the rows of one question."""
        if self._chooser is None:
            return {world: {} for world in self._worlds}
        gold = [self._gold(world, row) for world, row in rows.items()]
        if any(ids != gold[0] for ids in gold):
            raise InputError(f"Question {rows['rm']['instance_id']} has gold documents {gold} in the worlds {self._worlds}.")
        chosen = self._chooser.choose(Ask(twin, [row["query"] for row in rows.values()], gold[0]))
        how = {"gold": gold[0]} | self._chooser.how
        return {world: how | {"shown": shown} for world, shown in zip(rows, chosen, strict=True)}

    def _gold(self, world: str, row: Mapping[str, Any]) -> list[str]:
        """Ids of the gold documents, found by their text."""
        absent = [text for text in row["gold_docs"] if text not in self._ids[world]]
        if absent:
            raise InputError(
                f"A gold document of question {row['instance_id']} is not among qa-{world}-docs: {absent[0][:60]!r}. "
                "Are all files of the same release?"
            )
        return [self._ids[world][text] for text in row["gold_docs"]]


def _aligned(corpora: Mapping[str, Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The pages of every world in the order of the real-mapped one.

    Raises:
        InputError: A world has other pages.
    """
    first = corpora["rm"]
    for world, pages in corpora.items():
        if set(pages) != set(first):
            odd = min(set(pages) ^ set(first))
            raise InputError(f"qa-rm-docs and qa-{world}-docs hold other pages, for example {odd}. Are they of the same release?")
    return [{page: pages[page] for page in first} for pages in corpora.values()]


def _written_fields(row: dict[str, Any]) -> dict[str, Any]:
    """What ``lm-eval-ext world`` writes beside the published columns."""
    return {column: row[column] for column in schema.ITEM_COLUMNS} | {"factors": json.loads(row["factors"])}


def _twin_id(real: Mapping[str, Any], number: int) -> str:
    return real.get("twin_id", f"{number:05d}")


def _told_fields(row: dict[str, Any], real: dict[str, Any], number: int, world: str) -> dict[str, Any]:
    """The same fields, as far as the published columns tell them."""
    return {
        "item_key": f"{row['instance_id']}-{world}",
        "twin_id": _twin_id(real, number),
        "cluster_id": "-".join(real["gold_qids"][:1]) or f"{number:05d}",
        "factors": {
            "world": "rm" if world == "rm" else "sm",
            "hops": len(row["gold_docs"]),
            "motif": row["question_graph_type"],
            "relation": row["question_graph_type"],
            "is_time": row["expected_output_is_time"],
        },
    }


def pages_of(spec: dict[str, Any]) -> list[str]:
    """The pages that come with a published item: those chosen for it, or its gold documents."""
    root = Path(spec["root"])
    if "shown" in spec:
        pages = read_documents(root, spec["config"].removeprefix("qa-"))
        return [pages[page] for page in spec["shown"]]
    return list(read_rows(root, spec["config"])[spec["row"]]["gold_docs"])
