"""A set as one table, in Parquet or JSON lines, with the pictures inside."""

import base64
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from lm_eval_ext.files import replacing
from lm_eval_ext.items import Item
from lm_eval_ext.orientation.layouts.description import LAYOUT_FILE, Scalar, TableLayout, dump_layout
from lm_eval_ext.orientation.layouts.encode import Sheet, options_of, question_of
from lm_eval_ext.orientation.publish_folder import put

_BATCH = 64
"""Rows of a row group, and how many pictures are held at once."""


class TableSet:
    """The files of a set in a table."""

    def __init__(self, sheet: Sheet, provenance: Mapping[str, Scalar], form: Literal["parquet", "jsonl"]) -> None:
        """The items, how they were made, and the format."""
        self._sheet, self._form = sheet, form
        self._table = f"data/test-00000-of-00001.{form}"
        described = sheet.description() | {"provenance": dict(provenance)}
        columns = {"dataset": "dataset", "text": "text", "options": "options", "image_as": _IMAGE_AS[form]}
        self.layout = TableLayout.model_validate({"kind": "table", "files": [self._table]} | columns | described)

    @property
    def names(self) -> list[str]:
        """Every file."""
        return [LAYOUT_FILE, self._table]

    def write_texts(self, out: Path) -> None:
        """The description."""
        put(out, LAYOUT_FILE, dump_layout(self.layout).encode())

    def write_pictures(self, out: Path, pictures: Iterator[bytes]) -> None:
        """The table, whole or not at all."""
        rows = (self._row(item, data) for item, data in zip(self._sheet.items, pictures, strict=True))
        with replacing(out / self._table) as path:
            {"parquet": self._write_parquet, "jsonl": _write_jsonl}[self._form](path, rows)

    def _row(self, item: Item, data: bytes) -> dict[str, Any]:
        question = question_of(item)
        return {
            "question": question.type,
            "level": question.level,
            "dataset": item.factors["dataset"],
            "text": item.query,
            "options": list(options_of(item)),
            "answer": item.answer,
            "image": {"bytes": data, "path": None} if self._form == "parquet" else base64.b64encode(data).decode(),
            **self._sheet.cells(item),
        }

    def _write_parquet(self, path: Path, rows: Iterator[dict[str, Any]]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
        schema = {name: pa.string() for name in ("question", "level", "dataset", "text", "options", "answer")}
        schema |= {"options": pa.list_(pa.string()), "image": pa.struct({"bytes": pa.binary(), "path": pa.string()})}
        schema |= {name: pa.string() for name in self._sheet.columns}
        schema |= {factor.column: kinds[factor.type] for factor in self._sheet.factors.values() if factor is not None}
        with pq.ParquetWriter(path, pa.schema(schema)) as writer:
            while batch := list(islice(rows, _BATCH)):
                writer.write_table(pa.Table.from_pylist(batch, schema=pa.schema(schema)))


_IMAGE_AS = {"parquet": "bytes", "jsonl": "base64"}


def _write_jsonl(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
