"""Pictures in which something stands before Object A and hides a part of it, measured on silhouettes."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.camera import camera, outline, place
from lm_eval_ext.orientation.scene import Picture, Placed, Scene

LEAST, MOST = 0.15, 0.40
"""Share of Object A's silhouette that is hidden; of other marked objects at most ``MOST``."""
_PIXELS, _TRIES, _GAP = 128, 400, 0.02

Mask = Bool[np.ndarray, "rows columns"]


def occluded(picture: Picture, candidates: Sequence[Placed], rng: random.Random) -> Picture:
    """The picture with an object before Object A in each panel; equal panels stay equal.

    Args:
        picture: Objects on the ground.
        candidates: Objects that may be put in front.
        rng: Which one, its place, facing and size are drawn from it.

    Raises:
        InputError: None of the candidates hides as much as is wanted from any place that was tried.
    """
    made = {scene: _occluded(scene, candidates, rng) for scene in dict.fromkeys(picture.panels)}
    return replace(picture, panels=tuple(made[scene] for scene in picture.panels))


def _occluded(scene: Scene, candidates: Sequence[Placed], rng: random.Random) -> Scene:
    """Flat things can't hide a third of a tall one that is seen from above, so every try takes another thing."""
    for _ in range(_TRIES):
        tried = _with_occluder(scene, rng.choice(candidates), rng)
        if LEAST / 2 < _share_of_box(tried) < 2 * MOST and all(low <= share <= MOST for low, share in _shares(tried)):
            return tried
    names = ", ".join(sorted({placed.category for placed in candidates}))
    raise InputError(
        f"occlusion: none of {names} hides {LEAST:.0%} to {MOST:.0%} of a {scene.objects[0].category} in {_TRIES} tries. "
        "Add taller meshes, or leave occlusion out."
    )


def _with_occluder(scene: Scene, candidate: Placed, rng: random.Random) -> Scene:
    """Something at random just before Object A, last among the objects."""
    first = scene.objects[0]
    placed = replace(
        candidate,
        facing=round(rng.uniform(0.0, 359.9), 1),
        right=round(first.right + rng.uniform(-0.5, 0.5) * first.size, 2),
        size=round(rng.uniform(0.3, 0.9) * first.size, 2),
    )
    near = min(float(part.vertices[:, 1].min()) for part in place(first).parts)
    reach = max(float(part.vertices[:, 1].max()) for part in place(placed).parts)
    return replace(scene, objects=(*scene.objects, replace(placed, depth=round(near - reach - _GAP, 2))))


def _share_of_box(scene: Scene) -> float:
    """Share of Object A's box in the picture that the last object's box hides, which is quick to tell."""
    first, last = outline(scene, scene.objects[0]), outline(scene, scene.objects[-1])
    wide = min(first.right, last.right) - max(first.left, last.left)
    tall = min(first.bottom, last.bottom) - max(first.top, last.top)
    return max(0.0, wide) * max(0.0, tall) / max(1.0, (first.right - first.left) * (first.bottom - first.top))


def _shares(scene: Scene) -> list[tuple[float, float]]:
    """For Object A and other marked objects: the least share that must be hidden, and the share that is."""
    front = silhouette(scene, scene.objects[-1])
    first, *others = scene.objects[:-1]
    wanted = [(LEAST, first), *((0.0, placed) for placed in others if placed.tag)]
    return [(low, covered_share(silhouette(scene, placed), front)) for low, placed in wanted]


def covered_share(behind: Mask, front: Mask) -> float:
    """Share of the silhouette behind that the one in front hides."""
    return float((behind & front).sum() / max(1, behind.sum()))


def silhouette(scene: Scene, placed: Placed, pixels: int = _PIXELS) -> Mask:
    """Where an object of the scene would be seen if nothing stood before it.

    Args:
        scene: Gives the camera.
        placed: One of its objects.
        pixels: Width and height of the mask.
    """
    view, mask = camera(replace(scene, pixels=pixels)), np.zeros((pixels, pixels), dtype=bool)
    triangles = np.concatenate([view.project(part.vertices)[part.faces] for part in place(placed).parts])
    first = np.floor(triangles.min(1)).astype(int)
    sizes = (np.ceil(triangles.max(1)).astype(int) - first).max(1)
    edge = 1
    while len(triangles):
        small = sizes <= edge
        _fill(mask, triangles[small], first[small], edge)
        triangles, first, sizes, edge = triangles[~small], first[~small], sizes[~small], 2 * edge
    return mask


def _fill(mask: Mask, triangles: Float[np.ndarray, "t 3 2"], first: Int[np.ndarray, "t 2"], edge: int) -> None:
    """Set the pixels whose middles lie in triangles that fit into squares of ``edge`` pixels at ``first``."""
    row, column = (axis.ravel() for axis in np.mgrid[0:edge, 0:edge])
    x, y = first[:, :1] + column, first[:, 1:] + row
    (ax, ay), (bx, by), (cx, cy) = (triangles[:, i].T[..., None] for i in range(3))
    middle_x, middle_y = x + 0.5, y + 0.5
    sides = [
        (ex - sx) * (middle_y - sy) - (ey - sy) * (middle_x - sx)
        for sx, sy, ex, ey in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay))
    ]
    inside = np.all([side >= 0 for side in sides], axis=0) | np.all([side <= 0 for side in sides], axis=0)
    inside &= (x >= 0) & (x < len(mask)) & (y >= 0) & (y < len(mask))
    mask[y[inside], x[inside]] = True
