"""Triangle meshes made from a few primitives, in metres-free object units.

Frame: front +x, left +y, up +z. Every primitive is centred at the origin unless its text says otherwise, and closed primitives
have their faces counter-clockwise seen from outside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

Vertices = Float[np.ndarray, "_ 3"]
Faces = Int[np.ndarray, "_ 3"]
Rings = Float[np.ndarray, "rings sides 3"]
Radii = Float[np.ndarray, "n"]
Number = int | float
"""A real number; spelt out because the shape checks in the tests take ``float`` at its word."""

CREASE = 0.75
"""Cosine between a face and the mean normal at its corner below which the corner stays sharp (about 41 degrees)."""


@dataclass(frozen=True)
class Material:
    """Surface of a part.

    Attributes:
        rgb: Linear colour, each in [0, 1].
        roughness: 0 (mirror-like) to 1 (chalk).
        metallic: 0 (paint, plastic, cloth) or 1 (bare metal).
    """

    rgb: tuple[float, float, float]
    roughness: Number = 0.6
    metallic: Number = 0.0


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles without a colour; every method returns a new mesh."""

    vertices: Vertices
    faces: Faces

    def move(self, x: Number = 0.0, y: Number = 0.0, z: Number = 0.0) -> Mesh:
        """Shifted."""
        return Mesh(self.vertices + np.array([x, y, z]), self.faces)

    def scale(self, x: Number, y: Number, z: Number) -> Mesh:
        """Stretched about the origin; a negative product turns the faces so that they still look outward."""
        faces = self.faces[:, ::-1] if x * y * z < 0 else self.faces
        return Mesh(self.vertices * np.array([x, y, z]), faces)

    def turn(self, axis: str, degrees: Number) -> Mesh:
        """Turned about an axis ("x", "y" or "z") through the origin, counter-clockwise seen from its positive end."""
        return Mesh(self.vertices @ rotation(axis, degrees).T, self.faces)

    def warp(self, change: Callable[[Vertices], Vertices]) -> Mesh:
        """Vertices passed through a function that keeps their order."""
        return Mesh(change(self.vertices), self.faces)

    def both(self) -> Mesh:
        """The mesh and its mirror image on the other side of the plane y = 0."""
        return join([self, self.scale(1, -1, 1)])

    def paint(self, material: Material) -> Part:
        """The mesh as a part of that material."""
        return Part(self.vertices.astype(np.float32), self.faces.astype(np.int32), material)


@dataclass(frozen=True, eq=False)
class Coat:
    """Colours that vary over a part, in place of its material's colour.

    Attributes:
        corners: Of each face's three corners in turn: linear colours, or texture coordinates ((0, 0) is the image's upper
            left corner).
        image: Display colours, 0-255, that texture coordinates point into; None where the corners have colours.
    """

    corners: Float[np.ndarray, "corners _"]
    image: UInt8[np.ndarray, "rows columns 3"] | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """Triangles of one material: float32 vertices and int32 faces."""

    vertices: Vertices
    faces: Faces
    material: Material
    coat: Coat | None = None


def rotation(axis: str, degrees: Number) -> Float[np.ndarray, "3 3"]:
    """Matrix that turns column vectors counter-clockwise about "x", "y" or "z"."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    matrix = np.eye(3)
    matrix[[j, j, k, k], [j, k, j, k]] = c, -s, s, c
    return matrix


def join(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh of several."""
    meshes = list(meshes)
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def volume(mesh: Mesh) -> float:
    """Signed volume inside a closed mesh: positive when the faces look outward."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def corners(vertices: Vertices, faces: Faces) -> tuple[Float[np.ndarray, "c 3"], Float[np.ndarray, "c 3"]]:
    """Positions and unit normals of all face corners (c = 3 f): smooth across soft edges, flat beside sharp ones."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    raw = np.cross(b - a, c - a)
    total = np.stack([np.bincount(faces.ravel(), np.repeat(raw[:, i], 3), len(vertices)) for i in range(3)], axis=1)
    flat = np.repeat(_unit(raw), 3, axis=0)
    smooth = _unit(total)[faces.ravel()]
    sharp = np.einsum("ci,ci->c", flat, smooth) < CREASE
    return vertices[faces.ravel()], np.where(sharp[:, None], flat, smooth)


