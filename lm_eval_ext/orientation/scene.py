"""Pictures as plain data: what stands where, how it is turned, and how the camera and the light are set.

Conventions. An object's own frame has its front along +x, its left along +y and up along +z. ``facing`` is the direction of its
front seen from above, counter-clockwise from "toward the camera": 0 faces the camera, 90 faces the right edge of the picture, 180
faces away, 270 faces the left edge. Turning an object clockwise (seen from above) lowers ``facing``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

RENDER_VERSION = 1
"""Part of every spec; raised when the same spec gives another picture."""


Axis = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class MeshFile:
    """A mesh of the user's own, named by its content: the same bytes give the same picture wherever they lie.

    Attributes:
        file: Path below the folder of meshes, with "/" between its parts.
        sha256: Hash of the content, see ``user_meshes.sources``.
        front: Unit vector of the front in the file's frame.
        up: Unit vector of up in the file's frame, perpendicular to the front.
        colour: "#rrggbb" in place of all colours of the file, or "".
    """

    file: str
    sha256: str
    front: Axis
    up: Axis
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One object of a scene.

    Attributes:
        category: Name in the catalogue (``lm_eval_ext.orientation.objects``), or the user's name of a mesh.
        instance: Number >= 0 that fixes proportions, parts, colours and materials. 0-39 are for tests, 1000 and up for training.
        facing: Degrees in [0, 360), see the module.
        pitch: Degrees in (-180, 180], turned about the picture's horizontal axis after ``facing``; positive leans the top toward
            the camera. The object turns about its middle and is then set on the ground.
        right: Metres to the right of the scene's centre, as the camera sees it.
        depth: Metres behind the scene's centre.
        size: Longest side in metres.
        tag: "" or the letter drawn beside the red box.
        dot: Draw the red dot at the object's centre.
        mesh: The user's mesh to show; without it, the catalogue's object.
    """

    category: str
    instance: int
    facing: float
    pitch: float = 0.0
    right: float = 0.0
    depth: float = 0.0
    size: float = 1.0
    tag: str = ""
    dot: bool = False
    mesh: MeshFile | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Objects under one light before one camera.

    Attributes:
        objects: What is placed; an empty tag makes a distractor.
        look: Number that fixes light, ground, background and their colours.
        elevation: Degrees of the camera above the ground plane, 0-60.
        fov: Horizontal field of view in degrees, 15-70; the camera's distance follows, so that the centre keeps its size (about
            half of the picture) and everything placed stays in view.
        pixels: Width and height of the square picture.
    """

    objects: tuple[Placed, ...]
    look: int
    elevation: float = 20.0
    fov: float = 35.0
    pixels: int = 256


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One or two panels side by side, as the model sees them.

    Attributes:
        panels: Scenes from left to right.
        rotate: Degrees clockwise (0, 90, 180 or 270) by which each panel is turned in its plane; 0 for panels without an entry.
        mirrored: Scenes are mirrored left to right before they are turned, so that the right way up stays where it was (tags stay
            readable and panels stay in their order).
        version: The renderer's version.
    """

    panels: tuple[Scene, ...]
    rotate: tuple[int, ...] = (0,)
    mirrored: bool = False
    version: int = RENDER_VERSION


def picture_to_data(picture: Picture) -> dict[str, Any]:
    """The picture as JSON-ready data; only what shows a user's mesh has a key ``mesh``."""
    data = asdict(picture)
    for panel in data["panels"]:
        for placed in panel["objects"]:
            if placed["mesh"] is None:
                del placed["mesh"]
    return data


def picture_from_json(text: str) -> Picture:
    """The picture of an item's ``spec``.

    Example:
        >>> scene = Scene(objects=(Placed(category="car", instance=3, facing=90.0),), look=5)
        >>> picture = Picture(panels=(scene,))
        >>> picture_from_json(json.dumps(picture_to_data(picture))) == picture
        True
    """
    return picture_from_data(json.loads(text))


def picture_from_data(data: Mapping[str, Any]) -> Picture:
    """The picture of ``picture_to_data``."""
    return Picture(
        panels=tuple(_scene(panel) for panel in data["panels"]),
        rotate=tuple(data["rotate"]),
        mirrored=data["mirrored"],
        version=data["version"],
    )


def _scene(data: dict[str, Any]) -> Scene:
    objects: Any = tuple(map(_placed, data["objects"]))
    return Scene(**data | {"objects": objects})


def _placed(data: dict[str, Any]) -> Placed:
    mesh = data.get("mesh")
    if mesh is None:
        return Placed(**data)
    file: Any = MeshFile(**mesh | {name: tuple(mesh[name]) for name in ("front", "up")})
    return Placed(**data | {"mesh": file})
