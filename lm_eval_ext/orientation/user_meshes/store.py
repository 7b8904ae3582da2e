"""Meshes that were read once, kept by the hash of their content: drawing needs neither the file nor what reads it."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.files import cache_folder, write_atomic
from lm_eval_ext.orientation.mesh import Coat, Material, Part
from lm_eval_ext.orientation.objects import Object
from lm_eval_ext.orientation.objects.catalogue import normalised
from lm_eval_ext.orientation.objects.colours import from_hex
from lm_eval_ext.orientation.scene import MeshFile
from lm_eval_ext.seeding import digest

IMPORT_VERSION = 1
"""Raised when the same file gives other triangles or colours; then RENDER_VERSION is raised too."""


def kept_path(sha256: str) -> Path:
    """Where the mesh with that content lies, or will lie."""
    key = digest("mesh", IMPORT_VERSION, sha256)
    return cache_folder() / "meshes" / key[:2] / f"{key}.npz"


def keep(sha256: str, parts: Sequence[Part]) -> None:
    """Keep the parts of the mesh with that content; they stay in the file's own frame."""
    arrays: dict[str, np.ndarray] = {}
    for i, part in enumerate(parts):
        made = part.material
        arrays |= {f"vertices{i}": part.vertices, f"faces{i}": part.faces}
        arrays[f"material{i}"] = np.array([*made.rgb, made.roughness, made.metallic])
        if part.coat is not None:
            arrays[f"corners{i}"] = part.coat.corners
        if part.coat is not None and part.coat.image is not None:
            arrays[f"image{i}"] = part.coat.image
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **arrays)
    write_atomic(kept_path(sha256), data.getvalue())


def kept(sha256: str) -> tuple[Part, ...] | None:
    """The parts of the mesh with that content, or None when they are missing or damaged."""
    try:
        # The archive's checksums are compared as its members are read.
        with np.load(io.BytesIO(kept_path(sha256).read_bytes()), allow_pickle=False) as arrays:
            return tuple(_part({name: arrays[f"{name}{i}"] for name in _NAMES if f"{name}{i}" in arrays}) for i in _count(arrays))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


_NAMES = ("vertices", "faces", "material", "corners", "image")


def _count(arrays: "np.lib.npyio.NpzFile") -> range:
    return range(sum(name.startswith("vertices") for name in arrays.files))


def _part(fields: dict[str, np.ndarray]) -> Part:
    red, green, blue, roughness, metallic = fields["material"].tolist()
    coat = Coat(fields["corners"], fields.get("image")) if "corners" in fields else None
    return Part(fields["vertices"], fields["faces"], Material((red, green, blue), roughness, metallic), coat)


def load_object(mesh: MeshFile) -> Object:
    """The mesh as an object: front +x, left +y, up +z, longest side 1, standing on z = 0.

    Raises:
        InputError: No mesh with that content was read on this machine.
    """
    parts = kept(mesh.sha256)
    if parts is None:
        raise InputError(
            f"mesh {mesh.file!r} with sha256 {mesh.sha256[:12]}… is not among the meshes read on this machine. "
            "Load a task with meshes=FOLDER, where FOLDER holds that very file (a changed one has another sha256)."
        )
    front, up = np.array(mesh.front), np.array(mesh.up)
    frame = np.stack([front, np.cross(up, front), up])
    turned = [replace(part, vertices=(part.vertices @ frame.T).astype(np.float32)) for part in parts]
    return normalised([_painted(part, mesh.colour) for part in turned] if mesh.colour else turned)


def _painted(part: Part, colour: str) -> Part:
    return replace(part, material=replace(part.material, rgb=from_hex(colour), metallic=0.0), coat=None)
