"""Plans as they travel to vLLM's workers: JSON beside the bytes of a safetensors file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.interventions import Intervention, Place
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.sites import Architecture
from lm_eval_ext.probing.spans import span_of_tokens

_TENSORS = ("values", "basis")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is done to one request, known before vLLM has made tokens of its prompt.

    Attributes:
        key: Names the request in what was measured; unique in a batch.
        answer: How many tokens at the prompt's end are an answer that is scored.
        spans: Named sets of positions.
        tokens: Named sets of positions, given by the tokens that stand there, such as the one that vLLM repeats for a picture.
        interventions: Done to this request, in order; none for a baseline.
        measured: Whether the measurements are taken of it.
        unmeasured: How many tokens at the prompt's end are left out of measurements, such as an answer's last one, which the
            other backend does not run.
    """

    key: str
    answer: int = 0
    spans: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    tokens: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    interventions: tuple[Intervention, ...] = ()
    measured: bool = True
    unmeasured: int = 0

    def row(self, ids: Sequence[int]) -> Row:
        """The row that the request is, once its tokens are known.

        Raises:
            InputError: The answer or a span does not fit into these tokens.
        """
        return Row(
            key=self.key,
            given=len(ids),
            prompt=len(ids) - self.answer,
            spans={**self.spans, **{name: span_of_tokens(ids, wanted) for name, wanted in self.tokens.items()}},
            interventions=self.interventions,
            measured=self.measured,
        )


def encode_requests(requests: Sequence[Request]) -> tuple[str, bytes]:
    """Plans as (JSON, safetensors); interventions and tensors that several requests share travel once."""
    from safetensors.numpy import save

    tensors: dict[int, np.ndarray] = {}
    changes: dict[int, dict[str, Any]] = {}

    def sent(intervention: Intervention) -> int:
        number = id(intervention)
        if number not in changes:
            told = {one.name: getattr(intervention, one.name) for one in fields(intervention)}
            for name in _TENSORS:
                value = told[name]
                told[name] = None if value is None else str(id(value))
                if value is not None:
                    tensors[id(value)] = np.ascontiguousarray(value)
            changes[number] = told
        return number

    rows = [
        {
            "key": request.key,
            "answer": request.answer,
            "spans": request.spans,
            "tokens": request.tokens,
            "interventions": [sent(one) for one in request.interventions],
            "measured": request.measured,
            "unmeasured": request.unmeasured,
        }
        for request in requests
    ]
    text = json.dumps({"rows": rows, "interventions": changes})
    return text, save({str(number): tensor for number, tensor in tensors.items()})


def decode_requests(text: str, tensors: bytes) -> list[Request]:
    """What ``encode_requests`` was given."""
    from safetensors.numpy import load

    told, values = json.loads(text), load(tensors)
    changes = {int(number): _intervention(change, values) for number, change in told["interventions"].items()}
    return [
        Request(
            key=row["key"],
            answer=row["answer"],
            spans=_tuples(row["spans"]),
            tokens=_tuples(row["tokens"]),
            interventions=tuple(changes[number] for number in row["interventions"]),
            measured=row["measured"],
            unmeasured=row["unmeasured"],
        )
        for row in told["rows"]
    ]


def _intervention(told: Mapping[str, Any], values: Mapping[str, np.ndarray]) -> Intervention:
    made = _without_lists(told)
    made.update({name: values[told[name]] for name in _TENSORS if told[name] is not None})
    if told["same_run"] is not None:
        made["same_run"] = Place(*told["same_run"])
    return Intervention(**made)


def encode_measurements(measurements: Sequence[Measurement]) -> str:
    """Measurements as JSON."""
    return json.dumps([asdict(one) for one in measurements])


def decode_measurements(text: str) -> list[Measurement]:
    """What ``encode_measurements`` was given."""
    return [Measurement(**_without_lists(told)) for told in json.loads(text)]


def encode_architecture(architecture: Architecture) -> str:
    """An architecture as JSON."""
    return json.dumps(asdict(architecture))


def decode_architecture(text: str) -> Architecture:
    """What ``encode_architecture`` was given.

    Raises:
        InputError: The worker has refused the model.
    """
    told = json.loads(text)
    if "refused" in told:
        raise InputError(told["refused"])
    return Architecture(**told)


def encode_captures(captures: Captures) -> tuple[list[str], bytes]:
    """Keys of the measured rows, and their values as a safetensors file."""
    from safetensors.numpy import save

    keys = captures.keys()
    return keys, save({name: np.ascontiguousarray(array) for name, array in captures.arrays(keys)} if keys else {})


def decode_captures(keys: Sequence[str], arrays: bytes, captures: Captures) -> None:
    """Add what ``encode_captures`` was given to ``captures``, which hold the same measurements."""
    from safetensors.numpy import load

    values = load(arrays)
    for measurement in captures.measurements if keys else ():
        offsets = values[f"{measurement.name}.offsets"].tolist()
        for layer in measurement.layers:
            whole = values[f"{measurement.name}.{layer}"]
            for key, first, stop in zip(keys, offsets, offsets[1:], strict=False):
                captures.add(measurement.name, key, layer, whole[first:stop])


def _without_lists(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}


def _tuples(spans: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(span) for name, span in spans.items()}
