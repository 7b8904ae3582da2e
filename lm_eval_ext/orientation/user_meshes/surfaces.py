"""The colours of a mesh that trimesh has read."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from lm_eval_ext.orientation.mesh import Coat, Material
from lm_eval_ext.orientation.objects.colours import Rgb, from_display, to_display

MAX_EDGE = 1024
"""Pixels of a texture's longer edge; larger ones are scaled down."""
PLAIN: Rgb = (0.55, 0.55, 0.55)
"""Linear colour of what has none."""
ROUGHNESS = 0.6


class Surface(NamedTuple):
    """Material of a piece, and its coat with an entry for each corner of each face."""

    material: Material
    coat: Coat | None

    def coat_of(self, kept: Bool[np.ndarray, "faces"]) -> Coat | None:
        """The coat of the faces that are kept."""
        if self.coat is None:
            return None
        return Coat(self.coat.corners[np.repeat(kept, 3)], self.coat.image)


def read_surface(visual: Any, faces: Int[np.ndarray, "faces 3"], *, display: bool) -> Surface:
    """Material and coat of a mesh.

    Args:
        visual: The mesh's ``visual``.
        faces: Its triangles.
        display: Whether its colours are display values (OBJ, PLY) or linear (GLB); textures always hold display values.
    """
    if visual.kind == "texture":
        return _from_material(visual, faces, display=display)
    if visual.kind == "vertex":
        colours = _linear(np.asarray(visual.vertex_colors), display=display)[faces.ravel()]
    elif visual.kind == "face":
        colours = np.repeat(_linear(np.asarray(visual.face_colors), display=display), 3, axis=0)
    else:
        return Surface(Material(PLAIN, ROUGHNESS), None)
    return _coloured(colours, ROUGHNESS, 0.0)


def _coloured(corners: Float[np.ndarray, "corners 3"], roughness: float, metallic: float) -> Surface:
    if (corners == corners[:1]).all():
        return Surface(Material(_rgb(corners[0]), roughness, metallic), None)
    return Surface(Material(PLAIN, roughness, metallic), Coat(corners.astype(np.float32)))


def _from_material(visual: Any, faces: Int[np.ndarray, "faces 3"], *, display: bool) -> Surface:
    made = visual.material
    simple = not hasattr(made, "baseColorFactor")
    factor = made.diffuse if simple else made.baseColorFactor
    image = made.image if simple else made.baseColorTexture
    rgb = np.ones(3) if factor is None else _linear(np.asarray(factor)[None], display=display)[0]
    roughness = ROUGHNESS if simple or made.roughnessFactor is None else float(made.roughnessFactor)
    # Left out, or varied by a picture that isn't read, a number stands for no metal: glTF's own default is metal all over.
    metallic = 0.0 if simple or made.metallicFactor is None or made.metallicRoughnessTexture is not None else made.metallicFactor
    colours = (visual.vertex_attributes or {}).get("color")
    if image is not None and visual.uv is not None:
        # The reader counts from the lower left corner.
        coordinates = (np.asarray(visual.uv) * (1, -1) + (0, 1)).astype(np.float32)[faces.ravel()]
        return Surface(Material(PLAIN, roughness, float(metallic)), Coat(coordinates, _tinted(image, rgb)))
    if colours is not None:
        return _coloured(_linear(np.asarray(colours), display=display)[faces.ravel()] * rgb, roughness, float(metallic))
    return Surface(Material(_rgb(rgb), roughness, float(metallic)), None)


def _rgb(values: Float[np.ndarray, "3"]) -> Rgb:
    r, g, b = np.clip(values, 0, 1).tolist()
    return (r, g, b)


def _linear(colours: np.ndarray, *, display: bool) -> Float[np.ndarray, "n 3"]:
    """Colours as linear light, from integers of any width or from numbers in [0, 1]."""
    top = np.iinfo(colours.dtype).max if np.issubdtype(colours.dtype, np.integer) else 1.0
    shares = np.clip(colours[:, :3].astype(float) / top, 0, 1)
    return from_display(shares) if display else shares


def _tinted(image: Any, factor: Float[np.ndarray, "3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """The texture, at most ``MAX_EDGE`` pixels wide and high, times the material's colour."""
    small = image.convert("RGB")
    small.thumbnail((MAX_EDGE, MAX_EDGE))
    shown = np.asarray(small)
    if (factor == 1).all():
        return shown
    return np.round(to_display(from_display(shown / 255) * factor) * 255).astype(np.uint8)
