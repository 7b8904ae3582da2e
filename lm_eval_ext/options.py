"""The options of a task, given through lm-eval's ``--metadata``, checked before any work starts."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

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
    layout: Path | None = None
    """dori: YAML file that describes the layout of a published set; without it, the layout is recognised."""
    legacy_dedup: bool = False
    """dori: of published items that share an image's name keep only the last, as the public script does."""
    pixels: Annotated[StrictInt, Field(ge=16, le=2048)] = 256
    """dori: width and height of each panel of a generated picture."""
    meshes: Path | None = None
    """dori: folder with your own meshes and their ``objects.yaml``, which join the objects of generated items."""
    occlusion: bool = False
    """dori: something stands before Object A of each generated picture and hides 15 to 40 percent of it."""
    twins: tuple[str, ...] | None = None
    """dori: kinds of twin beside each plain item; a list, or names with commas. Without it, mirrored for generated items."""
    levels: Literal["own", "shared"] = "own"
    """dori: pictures of a generated coarse leaf: its own, or some of the granular leaf of the same type, so that answers pair."""
    pages: Annotated[StrictInt, Field(ge=10)] = 200
    """synthworlds: entities in a generated world."""
    n_sm: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    """synthworlds: synthetic worlds beside the real one."""
    facts: Annotated[str, Field(min_length=1)] = "core"
    """synthworlds: what generated worlds are made from: the packaged tables core or full, or the path of your own triples."""
    motifs: tuple[str, ...] = ("fact", "chain")
    """synthworlds: the patterns of facts that questions take in turn; a list, or names with commas between them."""

    worlds: Literal["both", "rm", "sm"] = "both"
    """synthworlds: whose items are asked; with one of them there is no gap."""
    budget: Annotated[StrictInt, Field(ge=1)] = 1000
    """synthworlds_reading_distractors: most tokens of all pages together; the gold ones are there in any case."""
    budget_tokenizer: Path | None = None
    """synthworlds_reading_distractors: model folder or tokenizer.json that counts; without it, words between blanks."""
    retriever: Annotated[str, Field(min_length=1)] = "bm25s"
    """synthworlds_rag, ircot: bm25s, or the name or folder of a sentence-transformers model."""
    top_k: Annotated[StrictInt, Field(ge=1, le=1000)] = 5
    """synthworlds_rag, ircot: pages that are retrieved."""
    name_tokenizer: Path | None = None
    """recall_reasoning: model folder or tokenizer.json in whose tokens invented names are as long as real ones; without it, in
    characters."""
    steps: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    """episodes: most turns of one episode; without it, each kind's own number."""

    @field_validator("motifs", "twins", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value

    def local_root(self, variable: str | None = None) -> Path:
        """Folder of ``source=local``.

        Args:
            variable: Environment variable with the folder to take when ``root`` is not given.

        Raises:
            InputError: None was given.
        """
        named = os.environ.get(variable) if variable else None
        if self.root is None and not named:
            other = f" Or set {variable}." if variable else ""
            raise InputError(f'source=local needs a folder: --metadata \'{{"source": "local", "root": "FOLDER"}}\'.{other}')
        return self.root or Path(str(named))


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
