"""Parquet files as a table; the images are read when they are asked for, a row group at a time."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.layouts.cells import Row, check_columns, image_cell

LARGEST_GROUP = 1_000_000_000
"""Bytes of a row group, unpacked; a whole one is held while its images are read."""
_BATCH = 64


def columns(path: Path) -> dict[str, str]:
    """Names and types."""
    schema = _opened(path).schema_arrow
    return {name: str(schema.field(name).type) for name in schema.names}


def rows(path: Path, wanted: Sequence[str], image: str) -> Iterator[Row]:
    """Every row; the images pass by in small batches."""
    import pyarrow as pa

    check_columns(path, columns(path), [*wanted, image])
    file, number = _opened(path), 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH, columns=[*wanted, image]):
            for cells in batch.to_pylist():
                number += 1
                place = {"table": str(path), "row": number, "column": image}
                yield Row(number, {name: cells[name] for name in wanted}, image_cell(cells[image]), place)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is damaged after row {number}: {_line(error)}. Fetch or export it again.") from None


def read_image(path: Path, row: int, column: str) -> Any:
    """The value of the image's column in a row, counted from 1."""
    first = 1
    for group in range(_opened(path).metadata.num_row_groups):
        n = _opened(path).metadata.row_group(group).num_rows
        if row < first + n:
            return _column(path, path.stat().st_mtime_ns, group, column)[row - first].as_py()
        first += n
    raise InputError(f"{path} has no row {row}. It was changed after the items were made: run again.")


@lru_cache(maxsize=2)
def _column(path: Path, _changed: int, group: int, column: str) -> Any:
    """One column of a row group; the last ones are kept, because items are asked in order."""
    return _opened(path).read_row_group(group, columns=[column]).column(column)


def _opened(path: Path) -> Any:
    return _file(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=8)
def _file(path: Path, _changed: int, _size: int) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no whole Parquet file: {_line(error)}. Fetch or export it again.") from None
    sizes = [file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups)]
    if max(sizes, default=0) > LARGEST_GROUP:
        raise InputError(f"{path} has a row group of {max(sizes):,} bytes. Write it with smaller row groups, of 100 rows or so.")
    return file


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
