"""From the bytes of a mesh file to parts: triangles in the file's own frame, with base colours and textures.

Read are base colours, textures of base colours, colours by vertex or face, and roughness. Gloss, bumps and transparency are not:
they do not say where a front points.
"""

import io
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.images import open_image
from lm_eval_ext.orientation.mesh import Faces, Part
from lm_eval_ext.orientation.user_meshes.glb import MAX_PICTURE, check_glb
from lm_eval_ext.orientation.user_meshes.sources import MeshSource
from lm_eval_ext.orientation.user_meshes.surfaces import Surface, read_surface

MAX_FACES = 500_000
"""Of a mesh; the renderer unpacks them anew for each picture."""
_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, OSError, RuntimeError, TypeError, ValueError,
    struct.error,
)  # fmt: skip
"""What the reader raises on damaged files."""

Triangles = Float[np.ndarray, "faces 3 3"]


class Piece(NamedTuple):
    """Triangles of one surface."""

    triangles: Triangles
    surface: Surface


def read_parts(source: MeshSource) -> tuple[Part, ...]:
    """The parts of a mesh: longest side 1, centred on the origin.

    Raises:
        InputError: The package that reads meshes isn't installed, or the file is damaged, empty, too large, shrunk to a point, or
            has coordinates that are no numbers.
    """
    pieces = _pieces(source)
    points = np.concatenate([piece.triangles.reshape(-1, 3) for piece in pieces] or [np.zeros((0, 3))])
    if not len(points) or not np.isfinite(points).all():
        found = "coordinates that are no numbers" if len(points) else "no triangles"
        raise InputError(f"mesh {source.file!r} has {found}. Export it again as triangles.")
    low, high = points.min(0), points.max(0)
    size = float((high - low).max())
    if not 0 < size < 1e30:
        raise InputError(f"mesh {source.file!r} has an extent of {size:g}. Export it at a usual size.")
    parts = [_part(Piece((piece.triangles - (low + high) / 2) / size, piece.surface)) for piece in pieces]
    if not any(len(part.faces) for part in parts):
        raise InputError(f"mesh {source.file!r} has no triangle with an area. Export it again.")
    return tuple(part for part in parts if len(part.faces))


def _part(piece: Piece) -> Part:
    """The piece without empty triangles, its corners joined where they meet."""
    a, b, c = (piece.triangles[:, i] for i in range(3))
    sound = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-12
    vertices, places = np.unique(piece.triangles[sound].reshape(-1, 3).astype(np.float32), axis=0, return_inverse=True)
    faces: Faces = places.reshape(-1, 3).astype(np.int32)
    return Part(vertices, faces, piece.surface.material, piece.surface.coat_of(sound))


def _pieces(source: MeshSource) -> list[Piece]:
    try:
        with np.errstate(all="ignore"):  # what overflows is found afterwards
            return list(_placed_pieces(source))
    except _FAILURES as error:
        # Our own refusals are ValueErrors too.
        if isinstance(error, InputError):
            raise
        raise InputError(f"mesh {source.file!r} can't be read ({error!r:.100}). Export it again.") from None


def _placed_pieces(source: MeshSource) -> Iterator[Piece]:
    """Every mesh of the file's scene where its nodes place it."""
    scene = _scene(source)
    placed = [scene.graph[node] for node in scene.graph.nodes_geometry]
    meshes = [(matrix, scene.geometry[name]) for matrix, name in placed]
    if any(not hasattr(mesh, "faces") for _, mesh in meshes):
        raise InputError(f"mesh {source.file!r} has points or lines. Export triangles only.")
    total = sum(len(mesh.faces) for _, mesh in meshes)
    if total > MAX_FACES:
        raise InputError(f"mesh {source.file!r} has {total:,} triangles, more than {MAX_FACES:,}. Simplify it.")
    for matrix, mesh in meshes:
        faces, vertices = np.asarray(mesh.faces), np.asarray(mesh.vertices, dtype=float)
        if len(faces) and not 0 <= faces.min() <= faces.max() < len(vertices):
            raise InputError(f"mesh {source.file!r} has triangles of vertices that don't exist. Export it again.")
        moved = vertices @ matrix[:3, :3].T + matrix[:3, 3]
        # A mirroring transform would turn the triangles inside out.
        faces = faces[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else faces
        yield Piece(moved[faces], read_surface(mesh.visual, faces, display=source.format != "glb"))


def _scene(source: MeshSource) -> Any:
    try:
        import trimesh
    except ImportError:
        raise InputError('meshes=… needs the package trimesh. Install it: pip install "lm-eval-ext[meshes]".') from None

    for name in source.pictures:
        open_image(source.companions[name], name=f"{name} of mesh {source.file!r}", max_pixels=MAX_PICTURE)
    if source.format == "glb":
        check_glb(source.data, source.file)
    # The reader looks for materials in comments too.
    data = re.sub(rb"(?m)^[ \t]*#[^\n]*", b"", source.data) if source.format == "obj" else source.data
    known = _Companions(source.companions)
    scene = trimesh.load_scene(io.BytesIO(data), file_type=source.format, resolver=known, process=False)  # pyright: ignore[reportArgumentType]
    if known.missed:
        raise InputError(f"mesh {source.file!r} names {known.missed[0]!r} in a way that isn't understood. Export it again.")
    return scene


class _Companions(dict[str, bytes]):
    """The files that were read with the mesh; whatever else is asked for is remembered, because the reader ignores what lacks."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.missed: list[str] = []

    def __missing__(self, name: str) -> bytes:
        self.missed.append(name)
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 (the reader calls it without a default)
        return self[name]
