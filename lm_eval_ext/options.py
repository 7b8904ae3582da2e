"""The options of a task, given through lm-eval's ``--metadata``, checked before any work starts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, field_validator

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Source


class Options(BaseModel):
    """What every task of ours accepts; one set for all families, because lm-eval hands the same metadata to each of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Source = "hub"
    """Where the items come from."""
    seed: Annotated[StrictInt, Field(ge=0)] = 0
    """Names the generated data; the same seed gives the same bytes."""
    n: Annotated[StrictInt, Field(ge=1)] = 100
    """How many twins a task asks: scenes (dori), questions (synthworlds). Every twin gives two items or more."""
    root: Path | None = None
    """Folder with the published layout; for ``source=local``."""
    pages: Annotated[StrictInt, Field(ge=10)] = 200
    """synthworlds: entities in a generated world."""
    n_sm: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    """synthworlds: synthetic worlds beside the real one."""

    motifs: tuple[str, ...] = ("fact", "chain")
    """synthworlds: the patterns of facts that questions take in turn; a list, or names with commas between them."""

    @field_validator("motifs", mode="before")
    @classmethod
    def _split_motifs(cls, value: Any) -> Any:
        return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value

    def local_root(self) -> Path:
        """Folder of ``source=local``.

        Raises:
            InputError: None was given.
        """
        if self.root is None:
            raise InputError('source=local needs a folder: --metadata \'{"source": "local", "root": "FOLDER"}\'.')
        return self.root


def read_options(metadata: Mapping[str, Any]) -> Options:
    """Our keys out of lm-eval's merged metadata (which also holds the model's arguments).

    Raises:
        InputError: A value is not accepted; the line names the key, the value and what is accepted.

    Example:
        >>> read_options({"source": "generated", "seed": 7, "pretrained": "gpt2"}).seed
        7
    """
    given = {key: value for key, value in metadata.items() if key in Options.model_fields}
    try:
        return Options(**given)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        hint = f"Give it as --metadata '{{\"{key}\": …}}'."
        raise InputError(f"{key}={given[key]!r} is not accepted: {first['msg']}. {hint}") from None
