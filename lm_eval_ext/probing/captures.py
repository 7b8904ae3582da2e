"""What was measured, by row and layer, and how it is kept in a file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.files import replacing, write_atomic
from lm_eval_ext.probing.measurements import Measurement

FORMAT = 1
"""Of the files; raised when their layout changes."""


class _Part(NamedTuple):
    """Values at some of the positions that are selected: themselves, or their sum in float64."""

    first: int
    size: int
    values: np.ndarray


class _Values:
    """Values of one measurement, row and layer, in parts as they come."""

    def __init__(self, mean: bool) -> None:
        self.mean = mean
        self.parts: list[_Part] = []

    def add(self, first: int, values: np.ndarray) -> None:
        kept = values.sum(0, keepdims=True, dtype=np.float64) if self.mean else values
        self.parts.append(_Part(first, len(values), kept))

    def cut(self, count: int) -> None:
        whole = [part for part in self.parts if part.first + part.size <= count]
        split = [part for part in self.parts if part.first < count < part.first + part.size]
        if split and self.mean:
            raise InputError(f"a mean over {split[0].size} positions at once cannot be cut to {count}.")
        self.parts = whole + [_Part(part.first, count - part.first, part.values[: count - part.first]) for part in split] or [
            _Part(0, 0, self.parts[0].values[:0])
        ]

    def get(self) -> np.ndarray:
        ordered = [part.values for part in sorted(self.parts, key=lambda part: part.first)]
        if not self.mean:
            return np.concatenate(ordered)
        count = sum(part.size for part in self.parts)
        total = np.concatenate(ordered).sum(0, keepdims=True)
        return (total / count if count else total[:0]).astype(np.float32)


@dataclass
class Captures:
    """Results of measurements, filled while a model runs.

    Attributes:
        measurements: What is measured.
        values: By name of the measurement, key of the row, and layer; read with ``get``.
    """

    measurements: tuple[Measurement, ...]
    values: dict[tuple[str, str, int], _Values] = field(default_factory=dict[tuple[str, str, int], _Values])

    def __post_init__(self) -> None:
        self._means = {measurement.name: measurement.mean for measurement in self.measurements}
        if len(self._means) < len(self.measurements):
            raise InputError("two measurements have one name. Give each its own.")

    def add(self, name: str, key: str, layer: int, values: np.ndarray, *, first: int = 0) -> None:
        """Take in what one step measured of one row in one layer.

        Args:
            name: Of the measurement.
            key: Of the row.
            layer: Where.
            values: Shape (positions, …), float32.
            first: Number of the first of these positions among all that are selected; parts are put in this order.
        """
        self.values.setdefault((name, key, layer), _Values(self._means[name])).add(first, values)

    def get(self, name: str, key: str, layer: int) -> np.ndarray:
        """Values of one row in one layer; shape (positions, …), float32.

        Raises:
            InputError: This was not measured.
        """
        if (name, key, layer) not in self.values:
            raise InputError(f"measurement {name!r} of row {key!r} in layer {layer} was not taken.")
        return self.values[name, key, layer].get()

    def keys(self) -> list[str]:
        """Rows of which something was measured, in the order in which they came."""
        return list(dict.fromkeys(key for _, key, _ in self.values))

    def cut(self, name: str, key: str, count: int) -> None:
        """Keep the first positions of those that were selected, for a row that ended before its batch did.

        Args:
            name: Of the measurement.
            key: Of the row.
            count: How many are kept.
        """
        for measurement, row, layer in self.values:
            if (measurement, row) == (name, key):
                self.values[name, key, layer].cut(count)

    def share(self, key: str, other: str) -> None:
        """Give a row's values to another one, of which the model computed the same."""
        taken = {(name, other, layer): values for (name, row, layer), values in self.values.items() if row == key}
        self.values.update(taken)

    def drop(self, key: str) -> None:
        """Forget a row."""
        self.values = {place: values for place, values in self.values.items() if place[1] != key}

    def merge(self, other: "Captures") -> None:
        """Take over all rows of another one that are not here yet; of those in both, this one's stay.

        Raises:
            InputError: The two hold different measurements.
        """
        if other.measurements != self.measurements:
            raise InputError("captures of different measurements cannot be merged.")
        mine = set(self.keys())
        self.values.update({place: values for place, values in other.values.items() if place[1] not in mine})

    def arrays(self, keys: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """What a file holds: for each measurement and layer ``NAME.LAYER``, rows one after another along the first axis; and
        ``NAME.offsets``, where row i lies from ``offsets[i]`` to ``offsets[i + 1]``.

        Raises:
            InputError: Something was not measured of one of the rows.
        """  # noqa: D205
        for measurement in self.measurements:
            name = measurement.name
            for layer in measurement.layers:
                rows = [self.get(name, key, layer) for key in keys]
                if layer == measurement.layers[0]:
                    yield f"{name}.offsets", np.cumsum([0, *map(len, rows)], dtype=np.int64)
                yield f"{name}.{layer}", np.concatenate(rows)


def write_captures(path: Path, captures: Captures, rows: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any]) -> list[Path]:
    """Write ``PATH.safetensors`` and ``PATH.json``; each is whole or not there.

    Args:
        path: Without ending.
        captures: What was measured.
        rows: What is said of each row, by its key, in the order of the file; all were measured.
        about: What is said of the whole: model, recipe, ….

    Returns:
        The two files.
    """
    from safetensors.numpy import save_file

    stated = {
        "format": FORMAT,
        **about,
        "measurements": [
            {
                "name": one.name,
                "site": one.site,
                "layers": one.layers,
                "statistics": one.statistics,
                "heads": one.heads,
                "neurons": one.neurons,
                "positions": one.positions,
                "phase": one.phase,
                "mean": one.mean,
            }
            for one in captures.measurements
        ],
        "rows": [{"key": key, **facts} for key, facts in rows.items()],
    }
    tensors, text = path.with_name(f"{path.name}.safetensors"), path.with_name(f"{path.name}.json")
    with replacing(tensors) as half:
        save_file(dict(captures.arrays(list(rows))), half)
    write_atomic(text, json.dumps(stated, ensure_ascii=False, indent=1))
    return [tensors, text]


@dataclass(frozen=True, eq=False)
class Measured:
    """What a file holds.

    Attributes:
        about: The JSON, without its rows.
        rows: What is said of each row.
        arrays: By name, as in ``Captures.arrays``.
    """

    about: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    arrays: Mapping[str, np.ndarray]

    def of_row(self, name: str, layer: int, row: int) -> np.ndarray:
        """Values of one measurement in one layer and row; shape (positions, …)."""
        first, stop = self.arrays[f"{name}.offsets"][row : row + 2]
        return self.arrays[f"{name}.{layer}"][first:stop]


def read_captures(path: Path) -> Measured:
    """Read what ``write_captures`` wrote.

    Args:
        path: One of the two files, or their name without ending.

    Raises:
        InputError: The files are not there, are damaged, or have another format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    stem = path.with_suffix("") if path.suffix in {".json", ".safetensors"} else path
    try:
        about = json.loads(stem.with_name(f"{stem.name}.json").read_bytes())
        arrays = load_file(stem.with_name(f"{stem.name}.safetensors"))
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(f"{stem} is no pair of probe files (.json and .safetensors): {error}.") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise InputError(f"{stem}.json has format {about.get('format') if isinstance(about, dict) else None}; {FORMAT} is read.")
    rows = about.pop("rows")
    return Measured(about, rows, arrays)
