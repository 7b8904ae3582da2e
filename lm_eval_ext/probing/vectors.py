"""Numbers that a recipe brings along: written out, or by the name of a tensor in a safetensors file."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lm_eval_ext.errors import InputError

MOST_BYTES = 2**30
"""Of a file of tensors."""

_Number = Annotated[float, Field(allow_inf_nan=False)]


class Vector(BaseModel):
    """One vector, or a matrix with a row per position or entry.

    In YAML it is a list of numbers, a list of such lists, or ``{file: FILE.safetensors, tensor: NAME}``. ``{layer}`` in the name
    stands for the layer's number, and a file's name counts from the recipe's folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: tuple[_Number, ...] | tuple[tuple[_Number, ...], ...] | None = None
    file: Path | None = None
    tensor: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, given: Any, info: Any) -> Any:
        if isinstance(given, list):
            return {"numbers": given}
        if isinstance(given, dict) and {"file", "tensor"} == given.keys():
            folder = (info.context or {}).get("folder", Path())
            return {"file": folder / str(given["file"]), "tensor": given["tensor"]}
        raise ValueError("give a list of numbers, or file and tensor")

    def read(self, layer: int) -> np.ndarray:
        """The numbers for one layer, float32.

        Raises:
            InputError: The file or tensor does not exist, or is damaged, or rows have different lengths.
        """
        if self.file is None or self.tensor is None:
            try:
                return np.asarray(self.numbers, dtype=np.float32)
            except ValueError:
                raise InputError("the rows of a matrix in a recipe have different lengths.") from None
        return _read_tensor(self.file, self.tensor.replace("{layer}", str(layer)))


def _read_tensor(path: Path, name: str) -> np.ndarray:
    from safetensors import SafetensorError, safe_open

    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path} does not exist or is larger than {MOST_BYTES} bytes. Give a safetensors file.")
    try:
        with safe_open(path, "np") as file:
            names = list(file.keys())
            if name not in names:
                raise InputError(f"{path} has no tensor {name!r}. It has {', '.join(sorted(names)[:20])}.")
            return np.asarray(file.get_tensor(name), dtype=np.float32)
    except SafetensorError as error:
        raise InputError(f"{path} is no safetensors file: {error}.") from None
