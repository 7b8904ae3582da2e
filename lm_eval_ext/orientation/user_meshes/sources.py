"""The bytes of a mesh and of the files that it names, read once and hashed.

The sha256 of a mesh is that of its file. A mesh that names others (the materials and pictures of an OBJ file) has the sha256 of
the hashes of all of them, its own first, one a line.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lm_eval_ext.errors import InputError

MAX_BYTES = 64_000_000
"""Of one file."""
FORMATS = ("obj", "glb", "ply")


@dataclass(frozen=True, kw_only=True)
class MeshSource:
    """A mesh file's bytes.

    Attributes:
        file: Path below the folder.
        data: The file's bytes.
        companions: Bytes of the files it names, by the names it uses.
        pictures: Names of those companions that are pictures.
        sha256: See the module.
    """

    file: str
    data: bytes
    companions: Mapping[str, bytes]
    pictures: tuple[str, ...]
    sha256: str

    @property
    def format(self) -> str:
        """One of ``FORMATS``."""
        return self.file.rpartition(".")[2].lower()


def read_source(folder: Path, file: str) -> MeshSource:
    """A mesh file and what it names.

    Raises:
        InputError: A file is missing, empty, too large, of another format, a link, or outside the folder.
    """
    if file.rpartition(".")[2].lower() not in FORMATS:
        raise InputError(f"mesh {file!r} is in no format that is read. Give a file that ends in .obj, .glb or .ply.")
    data = read_inside(folder, file, "mesh")
    materials: dict[str, bytes] = {}
    pictures: dict[str, bytes] = {}
    if file.lower().endswith(".obj"):
        beside = PurePosixPath(file).parent
        materials = _read_named(folder, beside, _library(data, file), f"the material file of mesh {file!r},")
        named = [name for content in materials.values() for name in _named(content, rb"map_Kd")]
        pictures = _read_named(folder, beside, named, f"the picture of mesh {file!r},")
    companions = materials | pictures
    hashes = [hashlib.sha256(content).hexdigest() for content in (data, *companions.values())]
    whole = hashlib.sha256("\n".join(hashes).encode()).hexdigest() if companions else hashes[0]
    return MeshSource(file=file, data=data, companions=companions, pictures=tuple(pictures), sha256=whole)


def read_inside(folder: Path, name: str, what: str) -> bytes:
    """The bytes of a file below a folder.

    Raises:
        InputError: The name leads out of the folder or over a link, or there is no such file, or it is empty or too large.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\\" in name or ":" in name or ".." in parts or "\0" in name:
        raise InputError(f"{what} {name!r} is no path below {folder}. Give a relative path with '/' and without '..'.")
    path = folder
    for part in parts:
        path /= part
        if path.is_symlink():
            raise InputError(f"{what} {name!r} is or goes through a link ({path}). Put the file itself into the folder.")
    if not path.is_file():
        raise InputError(f"{what} {name!r} is no file in {folder}. Add it, or correct the name.")
    size = path.stat().st_size
    if not 0 < size <= MAX_BYTES:
        raise InputError(f"{what} {name!r} has {size:,} bytes. Give a file of 1 to {MAX_BYTES:,} bytes.")
    return path.read_bytes()


def _library(data: bytes, file: str) -> list[str]:
    names = _named(data, rb"mtllib")
    if len(names) > 1:
        raise InputError(f"mesh {file!r} names {len(names)} material files ({', '.join(names)}). Put all materials into one.")
    return names


def _read_named(folder: Path, beside: PurePosixPath, names: Sequence[str], what: str) -> dict[str, bytes]:
    """Files whose paths start at the mesh."""
    return {name: read_inside(folder, str(beside / name), what) for name in names}


def _named(data: bytes, keyword: bytes) -> list[str]:
    names = re.findall(rb"(?im)^[ \t]*" + keyword + rb"[ \t]+([^\r\n]+)", data)
    return list(dict.fromkeys(name.strip().decode("utf-8", "replace") for name in names))
