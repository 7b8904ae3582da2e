"""Scene to pixels with mitsuba (CPU, ``scalar_rgb``): the same scene gives the same bytes on one machine."""

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from lm_eval_ext.orientation.camera import Camera, camera, place
from lm_eval_ext.orientation.looks import Look, background, ground_texture, look
from lm_eval_ext.orientation.mesh import Coat, Material, Part, corners
from lm_eval_ext.orientation.objects.colours import to_display
from lm_eval_ext.orientation.scene import Scene

if TYPE_CHECKING:
    import PIL.Image

SAMPLES = 4
"""Light paths per pixel; the filters at the end remove most of the grain that so few leave."""
DEPTH = 6
"""Longest light path; shorter ones leave black grain under things."""
Image = Float[np.ndarray, "rows columns 3"]
Layers = Float[np.ndarray, "rows columns 4"]


def render(scene: Scene, *, samples: int = SAMPLES) -> "PIL.Image.Image":
    """The scene as an RGB picture without boxes, dots and tags.

    Args:
        scene: What to show.
        samples: Light paths per pixel; more is slower and smoother.
    """
    import PIL.Image

    made, view = look(scene.look), camera(scene)
    traced = _trace(_world(scene, made, view, samples), scene.pixels)
    colour, alpha = traced[..., :3], traced[..., 3:]
    sky = background(made, scene.elevation, scene.fov, scene.pixels)
    # The ambient light is no picture: what the camera sees of it is replaced by the sky.
    shown = colour - (1 - alpha) * np.array(made.ambient, dtype=np.float32) + (1 - alpha) * sky
    clean = _soften(to_display(np.clip(_calm(shown) * made.exposure, 0, 1)))
    return PIL.Image.fromarray((clean * 255 + 0.5).astype(np.uint8))


def _world(scene: Scene, made: Look, view: Camera, samples: int) -> dict[str, Any]:
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    look_at = mi.ScalarTransform4f().look_at
    film = {"type": "hdrfilm", "width": scene.pixels, "height": scene.pixels, "rfilter": {"type": "box"}}
    world: dict[str, Any] = {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": DEPTH},
        "sensor": {
            "type": "perspective",
            "fov": scene.fov,
            "fov_axis": "x",
            "to_world": look_at(origin=list(view.eye), target=list(view.target), up=[0, 0, 1]),
            "film": film | {"pixel_format": "rgba", "component_format": "float32"},
            "sampler": {"type": "stratified", "sample_count": samples},
        },
        # Never chosen as a light to sample: the paths that leave the scene find it by themselves, with far less noise.
        "ambient": {"type": "constant", "radiance": _rgb(made.ambient), "sampling_weight": 0.0},
        "key": _key_light(made),
        "ground": _ground(made, scene.look),
    }
    if made.wall:
        world["wall"] = _wall(made)
    by_surface: dict[Material | Part, list[Part]] = defaultdict(list)
    for placed in scene.objects:
        for part in place(placed).parts:
            by_surface[part if part.coat else part.material].append(part)
    return world | {f"mesh{i}": _mesh(parts) for i, parts in enumerate(by_surface.values())}


def _rgb(colour: tuple[float, ...]) -> dict[str, Any]:
    return {"type": "rgb", "value": list(colour)}


def _key_light(made: Look) -> dict[str, Any]:
    import mitsuba as mi

    turn, height, distance = math.radians(made.light_azimuth), math.radians(made.light_height), 8.0
    origin = [
        distance * math.sin(turn) * math.cos(height),
        -distance * math.cos(turn) * math.cos(height),
        distance * math.sin(height),
    ]
    # Radiance for about the same light on the ground at every size and height.
    power = 2.6 * distance**2 / (4 * made.light_size**2) / (0.4 + 0.6 * math.sin(height))
    to_world = mi.ScalarTransform4f().look_at(origin=origin, target=[0, 0, 0.3], up=[0, 0, 1]) @ mi.ScalarTransform4f().scale(
        made.light_size
    )
    return {
        "type": "rectangle",
        "to_world": to_world,
        "emitter": {"type": "area", "radiance": _rgb(tuple(c * power for c in made.light))},
    }


