"""Which categories have a front to be asked for, and which look alike from all sides."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.scene import MeshFile, Picture, Placed

_NO_MESHES: Mapping[str, MeshFile] = MappingProxyType({})


class Catalogue(NamedTuple):
    """Names of the categories, sorted."""

    fronted: tuple[str, ...]
    """One front and no symmetry under a turn about the vertical axis."""
    round: tuple[str, ...]
    """Alike from all sides: where the front points can't be determined."""
    meshes: Mapping[str, MeshFile] = _NO_MESHES
    """The user's meshes, by category; a mesh is the only object of its category, number 0."""

    def placed(self, name: str, instance: int) -> Placed:
        """An object of that category facing the camera; of a mesh, there is but one."""
        mesh = self.meshes.get(name)
        return Placed(category=name, instance=instance if mesh is None else 0, facing=0.0, mesh=mesh)

    def check_enough(self, *, other_object: bool, occlusion: bool) -> None:
        """Refuse too few categories; our own are always enough.

        Raises:
            InputError: Another object can't be put in place of Object A, or before it, without showing a category twice.
        """
        found = f"There are {len(self.fronted)} with a front and {len(self.round)} round ones."
        if other_object and min(len(self.fronted), len(self.round)) < 3:
            raise InputError(f"twins: other_object needs three meshes with a front and three round ones. {found} Add some.")
        if occlusion and len(self.fronted) + len(self.round) < 5:
            raise InputError(f"occlusion needs five meshes at least. {found} Add some.")


def read_catalogue(folder: Path | None = None) -> Catalogue:
    """The categories of the objects that we can draw.

    Args:
        folder: The user's meshes, which join our own objects or, with ``meshes_only``, take their place.

    Raises:
        InputError: The folder's declaration or one of its meshes is not accepted.
    """
    from lm_eval_ext.orientation.objects import CATEGORIES

    symmetries = {name: category.symmetry for name, category in CATEGORIES.items()}
    if folder is None:
        return _catalogue(symmetries, _NO_MESHES)
    from lm_eval_ext.orientation.user_meshes.reading import read_meshes

    read = read_meshes(folder)
    own = {made.name: made.symmetry for made in read.meshes}
    return _catalogue(own if read.alone else symmetries | own, {made.name: made.mesh for made in read.meshes})


def _catalogue(symmetries: Mapping[str, str], meshes: Mapping[str, MeshFile]) -> Catalogue:
    def named(symmetry: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in symmetries if symmetries[name] == symmetry))

    return Catalogue(fronted=named("none"), round=named("round"), meshes=meshes)


def with_meshes(picture: Picture, meshes: Mapping[str, MeshFile]) -> Picture:
    """The picture with the user's mesh wherever its category is placed."""

    def shown(placed: Placed) -> Placed:
        mesh = meshes.get(placed.category)
        return placed if mesh is None else replace(placed, instance=0, mesh=mesh)

    panels = (replace(scene, objects=tuple(map(shown, scene.objects))) for scene in picture.panels)
    return replace(picture, panels=tuple(panels)) if meshes else picture