def _unit(vectors: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def skin(rings: Rings, *, caps: bool = True) -> Mesh:
    """Surface through closed rings in order; caps close the first and the last ring."""
    n, k, _ = rings.shape
    index = np.arange(n * k).reshape(n, k)
    a, b = index[:-1], np.roll(index, -1, axis=1)[:-1]
    c, d = np.roll(index, -1, axis=1)[1:], index[1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    vertices = rings.reshape(-1, 3)
    if caps:
        # Cap vertices are copies, so that the rim stays sharp.
        ends = np.concatenate([rings[0], rings[0].mean(0, keepdims=True), rings[-1], rings[-1].mean(0, keepdims=True)])
        i, j = np.arange(k), np.roll(np.arange(k), -1)
        first = np.stack([j, i, np.full(k, k)], -1)
        last = np.stack([i, j, np.full(k, k)], -1) + k + 1
        faces = np.concatenate([faces, first + n * k, last + n * k])
        vertices = np.concatenate([vertices, ends])
    mesh = Mesh(vertices, faces)
    return mesh if volume(mesh) >= 0 else Mesh(vertices, faces[:, ::-1])


def circle(sides: int) -> Float[np.ndarray, "sides 2"]:
    """Points of the unit circle."""
    angles = np.arange(sides) * (2 * math.pi / sides)
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def box(x: Number, y: Number, z: Number) -> Mesh:
    """Box with these edge lengths and sharp edges."""
    square = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * (x / 2, y / 2)
    return skin(np.stack([np.column_stack([square, np.full(4, h)]) for h in (-z / 2, z / 2)]))


def rounded_box(x: Number, y: Number, z: Number, radius: Number, *, steps: int = 4) -> Mesh:
    """Box with these edge lengths and rounded edges; the radius is cut to half of the shortest edge."""
    radius = min(radius, x / 2.001, y / 2.001, z / 2.001)
    inner = np.array([x, y, z]) / 2 - radius
    quarter = np.linspace(0, math.pi / 2, steps)
    around = np.concatenate([quarter + k * math.pi / 2 for k in range(4)])
    signs = np.repeat([[1, 1], [-1, 1], [-1, -1], [1, -1]], steps, axis=0)
    rings: list[Float[np.ndarray, "sides 3"]] = []
    for up, lift in [(angle, -1) for angle in quarter - math.pi / 2] + [(angle, 1) for angle in quarter]:
        level = np.column_stack(
            [np.cos(around) * math.cos(up), np.sin(around) * math.cos(up), np.full(len(around), math.sin(up))]
        )
        rings.append(level * radius + np.column_stack([signs, np.full(len(around), lift)]) * inner)
    return skin(np.stack(rings))


def ellipsoid(x: Number, y: Number, z: Number, sides: int = 20) -> Mesh:
    """Ellipsoid with these half-axes."""
    angles = np.linspace(-math.pi / 2, math.pi / 2, sides // 2 + 1)
    return lathe([(math.cos(a), math.sin(a)) for a in angles], sides).scale(x, y, z)


def lathe(profile: Sequence[tuple[Number, Number]], sides: int = 24) -> Mesh:
    """Profile of (radius, height) points turned about the z axis."""
    return skin(np.stack([np.column_stack([circle(sides) * max(r, 1e-4), np.full(sides, z)]) for r, z in profile]))


def cylinder(radius: Number, length: Number, *, top: Number | None = None, axis: str = "z", sides: int = 24) -> Mesh:
    """Cylinder along an axis; with ``top`` a cone frustum whose positive end has that radius."""
    mesh = lathe([(radius, -length / 2), (radius if top is None else top, length / 2)], sides)
    return along(mesh, axis)


def along(mesh: Mesh, axis: str) -> Mesh:
    """A mesh made about +z, laid along +x, +y or +z."""
    if axis == "x":
        return mesh.turn("y", 90)
    return mesh.turn("x", -90) if axis == "y" else mesh


def torus(radius: Number, thickness: Number, *, axis: str = "y", sides: int = 28) -> Mesh:
    """Ring about an axis: ``radius`` to the middle of a round section of radius ``thickness``."""
    section = circle(10) * thickness + (radius, 0)
    ring = np.stack([np.column_stack([outer[None, :] * section[:, :1], section[:, 1:]]) for outer in circle(sides)])
    mesh = skin(np.concatenate([ring, ring[:1]]), caps=False)
    return along(mesh, axis)


def smooth_path(points: Sequence[Sequence[Number]], steps: int = 5) -> Float[np.ndarray, "n d"]:
    """Curve through the points (Catmull-Rom), ``steps`` segments between neighbours."""
    p = np.asarray(points, dtype=float)
    padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out: list[Float[np.ndarray, "steps d"]] = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        out.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*out, p[-1:]])


def loft(
    stations: Sequence[tuple[Number, Number, Number, Number]], *, power: Number = 2.0, sides: int = 24, steps: int = 4
) -> Mesh:
    """Body along x through sections (x, z, half width, half height); ``power`` 2 is round, 4 and above is boxy."""
    rows = smooth_path(stations, steps)
    unit = circle(sides)
    section = np.sign(unit) * np.abs(unit) ** (2 / power)
    sizes = np.maximum(rows[:, 2:], 1e-4)
    rings = [
        np.column_stack([np.full(sides, x), section[:, 0] * w, z + section[:, 1] * h])
        for (x, z, _, _), (w, h) in zip(rows, sizes, strict=True)
    ]
    return skin(np.stack(rings))


def tube(
    points: Sequence[Sequence[Number]], radius: Number, *, end: Number | None = None, sides: int = 12, steps: int = 1
) -> Mesh:
    """Round rod along a path with rounded ends; the radius runs evenly to ``end``; ``steps`` above 1 bends the path smoothly."""
    path = smooth_path(points, steps) if steps > 1 else np.asarray(points, dtype=float)
    radii = np.linspace(radius, radius if end is None else end, len(path))
    heads = [(-0.98, 0.2), (-0.75, 0.66), (-0.4, 0.92)]
    first, last = _unit((path[1] - path[0])[None])[0], _unit((path[-1] - path[-2])[None])[0]
    start = [(path[0] + first * radii[0] * a, radii[0] * b) for a, b in heads]
    finish = [(path[-1] - last * radii[-1] * a, radii[-1] * b) for a, b in heads[::-1]]
    nodes = [*start, *zip(path, radii, strict=True), *finish]
    return skin(_frames(np.stack([node for node, _ in nodes]), np.array([float(r) for _, r in nodes]), sides))


def _frames(path: Float[np.ndarray, "n 3"], radii: Radii, sides: int) -> Rings:
    tangents = _unit(np.gradient(path, axis=0))
    across = _unit(np.cross(tangents[0], np.eye(3)[np.argmin(np.abs(tangents[0]))])[None])[0]
    rings: list[Float[np.ndarray, "sides 3"]] = []
    for point, tangent, radius in zip(path, tangents, radii, strict=True):
        # The frame is carried along the path, so that the rod does not twist.
        across = _unit((across - tangent * (across @ tangent))[None])[0]
        rings.append(point + radius * circle(sides) @ np.stack([across, np.cross(tangent, across)]))
    return np.stack(rings)


def extrude(outline: Sequence[Sequence[Number]], width: Number, *, bevel: Number = 0.0) -> Mesh:
    """Side view (x, z), any simple polygon, given a width along y; ``bevel`` shrinks the two flanks about their middle."""
    flat = np.asarray(outline, dtype=float)
    inset = (flat - flat.mean(0)) * (1 - bevel) + flat.mean(0)
    edge = width / 2 * (1 - bevel)
    levels = [(inset, -width / 2), (flat, -edge), (flat, edge), (inset, width / 2)] if bevel else [(flat, -edge), (flat, edge)]
    rings = np.stack([np.column_stack([shape[:, 0], np.full(len(flat), y), shape[:, 1]]) for shape, y in levels])
    side = skin(rings, caps=False)
    triangles = triangulate(flat)
    lids = [_lid(rings[0], triangles, -1.0), _lid(rings[-1], triangles, 1.0)]
    # The open side wall has no volume of its own to tell outside from inside; together with its lids it has.
    whole, turned = join([side, *lids]), join([Mesh(side.vertices, side.faces[:, ::-1]), *lids])
    return max(whole, turned, key=volume)


def _lid(ring: Vertices, triangles: Faces, outward: Number) -> Mesh:
    a, b, c = ring[triangles[0]]
    faces = triangles if np.cross(b - a, c - a)[1] * outward > 0 else triangles[:, ::-1]
    return Mesh(ring, faces)


def triangulate(outline: Float[np.ndarray, "n 2"]) -> Faces:
    """Triangles of a simple polygon, by cutting off ears; all have the same turn.

    Raises:
        ValueError: The outline crosses itself.
    """
    left = list(range(len(outline)))
    turn = np.sign(_area(outline))
    faces: list[tuple[int, int, int]] = []
    while len(left) > 2:
        ear = next((i for i in range(len(left)) if _is_ear(outline, left, i, turn)), None)
        if ear is None:
            raise ValueError(f"The outline of {len(outline)} points crosses itself. Give a simple polygon.")
        faces.append((left[ear - 1], left[ear], left[(ear + 1) % len(left)]))
        del left[ear]
    return np.array(faces)


def _area(points: Float[np.ndarray, "n 2"]) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _is_ear(outline: Float[np.ndarray, "n 2"], left: list[int], i: int, turn: Number) -> bool:
    a, b, c = (outline[left[j % len(left)]] for j in (i - 1, i, i + 1))
    if _area(np.stack([a, b, c])) * turn < 0:
        return False
    others = outline[[left[j] for j in range(len(left)) if j not in {i, (i - 1) % len(left), (i + 1) % len(left)}]]
    edges = [(a, b), (b, c), (c, a)]
    sides = [((q[0] - p[0]) * (others[:, 1] - p[1]) - (q[1] - p[1]) * (others[:, 0] - p[0])) * turn for p, q in edges]
    return not bool(np.any((sides[0] > 1e-12) & (sides[1] > 1e-12) & (sides[2] > 1e-12)))
