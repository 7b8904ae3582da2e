"""``objects.yaml``: which meshes a folder holds, and which way their fronts point."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lm_eval_ext.errors import InputError, first_complaint
from lm_eval_ext.orientation.objects import Symmetry
from lm_eval_ext.orientation.scene import Axis

DECLARATION = "objects.yaml"
LARGEST = 256_000
"""Bytes of a declaration."""
_HELP = "tasks/dori/README.md shows one."


def _named_axis(value: Any) -> Any:
    """The vector of "+x", "-y" and the like."""
    if isinstance(value, str) and len(value) == 2 and value[0] in "+-" and value[1] in "xyz":
        return [(-1.0 if value[0] == "-" else 1.0) * (value[1] == axis) for axis in "xyz"]
    return value


def _unit(vector: Axis) -> Axis:
    length = math.hypot(*vector)
    if not 0 < length < math.inf:
        raise ValueError('an axis is "+x", "-x", "+y", "-y", "+z", "-z" or three numbers that are not all 0')
    x, y, z = (part / length + 0.0 for part in vector)  # -0.0 would be spelt otherwise in specs
    return (x, y, z)


Direction: TypeAlias = Annotated[Axis, BeforeValidator(_named_axis), AfterValidator(_unit)]


class MeshEntry(BaseModel):
    """One mesh."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """Category of the object: small letters, digits and "_"."""
    file: Annotated[str, Field(min_length=1)]
    """Path below the folder, ending in .obj, .glb or .ply."""
    up: Direction
    """Axis of the file that points up: "+z", or three numbers."""
    front: Direction | None = None
    """Axis of the file that points to the front; what is round has none."""
    symmetry: Symmetry
    """none: it has a front. round: it looks the same from all sides."""
    label: Annotated[str, Field(max_length=60)] = ""
    """What a person calls it; by default the name."""
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6})?$")] = ""
    """"#rrggbb" in place of all colours of the file."""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """When given, another content is refused."""

    @model_validator(mode="after")
    def _check_axes(self) -> "MeshEntry":
        if (self.front is None) != (self.symmetry == "round"):
            raise ValueError("a mesh with symmetry none needs a front, a round one has none")
        if self.front is not None and abs(sum(a * b for a, b in zip(self.front, self.up, strict=True))) > 1e-3:
            raise ValueError("front and up must be at a right angle")
        return self

    def axes(self) -> tuple[Axis, Axis]:
        """Front and up; any front across up where there is none."""
        x, y, z = self.up
        across = (0.0, -z, y) if abs(x) < 0.9 else (-z, 0.0, x)
        return (self.front or _unit(across), self.up)


class Declaration(BaseModel):
    """All meshes of a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    objects: Annotated[tuple[MeshEntry, ...], Field(min_length=1, max_length=1000)]
    meshes_only: bool = False
    """Show these objects alone; otherwise they join the package's own."""

    @model_validator(mode="after")
    def _check_names(self) -> "Declaration":
        names = [entry.name for entry in self.objects]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is named twice")
        kinds = [entry.symmetry for entry in self.objects]
        if self.meshes_only and (kinds.count("none") < 2 or "round" not in kinds):
            raise ValueError("meshes_only needs two meshes of symmetry none and a round one, which has no front to tell")
        return self


def read_declaration(folder: Path) -> Declaration:
    """The folder's ``objects.yaml``.

    Raises:
        InputError: There is none, or it says something else; the line names the key and its place in the file.
    """
    path = folder / DECLARATION
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST:,} bytes. Give a list of meshes.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"meshes={folder}: {DECLARATION} can't be read ({error}). {_HELP}") from None
    tree = None
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_repeated_keys(tree, path)
        return Declaration.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        line = _line(tree, error.errors()[0]["loc"])
        raise InputError(f"{path}, line {line}: {first_complaint(error)}. {_HELP}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path} is no YAML ({' '.join(str(error).split())}). {_HELP}") from None


def _line(node: Any, place: Sequence[int | str]) -> int:
    """The line, counted from 1, of the deepest node on the way to a place."""
    line = 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = [(value, value) for value in node.value[step : step + 1]]
        else:
            break
        if not found:
            break
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return line


def _refuse_repeated_keys(tree: Any, path: Path) -> None:
    for mapping in _mappings(tree, set()):
        names: set[str] = set()
        for key in (key for key, _ in mapping.value if isinstance(key, yaml.ScalarNode)):
            if key.value in names:
                raise InputError(f"{path}, line {key.start_mark.line + 1}: {key.value} stands twice. Keep one. {_HELP}")
            names.add(key.value)


def _mappings(node: Any, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """All mappings below a node, each once, however often aliases repeat it."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
    if isinstance(node, yaml.CollectionNode):
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                yield from _mappings(part, seen)
