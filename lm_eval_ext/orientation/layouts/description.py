"""What a description of a layout says."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from lm_eval_ext.errors import InputError, first_complaint
from lm_eval_ext.orientation.questions import QUESTIONS, TYPES

LAYOUT_FILE = "layout.yaml"
"""A folder that holds a description of itself holds it under this name."""
LARGEST = 256_000
"""Bytes of a description."""
KNOWN_FACTORS = ("question", "level", "dimension", "dataset", "permutation")
"""Factors that follow from the question, the dataset and the order of the options; they need no column."""

Scalar: TypeAlias = str | int | float | bool
AnswerForm = Literal["text", "letter", "index"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FactorColumn(_Strict):
    """Where a factor stands; an empty cell means that the item does not have it."""

    column: str
    type: Literal["text", "int", "float", "bool"] = "text"


class Common(_Strict):
    """What every layout can say about its items."""

    questions: dict[str, str] = {}
    """The set's names of the questions, to our names of types (or of questions, where no level is given apart).
    Our own names are always understood."""
    answer_as: AnswerForm = "text"
    """text: the option's words. letter: A for the first option. index: 0 for the first option."""
    item: str | None = None
    """Column with the item's id; without it, ids are made of question, dataset and line."""
    twin: str | None = None
    """Column with the id that the items of a twin share; without it, every item stands alone."""
    cluster: str | None = None
    """Column with the unit that was sampled; without it, the image."""
    permutation: str | None = None
    """Column with the order in which the options are shown, "2 0 1"; without it, it is drawn from the seed and the item."""
    factors: dict[str, FactorColumn | None] = {}
    """What items vary, in order. Nothing stands after question, level, dimension, dataset and permutation, which are known;
    those of them that are not listed come last."""
    provenance: dict[str, Scalar] = {}
    """How the set was made; read by people and kept when it is written again."""

    @field_validator("factors", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """A factor's column may stand alone: it then holds text."""
        if not isinstance(value, dict):
            return value
        return {name: {"column": column} if isinstance(column, str) else column for name, column in value.items()}

    @model_validator(mode="after")
    def _check_names(self) -> "Common":
        unknown = sorted({name for name in self.questions.values() if name not in TYPES and name not in QUESTIONS})
        if unknown:
            raise ValueError(f"questions: {', '.join(unknown)} is none of {', '.join(TYPES)}")
        homeless = [name for name, column in self.factors.items() if column is None and name not in KNOWN_FACTORS]
        if homeless:
            raise ValueError(f"factors: {', '.join(homeless)} needs a column; only {', '.join(KNOWN_FACTORS)} are known without")
        return self

    def extra_columns(self) -> list[str]:
        """Columns of the optional things, without repetition."""
        named = [self.item, self.twin, self.cluster, self.permutation]
        named += [factor.column for factor in self.factors.values() if factor is not None]
        return list(dict.fromkeys(name for name in named if name is not None))


class ScriptLayout(Common):
    """One JSON file of questions, answer files with a line per item, and folders of images."""

    kind: Literal["script"]
    config: str = "benchmark_exp.json"
    """The JSON file of questions."""
    query: str | None = None
    """Key of a level with the question alone; without it the whole prompt, under ``question``, is asked."""
    fields: tuple[str, ...] = ("image", "unused", "answer")
    """Names of the fields of an answer line; ``image`` and ``answer`` must be among them. Further fields are left unread."""
    suffixes: tuple[str, ...] = ("", ".png", ".jpg", ".jpeg")
    """Tried after an image's name, in turn."""

    @model_validator(mode="after")
    def _check_fields(self) -> "ScriptLayout":
        if len(set(self.fields)) < len(self.fields) or not {"image", "answer"} <= set(self.fields):
            raise ValueError(f"fields: image and answer must be among {list(self.fields)}, and no name may stand twice")
        missing = [name for name in self.extra_columns() if name not in self.fields]
        if missing:
            raise ValueError(f"{', '.join(missing)} is not among the fields {', '.join(self.fields)}")
        return self


class TableLayout(Common):
    """Tables with a row per item, which hold the images or name them."""

    kind: Literal["table"]
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    """Patterns of paths below the folder, ending in .parquet or .jsonl: ``*`` is part of a name, ``**/`` any folders;
    ``{question}``, ``{level}`` and ``{dataset}`` read a part of the path as that column."""
    question: str = "question"
    """Column with the name of the question."""
    level: str | None = "level"
    """Column with coarse or granular; null where the name of the question says it."""
    dataset: str | None = None
    """Column with the source dataset; without it, what ``{dataset}`` read, or "table"."""
    text: str | dict[str, str]
    """Column with what is asked, or that text for each question. With the place ``{options}`` it is the whole prompt."""
    options: str | tuple[str, ...] | dict[str, tuple[str, ...]]
    """Column with a list (or its JSON text), or a column for each option, or the list for each question."""
    answer: str = "answer"
    image: str = "image"
    """Column with the image."""
    image_as: Literal["bytes", "base64", "path"] = "bytes"
    """bytes: raw, or the struct of bytes and path of the datasets library. base64: as text, alone or in that struct.
    path: relative to ``images``."""
    images: str = "."
    """Folder of the paths, below the folder of the set."""
    name: str | None = None
    """Column with the image's name; without it, its path or a hash of its bytes."""

    @model_validator(mode="after")
    def _check_files(self) -> "TableLayout":
        wrong = [pattern for pattern in self.files if not pattern.endswith((".parquet", ".jsonl"))]
        if wrong:
            raise ValueError(f"files: {wrong[0]!r} must end in .parquet or .jsonl")
        return self

    def columns(self) -> list[str]:
        """All columns but the image that are read, without repetition; those that a path may give are among them."""
        named = [self.question, self.level, self.dataset, self.answer, self.name]
        named += [self.text] if isinstance(self.text, str) else []
        named += [self.options] if isinstance(self.options, str) else [*self.options] if isinstance(self.options, tuple) else []
        return list(dict.fromkeys([name for name in named if name is not None] + self.extra_columns()))


Layout: TypeAlias = ScriptLayout | TableLayout
_ADAPTER: TypeAdapter[Layout] = TypeAdapter(Annotated[Layout, Field(discriminator="kind")])


def read_layout(path: Path) -> Layout:
    """The description in a YAML file.

    Raises:
        InputError: There is no such file, or it says something else; the line names the key.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"layout {path} is larger than {LARGEST:,} bytes. Give a description of a layout.")
        return parse_layout(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"layout {path} can't be read: {error}. Give a YAML file; tasks/dori/README.md shows one.") from None


def parse_layout(text: str, name: str) -> Layout:
    """The description in a YAML text; ``name`` is what messages call it."""
    try:
        return _ADAPTER.validate_python(yaml.safe_load(text))
    except ValidationError as error:
        said = first_complaint(error, unsaid=("script", "table"))
        raise InputError(f"layout {name}: {said}. tasks/dori/README.md shows one.") from None
    except (yaml.YAMLError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"layout {name} is no YAML ({why}). tasks/dori/README.md shows a description.") from None


def _shortest(factor: FactorColumn | None) -> Any:
    return factor.column if factor is not None and factor.type == "text" else factor and factor.model_dump()


def dump_layout(layout: Layout) -> str:
    """The description as YAML; ``parse_layout`` reads the same back.

    Example:
        >>> layout = TableLayout(kind="table", files=("*.jsonl",), text="text", options="options", factors={"twin": "twin_kind"})
        >>> parse_layout(dump_layout(layout), "example") == layout
        True
    """
    data = layout.model_dump(mode="json", exclude_defaults=True)
    if layout.factors:
        data["factors"] = {name: _shortest(column) for name, column in layout.factors.items()}
    return yaml.safe_dump({"kind": layout.kind} | data, sort_keys=False, allow_unicode=True, width=120)
