"""Mesh files written by hand, byte by byte, so that nothing under test has a part in them.

The block's sides have a colour each: red front, blue back, yellow right, green left, white top, black bottom.
"""

import json
import struct
from pathlib import Path

import numpy as np

Color = tuple[float, float, float]
SIDES: dict[str, tuple[np.ndarray, Color]] = {
    "front": (np.array([1, 0, 0]), (1, 0, 0)),
    "back": (np.array([-1, 0, 0]), (0, 0, 1)),
    "left": (np.array([0, 1, 0]), (0, 1, 0)),
    "right": (np.array([0, -1, 0]), (1, 1, 0)),
    "top": (np.array([0, 0, 1]), (1, 1, 1)),
    "bottom": (np.array([0, 0, -1]), (0, 0, 0)),
}
SIZE = np.array([1.0, 0.7, 0.6])
"""Extents to the front, the left and up."""
Y_UP = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
"""Moves front +x, left +y, up +z to front +z, left +x, up +y: the frame of glTF."""


def quad(normal: np.ndarray) -> np.ndarray:
    """Corners of the block's side, counter-clockwise seen from outside."""
    first = np.roll(normal, 1)
    second = np.cross(normal, first)
    corners = [normal + a * first + b * second for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.array(corners) * SIZE / 2


def write_obj(path: Path, *, colours: str = "mtl") -> None:
    """The block in the frame front +x, left +y, up +z; ``colours`` is "mtl", "vertex" or ""."""
    lines, count = [f"mtllib {path.stem}.mtl"] if colours == "mtl" else [], 0
    for name, (normal, rgb) in SIDES.items():
        tail = " " + " ".join(map(str, rgb)) if colours == "vertex" else ""
        lines += [f"v {x} {y} {z}{tail}" for x, y, z in quad(normal)]
        lines += [f"usemtl {name}"] if colours == "mtl" else []
        lines += [f"f {' '.join(str(count + i) for i in (1, 2, 3, 4))}"]
        count += 4
    path.write_text("\n".join(lines) + "\n")
    if colours == "mtl":
        materials = [f"newmtl {name}\nKd {rgb[0]} {rgb[1]} {rgb[2]}" for name, (_, rgb) in SIDES.items()]
        path.with_suffix(".mtl").write_text("\n".join(materials) + "\n")


def write_ply(path: Path) -> None:
    """The block as text with colours at its vertices."""
    rows = [
        f"{x} {y} {z} " + " ".join(str(round(255 * channel)) for channel in rgb)
        for normal, rgb in SIDES.values()
        for x, y, z in quad(normal)
    ]
    faces = [f"4 {4 * i} {4 * i + 1} {4 * i + 2} {4 * i + 3}" for i in range(len(SIDES))]
    head = ["ply", "format ascii 1.0", f"element vertex {len(rows)}", *(f"property float {axis}" for axis in "xyz")]
    head += [f"property uchar {name}" for name in ("red", "green", "blue")]
    head += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header"]
    path.write_text("\n".join(head + rows + faces) + "\n")


def pack_glb(header: dict, body: bytes) -> bytes:
    """A GLB file of a header and its binary data."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(body), 0x004E4942) + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def glb_of_block(*, picture: bytes = b"") -> tuple[dict, bytes]:
    """Header and data of the block in glTF's frame, each side with its material; with a picture, that is the front's texture."""
    header: dict = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "accessors": [], "bufferViews": []}
    body, primitives, materials = b"", [], []

    def add(array: np.ndarray, kind: str, code: int) -> int:
        nonlocal body
        header["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": array.nbytes})
        entry = {"bufferView": len(header["bufferViews"]) - 1, "componentType": code, "type": kind, "count": len(array)}
        header["accessors"].append(entry | {"min": array.min(0).tolist(), "max": array.max(0).tolist()})
        body += array.tobytes()
        return len(header["accessors"]) - 1

    for name, (normal, rgb) in SIDES.items():
        points = add((quad(normal) @ Y_UP.T).astype("<f4"), "VEC3", 5126)
        indices = add(np.array([[0], [1], [2], [0], [2], [3]], "<u4"), "SCALAR", 5125)
        attributes = {"POSITION": points}
        colour: dict = {"baseColorFactor": [*rgb, 1.0], "metallicFactor": 0.0}
        if picture and name == "front":
            # Seen from the front: first corner lower left, then counter-clockwise; glTF counts from the upper left.
            attributes["TEXCOORD_0"] = add(np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4"), "VEC2", 5126)
            colour |= {"baseColorTexture": {"index": 0}, "baseColorFactor": [1.0, 1.0, 1.0, 1.0]}
        primitives.append({"attributes": attributes, "indices": indices, "material": len(materials)})
        materials.append({"pbrMetallicRoughness": colour})
    if picture:
        header["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": len(picture)})
        header |= {"images": [{"bufferView": len(header["bufferViews"]) - 1, "mimeType": "image/png"}]}
        header |= {"textures": [{"source": 0}]}
        body += picture
    header |= {"meshes": [{"primitives": primitives}], "materials": materials, "nodes": [{"mesh": 0}]}
    header["buffers"] = [{"byteLength": len(body)}]
    return header, body


def write_glb(path: Path) -> None:
    """The block in glTF's frame: front +z, up +y."""
    path.write_bytes(pack_glb(*glb_of_block()))


def write_cone(path: Path, sides: int = 48) -> None:
    """A round thing without colours, up +z."""
    ring = [(np.cos(2 * np.pi * i / sides), np.sin(2 * np.pi * i / sides)) for i in range(sides)]
    lines = [f"v {x} {y} 0" for x, y in ring] + ["v 0 0 2", "v 0 0 0"]
    for i in range(sides):
        a, b = i + 1, (i + 1) % sides + 1
        lines += [f"f {a} {b} {sides + 1}", f"f {b} {a} {sides + 2}"]
    path.write_text("\n".join(lines) + "\n")
