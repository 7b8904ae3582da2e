"""Where things stand and where they land in the picture: exact geometry without a renderer.

World frame, right-handed, in metres: x to the right of the picture, y away from the camera, z up; the ground is z = 0 and the
scene's centre is the origin.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from lm_eval_ext.orientation.mesh import Vertices, rotation
from lm_eval_ext.orientation.objects import Object, build_object
from lm_eval_ext.orientation.scene import Placed, Scene
from lm_eval_ext.orientation.user_meshes.store import load_object

Matrix = Float[np.ndarray, "3 3"]
Vector = Float[np.ndarray, "3"]


@dataclass(frozen=True, eq=False)
class Camera:
    """Pinhole camera that looks at a target with the picture's up along the world's up.

    Attributes:
        eye: Position in metres.
        target: The point in the middle of the picture.
        axes: Rows are the picture's right, up and viewing direction, as unit vectors of the world.
        fov: Horizontal and vertical field of view in degrees.
        pixels: Width and height.
    """

    eye: Vector
    target: Vector
    axes: Matrix
    fov: float
    pixels: int

    def project(self, points: Vertices) -> Float[np.ndarray, "v 2"]:
        """World points as pixel coordinates, x to the right and y down from the top left corner of the picture."""
        right, up, ahead = ((points - self.eye) @ self.axes.T).T
        half = self.pixels / 2
        focal = half / math.tan(math.radians(self.fov / 2))
        return np.stack([half + focal * right / ahead, half - focal * up / ahead], -1)


@dataclass(frozen=True, kw_only=True)
class Box:
    """Pixel rectangle, x to the right and y down."""

    left: float
    top: float
    right: float
    bottom: float


def turned(facing: float, pitch: float = 0.0) -> Matrix:
    """Matrix from an object's frame (front +x, left +y, up +z) to the world, for the angles of ``Placed``.

    Example:
        >>> np.round(turned(0.0) @ [1, 0, 0]).tolist(), np.round(turned(90.0) @ [1, 0, 0]).tolist()
        ([0.0, -1.0, 0.0], [1.0, 0.0, 0.0])
    """
    return rotation("x", pitch) @ rotation("z", facing - 90)


@lru_cache(maxsize=16)  # The camera, the renderer and the boxes of a picture ask for the same few objects again and again.
def place(placed: Placed) -> Object:
    """The object in the world: turned about its own middle, its lowest point on the ground."""
    made = build_object(placed.category, placed.instance) if placed.mesh is None else load_object(placed.mesh)
    matrix = turned(placed.facing, placed.pitch) * placed.size
    middle = np.array([0.0, 0.0, made.height / 2])
    parts = [(part.vertices - middle) @ matrix.T for part in made.parts]
    lowest = min(float(vertices[:, 2].min()) for vertices in parts)
    return made.with_vertices([vertices + np.array([placed.right, placed.depth, -lowest]) for vertices in parts])


def camera(scene: Scene) -> Camera:
    """The camera of a scene. It depends on where the objects are and how high they reach, never on where upright ones face."""
    tilt = math.radians(scene.elevation)
    heights = [place(placed).height for placed in scene.objects]
    target = np.array([0.0, 0.0, max(heights, default=1.0) * 0.45])
    reach = max(
        (max(0.75 * placed.size, abs(placed.right) + 0.72 * placed.size) + 0.35 * abs(placed.depth) for placed in scene.objects),
        default=1.0,
    )
    # The part toward the camera looks larger, the more so the wider the view.
    distance = reach / math.tan(math.radians(scene.fov / 2)) + 0.35 * max((placed.size for placed in scene.objects), default=1.0)
    ahead = np.array([0.0, math.cos(tilt), -math.sin(tilt)])
    axes = np.array([[1.0, 0.0, 0.0], [0.0, math.sin(tilt), math.cos(tilt)], ahead])
    return Camera(target - ahead * distance, target, axes, scene.fov, scene.pixels)


def outline(scene: Scene, placed: Placed) -> Box:
    """Smallest pixel rectangle around an object, cut to the picture."""
    points = camera(scene).project(np.concatenate([part.vertices for part in place(placed).parts]))
    low, high = np.clip(points.min(0), 0, scene.pixels - 1), np.clip(points.max(0), 0, scene.pixels - 1)
    return Box(left=float(low[0]), top=float(low[1]), right=float(high[0]), bottom=float(high[1]))
