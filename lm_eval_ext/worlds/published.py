"""The published SynthWorlds questions: parquet files ``qa-rm`` and ``qa-sm``, from the hub or from a folder."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.hub import fetch_dataset
from lm_eval_ext.items import Item, Source, dump_spec
from lm_eval_ext.worlds.prompts import Setting

HUB_NAME = "kenqgu/SynthWorlds"
HUB_REVISION = "d0f02ed"
"""The commit whose schema this reader knows; its full hash was not to be had."""
CONFIGS = {"rm": "qa-rm", "sm": "qa-sm"}
_IS_TIME = "expected_output_is_time"
_COLUMNS = ("instance_id", "query", "gold_answers", "gold_docs", "question_graph_type", "gold_qids", _IS_TIME)


def load_hub(setting: Setting) -> Iterator[Item]:
    """Items of the published benchmark.

    Raises:
        InputError: The hub can't be reached, or holds something else than it should.
    """
    folder = fetch_dataset(HUB_NAME, HUB_REVISION, [f"{config}*" for config in CONFIGS.values()])
    return _items(setting, folder, "hub", folder.name)


def load_local(setting: Setting, root: Path) -> Iterator[Item]:
    """Items of a folder with the published parquet files: ``qa-rm/*.parquet`` or ``qa-rm*.parquet``, and ``qa-sm`` alike.

    Raises:
        InputError: The folder, a file, a column or a twin is missing.
    """
    if not root.is_dir():
        raise InputError(f"root={str(root)!r} is not a folder. Give the folder that holds qa-rm and qa-sm as parquet files.")
    hashed = hashlib.sha256()
    for config in CONFIGS.values():
        for file in _files(root, config):
            hashed.update(file.read_bytes())
    return _items(setting, root, "local", hashed.hexdigest()[:16])


def _files(root: Path, config: str) -> list[Path]:
    patterns = (f"{config}/*.parquet", f"{config}.parquet", f"{config}-[0-9t]*.parquet")
    found = sorted(file for pattern in patterns for file in root.glob(pattern))
    if not found:
        listing = ", ".join(sorted(entry.name for entry in root.iterdir())[:10]) or "nothing"
        raise InputError(f"{str(root)!r} holds no parquet file of {config}. It holds {listing}; {config}/*.parquet is wanted.")
    return found


@lru_cache(maxsize=4)
def read_rows(root: Path, config: str) -> tuple[dict[str, Any], ...]:
    """Rows of one configuration, in file order."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for file in _files(root, config):
        table = pq.read_table(file)
        missing = [column for column in _COLUMNS if column not in table.column_names]
        if missing:
            raise InputError(f"{file.name} lacks the columns {', '.join(missing)}; it has {', '.join(table.column_names)}.")
        rows += table.select(list(_COLUMNS)).to_pylist()
    return tuple(rows)


def pair_rows(real: tuple[dict[str, Any], ...], synthetic: tuple[dict[str, Any], ...]) -> list[tuple[int, int]]:
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
    rows = {world: read_rows(root, config) for world, config in CONFIGS.items()}
    for number, pair in enumerate(pair_rows(rows["rm"], rows["sm"])):
        for world, place in zip(CONFIGS, pair, strict=True):
            row = rows[world][place]
            yield Item(
                item_id=f"{setting}-{row['instance_id']}-{world}",
                family="synthworlds",
                setting=setting,
                twin_id=f"{number:05d}",
                cluster_id="-".join(rows["rm"][pair[0]]["gold_qids"][:1]) or f"{number:05d}",
                factors={
                    "world": world,
                    "hops": len(row["gold_docs"]),
                    "motif": row["question_graph_type"],
                    "relation": row["question_graph_type"],
                    "is_time": row[_IS_TIME],
                },
                source=source,
                source_revision=revision,
                spec=dump_spec({"root": str(root.resolve()), "config": CONFIGS[world], "row": place}),
                query=row["query"],
                answer=row["gold_answers"][0],
                answer_aliases=row["gold_answers"][1:],
            )


def gold_pages(spec: dict[str, Any]) -> list[str]:
    """The gold documents of a published item."""
    return list(read_rows(Path(spec["root"]), spec["config"])[spec["row"]]["gold_docs"])
