"""Results as JSON: numbers that are not there are null, never NaN."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def as_json(value: Any) -> Any:
    """A result, its parts and its arrays as what JSON holds; what is not finite becomes null.

    Args:
        value: A dataclass, mapping, sequence, array, number, string or None.

    Raises:
        TypeError: Of something else.

    Example:
        >>> from lm_eval_ext.statistics import Bounds
        >>> as_json({"low": float("-inf"), "hits": np.array([True]), "both": Bounds(0.0, 1.0)})
        {'low': None, 'hits': [True], 'both': [0.0, 1.0]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): as_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no form in JSON. Give dataclasses, mappings, arrays, numbers or strings.")
