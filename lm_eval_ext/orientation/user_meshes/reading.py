"""A folder of meshes as categories of objects."""

from pathlib import Path
from typing import NamedTuple

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.objects import CATEGORIES, Symmetry
from lm_eval_ext.orientation.scene import MeshFile
from lm_eval_ext.orientation.user_meshes.declaration import MeshEntry, read_declaration
from lm_eval_ext.orientation.user_meshes.sources import read_source
from lm_eval_ext.orientation.user_meshes.store import keep, kept
from lm_eval_ext.orientation.user_meshes.views import check_views


class UserMesh(NamedTuple):
    """One mesh, ready to be placed."""

    name: str
    label: str
    symmetry: Symmetry
    mesh: MeshFile


class UserMeshes(NamedTuple):
    """All meshes of a folder; ``alone`` leaves out the package's own objects."""

    meshes: tuple[UserMesh, ...]
    alone: bool


def read_meshes(folder: Path) -> UserMeshes:
    """The meshes that ``objects.yaml`` names, checked and kept for drawing.

    Raises:
        InputError: The declaration or a file is not accepted, a name is one of the package's categories, a content has not the
            declared sha256, or a mesh does not look as declared.
    """
    declaration = read_declaration(folder)
    return UserMeshes(tuple(_read(folder, entry) for entry in declaration.objects), declaration.meshes_only)


def _read(folder: Path, entry: MeshEntry) -> UserMesh:
    if entry.name in CATEGORIES:
        raise InputError(f"mesh {entry.name!r} has the name of one of the package's own objects. Give it another name.")
    source = read_source(folder, entry.file)
    if entry.sha256 not in ("", source.sha256):
        changed = f"has sha256 {source.sha256}, not {entry.sha256[:12]}… as declared"
        raise InputError(f"mesh {entry.file!r} {changed}. Restore the file, or declare the new hash.")
    if kept(source.sha256) is None:
        from lm_eval_ext.orientation.user_meshes.importing import read_parts

        keep(source.sha256, read_parts(source))
    front, up = entry.axes()
    mesh = MeshFile(file=entry.file, sha256=source.sha256, front=front, up=up, colour=entry.colour.lower())
    check_views(entry.name, mesh, entry.symmetry)
    return UserMesh(entry.name, entry.label or entry.name.replace("_", " "), entry.symmetry, mesh)
