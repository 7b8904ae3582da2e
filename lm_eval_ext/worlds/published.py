"""Questions, documents, facts and navigation pairs in the published schema: parquet files, from the hub or from a folder."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.hub import fetch_dataset
from lm_eval_ext.items import Item, Source, dump_spec
from lm_eval_ext.worlds import schema
from lm_eval_ext.worlds.prompts import Setting

HUB_NAME = "kenqgu/SynthWorlds"
HUB_REVISION = "d0f02ed"
"""The commit whose schema this reader knows; its full hash was not to be had."""

Rows = tuple[dict[str, Any], ...]


def load_hub(setting: Setting) -> Iterator[Item]:
    """Items of the published benchmark.

    Raises:
        InputError: The hub can't be reached, or holds something else than it should.
    """
    folder = fetch_dataset(HUB_NAME, HUB_REVISION, ["qa-rm*", "qa-sm*"])
    return _items(setting, folder, "hub", folder.name)


def load_local(setting: Setting, root: Path) -> Iterator[Item]:
    """Items of a folder with the published parquet files: ``qa-rm/*.parquet`` or ``qa-rm*.parquet``, and ``qa-sm`` alike.

    Further synthetic worlds are ``qa-sm2``, ``qa-sm3``, …, as ``lm-eval-ext world`` writes them.

    Raises:
        InputError: The folder, a file, a column or a twin is missing.
    """
    if not root.is_dir():
        raise InputError(f"root={str(root)!r} is not a folder. Give the folder that holds qa-rm and qa-sm as parquet files.")
    hashed = hashlib.sha256()
    for world in worlds_in(root):
        for file in _files(root, f"qa-{world}"):
            hashed.update(file.read_bytes())
    return _items(setting, root, "local", hashed.hexdigest()[:16])


def worlds_in(root: Path) -> tuple[str, ...]:
    """Names of the worlds whose questions a folder holds; ``rm`` and ``sm`` at least, or reading them says what is missing."""
    n_sm = 1
    while _found(root, f"qa-sm{n_sm + 1}"):
        n_sm += 1
    return schema.world_names(n_sm)


def _found(root: Path, config: str) -> list[Path]:
    patterns = (f"{config}/*.parquet", f"{config}.parquet", f"{config}-[0-9t]*.parquet")
    return sorted(file for pattern in patterns for file in root.glob(pattern))


def _files(root: Path, config: str) -> list[Path]:
    found = _found(root, config)
    if not found:
        listing = ", ".join(sorted(entry.name for entry in root.iterdir())[:10]) or "nothing"
        raise InputError(f"{str(root)!r} holds no parquet file of {config}. It holds {listing}; {config}/*.parquet is wanted.")
    return found


@lru_cache(maxsize=16)
def read_rows(
    root: Path, config: str, columns: Sequence[str] = schema.QUESTION_COLUMNS, optional: Sequence[str] = schema.ITEM_COLUMNS
) -> Rows:
    """Rows of one configuration, in file order.

    Args:
        root: Folder.
        config: For example ``qa-rm-docs``.
        columns: Those that every file must have.
        optional: Those that are read where a file has all of them.

    Raises:
        InputError: No file of the configuration is there, or one lacks a column.
    """
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for file in _files(root, config):
        table = pq.read_table(file)
        missing = [column for column in columns if column not in table.column_names]
        if missing:
            raise InputError(f"{file.name} lacks the columns {', '.join(missing)}; it has {', '.join(table.column_names)}.")
        more = optional if set(optional) <= set(table.column_names) else ()
        rows += table.select([*columns, *more]).to_pylist()
    return tuple(rows)


def read_documents(root: Path, world: str) -> dict[str, str]:
    """Entity -> page of one world, in file order.

    Raises:
        InputError: The configuration ``qa-WORLD-docs`` is missing or not as it should be.
    """
    return {row["qid"]: row["doc"] for row in read_rows(root, f"qa-{world}-docs", schema.DOCUMENT_COLUMNS, ())}


def read_facts(root: Path, world: str) -> dict[str, list[str]]:
    """Entity -> facts of which it is the subject, as the files state them.

    Raises:
        InputError: The configuration ``qa-WORLD-facts`` is missing or not as it should be.
    """
    return {row["qid"]: row["facts"] for row in read_rows(root, f"qa-{world}-facts", schema.FACT_COLUMNS, ())}


def read_navigation(root: Path, world: str) -> Rows:
    """Navigation pairs of one world.

    Raises:
        InputError: The configuration ``wikinav-WORLD`` is missing or not as it should be.
    """
    return read_rows(root, f"wikinav-{world}", schema.NAVIGATION_COLUMNS, ())


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


def _items(setting: Setting, root: Path, source: Source, revision: str) -> Iterator[Item]:
    rows = {world: read_rows(root, f"qa-{world}") for world in worlds_in(root)}
    places = {world: dict(pair_rows(rows["rm"], rows[world])) for world in rows}
    for number, real in enumerate(rows["rm"]):
        for world, found in places.items():
            row = rows[world][found[number]]
            told = _written_fields(row) if "item_key" in row else _told_fields(row, real, number, world)
            yield Item(
                item_id=f"{setting}-{told.pop('item_key')}",
                family="synthworlds",
                setting=setting,
                source=source,
                source_revision=revision,
                spec=dump_spec({"root": str(root.resolve()), "config": f"qa-{world}", "row": found[number]}),
                query=row["query"],
                answer=row["gold_answers"][0],
                answer_aliases=row["gold_answers"][1:],
                **told,
            )


def _written_fields(row: dict[str, Any]) -> dict[str, Any]:
    """What ``lm-eval-ext world`` writes beside the published columns."""
    return {column: row[column] for column in schema.ITEM_COLUMNS} | {"factors": json.loads(row["factors"])}


def _told_fields(row: dict[str, Any], real: dict[str, Any], number: int, world: str) -> dict[str, Any]:
    """The same fields, as far as the published columns tell them."""
    return {
        "item_key": f"{row['instance_id']}-{world}",
        "twin_id": f"{number:05d}",
        "cluster_id": "-".join(real["gold_qids"][:1]) or f"{number:05d}",
        "factors": {
            "world": "rm" if world == "rm" else "sm",
            "hops": len(row["gold_docs"]),
            "motif": row["question_graph_type"],
            "relation": row["question_graph_type"],
            "is_time": row["expected_output_is_time"],
        },
    }


def gold_pages(spec: dict[str, Any]) -> list[str]:
    """The gold documents of a published item."""
    return list(read_rows(Path(spec["root"]), spec["config"])[spec["row"]]["gold_docs"])
