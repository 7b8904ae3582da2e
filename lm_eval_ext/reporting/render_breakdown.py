"""A breakdown as a table for people, as JSON, and as CSV."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from lm_eval_ext.reporting.breakdown import Breakdown, Slice
from lm_eval_ext.statistics import Figure

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA_VERSION = 1
"""Of the JSON; raised when a field changes its name or meaning."""
Format = Literal["table", "json", "csv"]

_COLUMNS = ("model", "date", "by", "task", "factors")
_FIGURE = (
    *("name", "case", "unit", "value", "low", "high", "stderr", "n", "n_clusters"),
    *("nulls", "p_value", "reason", "higher_is_better"),
)
_WIDTH = 150
"""Columns of text where there is no terminal."""


def render(found: Sequence[Breakdown], form: Format) -> str:
    """The breakdown as text.

    Args:
        found: One entry per run.
        form: ``table``, ``json`` (``SCHEMA_VERSION``) or ``csv`` (one line per figure).
    """
    return {"table": as_tables, "json": as_json, "csv": as_csv}[form](found)


def as_json(found: Sequence[Breakdown]) -> str:
    """JSON; an undefined number is null, with its reason beside it."""
    runs = [
        {
            "folder": str(one.run.folder),
            "date": one.run.date,
            "model": one.run.results.model_name,
            "lm_eval_version": one.run.results.lm_eval_version,
            "task_versions": dict(one.run.results.versions),
            "slices": [asdict(slice_) for slice_ in one.slices],
        }
        for one in found
    ]
    return json.dumps({"schema_version": SCHEMA_VERSION, "interval": 0.95, "runs": runs}, indent=1, allow_nan=False) + "\n"


def as_csv(found: Sequence[Breakdown]) -> str:
    """One line per figure; nulls as ``guess=0.25; majority=0.4``, an undefined number as an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *_FIGURE])
    for one in found:
        for slice_ in one.slices:
            place = [one.run.results.model_name, one.run.date, slice_.by, slice_.task, _factors(slice_)]
            writer.writerows([*place, *_fields(figure)] for figure in slice_.figures)
    return text.getvalue()


def as_tables(found: Sequence[Breakdown]) -> str:
    """One table per run and way of slicing, without colours."""
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=_WIDTH, no_color=True, highlight=False)
    for one in found:
        console.print(f"{one.run.results.model_name}, {one.run.date} ({one.run.folder})", soft_wrap=True)
        for by in dict.fromkeys(slice_.by for slice_ in one.slices):
            console.print(_table(by, [slice_ for slice_ in one.slices if slice_.by == by]))
    return text.getvalue()


def _table(by: str, slices: Sequence[Slice]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(title=f"by {by}", box=box.SIMPLE_HEAD, title_justify="left")
    for name in (by, "figure", "value", "95 % interval", "n", "clusters", "null", "note"):
        table.add_column(name, justify="right" if name in ("value", "95 % interval", "n", "clusters") else "left")
    for slice_ in slices:
        label = " ".join(part for part in (slice_.task, _factors(slice_)) if part)
        for i, figure in enumerate(slice_.figures):
            table.add_row(label if i == 0 else "", *_cells(figure), end_section=i == len(slice_.figures) - 1)
    return table


def _cells(figure: Figure) -> list[str]:
    interval = "" if figure.low is None or figure.high is None else f"{_text(figure, figure.low)} … {_text(figure, figure.high)}"
    nulls = ", ".join(f"{name} {_text(figure, value)}" for name, value in figure.nulls.items())
    test = "" if figure.p_value is None else f"p = {figure.p_value:.3g}"
    note = ", ".join(part for part in (test, (figure.reason or "").replace("_", " ")) if part)
    value = "-" if figure.value is None else _text(figure, figure.value)
    return [f"{figure.name} {figure.case}".strip(), value, interval, str(figure.n), str(figure.n_clusters), nulls, note]


def _text(figure: Figure, value: float) -> str:
    return f"{value:.1f}°" if figure.unit == "degrees" else f"{value:.4f}"


def _factors(slice_: Slice) -> str:
    return "; ".join(f"{name}={value}" for name, value in slice_.factors.items())


def _fields(figure: Figure) -> list[Any]:
    values = asdict(figure) | {"nulls": "; ".join(f"{name}={value!r}" for name, value in figure.nulls.items())}
    return [values[name] for name in _FIGURE]