def _ground(made: Look, number: int) -> dict[str, Any]:
    import mitsuba as mi

    extent = 60.0
    texture = {
        "type": "bitmap",
        "bitmap": mi.Bitmap(ground_texture(made, number)),
        "raw": True,
        "to_uv": mi.ScalarTransform3f().scale([extent / made.ground_scale] * 2),
    }
    return {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f().scale(extent / 2),
        "bsdf": {"type": "diffuse", "reflectance": texture},
    }


def _wall(made: Look) -> dict[str, Any]:
    import mitsuba as mi

    to_world = (
        mi.ScalarTransform4f().translate([0, made.wall, 0])
        @ mi.ScalarTransform4f().rotate([1, 0, 0], 90)
        @ mi.ScalarTransform4f().scale(30)
    )
    return {"type": "rectangle", "to_world": to_world, "bsdf": {"type": "diffuse", "reflectance": _rgb(made.wall_colour)}}


def _mesh(parts: list[Part]) -> Any:
    import mitsuba as mi

    positions, normals = zip(*(corners(part.vertices, part.faces) for part in parts), strict=True)
    points, directions = np.concatenate(positions), np.concatenate(normals)
    material, coat = parts[0].material, parts[0].coat
    properties = mi.Properties()
    surface = {
        "type": "principled",
        "base_color": _base_colour(material, coat),
        "roughness": material.roughness,
        "metallic": material.metallic,
    }
    properties["bsdf"] = mi.load_dict({"type": "twosided", "surface": surface})
    textured = coat is not None and coat.image is not None
    mesh = mi.Mesh(
        "mesh", len(points), len(points) // 3, has_vertex_normals=True, has_vertex_texcoords=textured, props=properties
    )
    if coat is not None and not textured:
        mesh.add_attribute("vertex_color", 3, coat.corners.ravel().tolist())
    fields = mi.traverse(mesh)
    if coat is not None and textured:
        fields["vertex_texcoords"] = coat.corners.astype(np.float32).ravel()
    fields["vertex_positions"] = points.astype(np.float32).ravel()
    fields["vertex_normals"] = directions.astype(np.float32).ravel()
    fields["faces"] = np.arange(len(points), dtype=np.uint32)
    fields.update()
    return mesh


def _base_colour(material: Material, coat: Coat | None) -> dict[str, Any]:
    import mitsuba as mi

    if coat is None:
        return _rgb(material.rgb)
    if coat.image is None:
        return {"type": "mesh_attribute", "name": "vertex_color"}
    return {"type": "bitmap", "bitmap": mi.Bitmap(coat.image)}


def _trace(world: dict[str, Any], pixels: int) -> Layers:
    """Linear red, green, blue and the share of each pixel that something covers."""
    import mitsuba as mi

    return np.array(mi.render(mi.load_dict(world), seed=mi.UInt32(0))).reshape(pixels, pixels, 4)


def _calm(light: Image) -> Image:
    """Lone bad samples removed: each pixel is kept within the second lowest and second highest of its eight neighbours."""
    rows, columns, _ = light.shape
    padded = np.pad(light, ((1, 1), (1, 1), (0, 0)), mode="edge")
    low = low2 = np.full_like(light, np.inf)
    high = high2 = np.full_like(light, -np.inf)
    for y, x in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)]:
        near = padded[y : y + rows, x : x + columns]
        low2, low = np.minimum(low2, np.maximum(low, near)), np.minimum(low, near)
        high2, high = np.maximum(high2, np.minimum(high, near)), np.maximum(high, near)
    return np.clip(light, low2, high2)


def _soften(shown: Image, spread: float = 35 / 255) -> Image:
    """Grain averaged away among alike pixels up to 2 apart (a bilateral filter); edges stronger than ``spread`` stay."""
    rows, columns, _ = shown.shape
    padded = np.pad(shown, ((2, 2), (2, 2), (0, 0)), mode="edge")
    total, weights = shown.copy(), np.ones_like(shown[..., :1])
    for y, x in ((y, x) for y in range(5) for x in range(5) if 0 < (y - 2) ** 2 + (x - 2) ** 2 < 8):
        near = padded[y : y + rows, x : x + columns]
        apart = near - shown
        weight = np.einsum("rci,rci->rc", apart, apart)[..., None]
        weight *= -1 / (2 * spread**2)
        weight -= ((y - 2) ** 2 + (x - 2) ** 2) / 4.5
        np.exp(weight, out=weight)
        apart *= weight
        # The sum of the differences, so that equal neighbours change nothing, not even by rounding.
        total += apart
        weights += weight
    return shown + (total - shown) / weights
