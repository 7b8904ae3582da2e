"""A folder with the published parquet files: its configurations, their rows and their hash."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds import schema

Rows = tuple[dict[str, Any], ...]


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


@lru_cache(maxsize=8)
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
    return read_rows(root, f"wikinav-{world}", schema.NAVIGATION_COLUMNS, schema.PAIR_COLUMNS)


def read_linked_pages(root: Path, world: str) -> Rows:
    """Every page of one world with its links.

    Raises:
        InputError: The configuration ``wikinav-WORLD-pages`` is missing; the published files have none.
    """
    config = f"wikinav-{world}-pages"
    if not _found(root, config):
        raise InputError(
            f"{str(root)!r} holds no {config}: ways need the links of every page, and the published wikinav files hold those of "
            "starts and targets alone. Write a folder with lm-eval-ext world --navigation N, or give source=generated."
        )
    return read_rows(root, config, schema.PAGE_COLUMNS, ())


def hash_files(root: Path, configs: Sequence[str]) -> str:
    """Revision of a folder: hash of the files of some configurations, ``{}`` standing for the world.

    Raises:
        InputError: A file is missing.
    """
    hashed = hashlib.sha256()
    for config in configs:
        for world in worlds_in(root):
            for file in _files(root, config.format(world)):
                hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]
