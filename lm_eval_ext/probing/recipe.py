"""Probe recipes: YAML that says what is measured and what is changed. They are data, never code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from lm_eval_ext.errors import InputError, first_complaint
from lm_eval_ext.probing import interventions
from lm_eval_ext.probing.interventions import Intervention, Operation, Phase, Place
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.sites import SPAN, Architecture, Site, did_you_mean
from lm_eval_ext.probing.spans import PLACES
from lm_eval_ext.probing.vectors import Vector

MOST_BYTES = 2**20
"""Of a recipe."""

Layers = Literal["all"] | Annotated[tuple[StrictInt, ...], Field(min_length=1)]
"""Numbers from 0 on; negative ones count from the last layer, which is -1."""
Components = Annotated[tuple[Annotated[StrictInt, Field(ge=0)], ...], Field(min_length=1)]
Where = str | Annotated[tuple[StrictInt, ...], Field(min_length=1)]
"""Name of a place or span, or numbers; see ``spans.Positions``."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mark(_Section):
    """How a span is found in a row; one of these is given."""

    picture: Literal[True] | None = None
    """The tokens that stand for pictures."""
    tokens: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Every place of these tokens."""
    text: Annotated[str, Field(min_length=1)] | None = None
    """Every place of this text."""
    field: Annotated[str, Field(min_length=1)] | None = None
    """Every place of the text in this field of the document, such as ``query``."""

    @model_validator(mode="after")
    def _one(self) -> "Mark":
        if len(self.model_fields_set) != 1:
            raise ValueError("give one of picture, tokens, text and field")
        return self


class Measure(_Section):
    """A measurement; see ``measurements.Measurement``."""

    site: Site
    layers: Layers = "all"
    statistics: tuple[str, ...] = ()
    heads: Components | None = None
    neurons: Components | None = None
    positions: Where = "all"
    phase: Phase = "both"
    mean: bool = False


class Change(_Section):
    """An intervention in some layers; see ``interventions.Intervention``."""

    operation: Operation
    site: Site
    layers: Layers
    heads: Components | None = None
    neurons: Components | None = None
    positions: Where = "all"
    phase: Phase = "both"
    factor: float = Field(default=1.0, allow_inf_nan=False)
    values: Vector | None = None
    basis: Vector | None = None
    keep: bool = False
    from_site: Site | None = None
    """Of ``patch`` and ``project``: values come from this site of the same layer, in the same run."""


class Recipe(_Section):
    """A whole recipe."""

    about: Annotated[str, Field(min_length=1)]
    """What it is for, in a sentence."""
    measure: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], Measure] = {}
    spans: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], Mark] = {}
    interventions: tuple[Change, ...] = ()
    """Done to every row."""

    @model_validator(mode="after")
    def _consistent(self) -> "Recipe":
        if not self.measure and not self.interventions:
            raise ValueError("it neither measures nor changes anything; give measure or interventions")
        for taken in self.spans.keys() & {*PLACES}:
            raise ValueError(f"span {taken!r} has the name of a place; choose another")
        for name in sorted(self.named_spans() - self.spans.keys()):
            known = ", ".join([*PLACES, *self.spans])
            raise ValueError(f"span {name!r} is used and not marked under spans; there are {known}")
        return self

    def named_spans(self) -> set[str]:
        """Spans that a measurement or intervention uses."""
        sections: Sequence[Measure | Change] = [*self.measure.values(), *self.interventions]
        placed = {one.positions for one in sections if isinstance(one.positions, str)} - {*PLACES}
        attended = {name for one in self.measure.values() for name in one.statistics if name.startswith(SPAN)}
        return placed | {name.removeprefix(SPAN) for name in attended}

    @property
    def sites(self) -> tuple[Site, ...]:
        """Sites that a backend must offer."""
        measured: Sequence[Site] = [one.site for one in self.measure.values()]
        written: Sequence[Site] = [one.site for one in self.interventions]
        read: Sequence[Site] = [one.from_site for one in self.interventions if one.from_site is not None]
        return tuple(dict.fromkeys((*measured, *written, *read)))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A recipe fitted to a model.

    Attributes:
        measurements: Taken of every row.
        interventions: Done to every row.
    """

    measurements: tuple[Measurement, ...]
    interventions: tuple[Intervention, ...]


def recipe_names() -> list[str]:
    """Recipes that come with the package."""
    folder = resources.files("lm_eval_ext.probes")
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


def read_recipe(name: str | Path) -> Recipe:
    """A recipe from a file, or one of the package's by its name.

    Raises:
        InputError: There is no such file or name, or it is no recipe; the line says where and what.
    """
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        known = recipe_names()
        if str(name) not in known:
            hint = did_you_mean(str(name), known)
            raise InputError(f"probe recipe {str(name)!r} is unknown. Give a .yaml file or one of {', '.join(known)}.{hint}")
        path = Path(str(resources.files("lm_eval_ext.probes") / f"{name}.yaml"))
    if not path.is_file():
        raise InputError(f"probe recipe {path} does not exist. Give a .yaml file or one of {', '.join(recipe_names())}.")
    return _parse(path)


def _parse(path: Path) -> Recipe:
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES} bytes; that is no recipe.")
    try:
        text = path.read_text(encoding="utf-8")
        # an alias can stand for more than memory holds
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise InputError(f"{path} uses YAML aliases (*name). Write the values out.")
        data = yaml.safe_load(text)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} is no YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(data, dict):
        raise InputError(f"{path} holds no mapping. A recipe has the keys {', '.join(Recipe.model_fields)}.")
    try:
        return Recipe.model_validate(data, context={"folder": path.parent})
    except ValidationError as error:
        raise InputError(f"recipe {path.name}: {first_complaint(error)}.") from None


def plan(recipe: Recipe, architecture: Architecture) -> Plan:
    """Fit a recipe to a model.

    Raises:
        InputError: The model lacks a site, layer, head or neuron of it, or values have the wrong width.
    """
    measurements = tuple(_measurement(name, one, architecture) for name, one in recipe.measure.items())
    changes = tuple(change for one in recipe.interventions for change in _changes(one, architecture))
    for measurement in measurements:
        measurement.check(architecture)
    for change in changes:
        interventions.check(change, architecture)
    return Plan(measurements=measurements, interventions=changes)


def layers_of(layers: Layers, architecture: Architecture) -> tuple[int, ...]:
    """Numbers of the layers that are meant, from 0 on.

    Raises:
        InputError: One does not exist.
    """
    if layers == "all":
        return tuple(range(architecture.layers))
    numbers = tuple(layer + architecture.layers if layer < 0 else layer for layer in layers)
    for given, number in zip(layers, numbers, strict=True):
        if not 0 <= number < architecture.layers:
            architecture.require_layers([given])
    return tuple(dict.fromkeys(numbers))


def _measurement(name: str, one: Measure, architecture: Architecture) -> Measurement:
    architecture.require(one.site)
    fields: Mapping[str, Any] = one.model_dump(exclude={"layers"})
    return Measurement(name=name, layers=layers_of(one.layers, architecture), **fields)


def _changes(one: Change, architecture: Architecture) -> list[Intervention]:
    architecture.require(one.site)
    fields: Mapping[str, Any] = one.model_dump(exclude={"layers", "values", "basis", "from_site"})
    return [
        Intervention(
            layer=layer,
            values=None if one.values is None else one.values.read(layer),
            basis=None if one.basis is None else one.basis.read(layer),
            same_run=None if one.from_site is None else Place(one.from_site, layer),
            **fields,
        )
        for layer in layers_of(one.layers, architecture)
    ]
