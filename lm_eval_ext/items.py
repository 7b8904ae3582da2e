"""The item: one document of any task, as lm-eval logs it."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import datasets

SCHEMA_VERSION = 1
CANARY = "lm-eval-ext canary 6f1d0f0e-7a55-4c3e-9d5b-2f7e0f6c9b41"
"""Stands in every item, so that a training corpus that swallowed our items can be recognised."""

Source = Literal["hub", "local", "generated"]


class Item(BaseModel):
    """One question, with all that is needed to ask it again and to judge the answer.

    Twins share ``twin_id`` and differ in nothing but ``factors``. Intervals are clustered by ``cluster_id``, the unit that was
    really sampled. ``spec`` says how to make the picture or the page; it is a JSON string, so that columns stay flat.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str = Field(min_length=1)
    """Unique within a task."""
    family: Literal["dori", "synthworlds", "recall_reasoning", "rosetta", "knights"]
    setting: str
    """The way of asking: closed_book, reading, view_parallelism_coarse, …"""
    twin_id: str
    cluster_id: str
    factors: dict[str, str | int | float | bool]
    """What the item varies, flat: ``{"world": "rm", "hops": 1}``. The factor that twins differ in comes first."""
    source: Source
    source_revision: str
    """Hub: the commit. Local: sha256 of the files read. Generated: hash of the generator's version and options."""
    spec: str
    """JSON."""
    query: str
    """What is asked, without pictures and pages."""
    choices: list[str] = []
    answer: str
    answer_aliases: list[str] = []
    canary: str = CANARY
    schema_version: int = SCHEMA_VERSION


def dump_spec(spec: Mapping[str, Any]) -> str:
    """JSON text of a spec: sorted keys and no blanks, so that equal specs are equal strings."""
    return json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def to_columns(items: Sequence[Item]) -> dict[str, list[Any]]:
    """Items as columns for ``datasets.Dataset.from_dict``; ``factors`` becomes a JSON string, as a column has one type.

    Example:
        >>> item = Item(item_id="i", family="dori", setting="s", twin_id="t", cluster_id="c", factors={"world": "rm", "hops": 1},
        ...             source="generated", source_revision="r", spec="{}", query="q", answer="a")
        >>> to_columns([item])["factors"]
        ['{"world":"rm","hops":1}']
    """
    rows = [item.model_dump() | {"factors": _in_order(item.factors)} for item in items]
    return {name: [row[name] for row in rows] for name in Item.model_fields}


def _in_order(factors: Mapping[str, Any]) -> str:
    """JSON text of factors; unlike in a spec their order says something: the one that twins differ in comes first."""
    return json.dumps(factors, separators=(",", ":"), ensure_ascii=False)


def to_dataset(items: Sequence[Item]) -> "dict[str, datasets.Dataset]":
    """Items as lm-eval's ``custom_dataset`` wants them: one split, ``test``."""
    import datasets

    return {"test": datasets.Dataset.from_dict(to_columns(items))}
