"""What a GLB file says of itself, checked before its contents are decoded."""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.images import open_image

MAX_HEADER, MAX_NODES, MAX_VALUES = 16_000_000, 10_000, 3_000_000
"""Bytes of the JSON part, nodes of the scene, and entries of one accessor."""
MAX_PICTURE = 4096 * 4096
"""Pixels of a texture."""
EXTENSIONS = ("KHR_materials_unlit", "KHR_materials_specular", "KHR_materials_ior", "KHR_mesh_quantization", "EXT_texture_webp")
"""Required extensions whose geometry and base colours are read all the same."""
_JSON, _BIN = 0x4E4F534A, 0x004E4942


def check_glb(data: bytes, file: str) -> None:
    """Refuse a file that is damaged, that needs other files or decoders, or that would unpack to far more than it holds.

    Raises:
        InputError: The line says what and what to do.
    """
    try:
        header, body = _chunks(data, file)
        _check(header, body, file)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, struct.error, RecursionError) as error:
        # Our own refusals are ValueErrors too.
        if isinstance(error, InputError):
            raise
        raise InputError(f"mesh {file!r} is a damaged GLB file ({error!r:.100}). Export it again.") from None


def _chunks(data: bytes, file: str) -> tuple[dict[str, Any], bytes]:
    magic, version, length, size, kind = struct.unpack_from("<4sIIII", data)
    if magic != b"glTF" or version != 2 or length != len(data) or kind != _JSON or size > len(data) - 20:
        raise InputError(f"mesh {file!r} is no whole GLB file of version 2. Export it again as glTF 2.0 binary.")
    if size > MAX_HEADER:
        raise InputError(f"mesh {file!r} has a header of {size:,} bytes, more than {MAX_HEADER:,}. Simplify the mesh.")
    header = json.loads(data[20 : 20 + size], parse_constant=_refuse_constant)
    rest = data[20 + size :]
    if not rest:
        return header, b""
    body, kind = struct.unpack_from("<II", rest)
    if kind != _BIN or body > len(rest) - 8:
        raise InputError(f"mesh {file!r} is no whole GLB file of version 2. Export it again as glTF 2.0 binary.")
    return header, rest[8 : 8 + body]


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _check(header: Mapping[str, Any], body: bytes, file: str) -> None:
    buffers, images = header.get("buffers", []), header.get("images", [])
    if any("uri" in entry for entry in (*buffers, *images)) or len(buffers) > 1:
        raise InputError(
            f"mesh {file!r} keeps a part outside its own binary data. Export it with everything packed into the GLB."
        )
    unread = [name for name in header.get("extensionsRequired", []) if name not in EXTENSIONS]
    if unread:
        raise InputError(
            f"mesh {file!r} needs the extension {', '.join(unread)}, which isn't read. Export it without compression."
        )
    for accessor in header.get("accessors", []):
        if "sparse" in accessor or "bufferView" not in accessor or not 0 < int(accessor["count"]) <= MAX_VALUES:
            raise InputError(f"mesh {file!r} has data with gaps or of over {MAX_VALUES:,} values. Export plain, smaller arrays.")
    for mesh in header["meshes"]:
        if any(primitive.get("mode", 4) not in (4, 5) for primitive in mesh["primitives"]):
            raise InputError(f"mesh {file!r} has points, lines or fans. Export triangles only.")
    _check_nodes(header.get("nodes", []), file)
    for i, image in enumerate(images):
        view = header["bufferViews"][image["bufferView"]]
        start = view.get("byteOffset", 0)
        content = body[start : start + view["byteLength"]]
        open_image(content, name=f"picture {i} of mesh {file!r}", max_pixels=MAX_PICTURE)


def _check_nodes(nodes: Sequence[Mapping[str, Any]], file: str) -> None:
    children = [child for node in nodes for child in node.get("children", [])]
    if len(nodes) > MAX_NODES or len(set(children)) < len(children):
        raise InputError(f"mesh {file!r} has over {MAX_NODES:,} nodes, or a node with two parents. Join its parts into one mesh.")
