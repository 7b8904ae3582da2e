"""Whether a mesh looks as its declaration says: small renders from several sides are compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lm_eval_ext.errors import InputError
from lm_eval_ext.files import cache_folder, write_atomic
from lm_eval_ext.items import dump_spec
from lm_eval_ext.orientation.contact_sheet import LOOK
from lm_eval_ext.orientation.objects import Symmetry
from lm_eval_ext.orientation.raytrace import render
from lm_eval_ext.orientation.scene import MeshFile, Picture, Placed, Scene, picture_to_data
from lm_eval_ext.seeding import digest

SIDES = (0.0, 37.0, 90.0, 180.0, 270.0)
ALIKE = 1.0
"""Mean difference of two views, on a scale of 0-255, below which they count as the same; the catalogue's round
objects reach 0.5, and those with a front begin at 2.2."""


def check_views(name: str, mesh: MeshFile, symmetry: Symmetry) -> None:
    """Refuse a round object that has sides, and an object with a front that looks the same turned by 90 or 180 degrees.

    Raises:
        InputError: The views contradict the declaration.
    """
    placed = Placed(category=name, instance=0, facing=0.0, mesh=mesh)
    passed = _passed(placed, symmetry)
    if passed.is_file():
        return
    first, *others = (_view(replace(placed, facing=facing)) for facing in SIDES)
    apart = {facing: float(np.abs(view - first).mean()) for facing, view in zip(SIDES[1:], others, strict=True)}
    differ = [facing for facing in apart if apart[facing] >= ALIKE]
    same = [facing for facing in (90.0, 180.0, 270.0) if apart[facing] < ALIKE]
    if symmetry == "round" and differ:
        told = f"looks different turned by {differ[0]:.0f} degrees. Declare symmetry: none and a front, or correct up."
        raise InputError(f"mesh {name!r} is declared round, but {told}")
    if symmetry == "none" and same:
        told = f"looks the same turned by {same[0]:.0f} degrees, so that nobody could tell its front. Give another mesh."
        raise InputError(f"mesh {name!r} is declared to have a front, but {told}")
    write_atomic(passed, "")


def _passed(placed: Placed, symmetry: Symmetry) -> Path:
    """A file that is there once the mesh has passed."""
    picture = Picture(panels=(Scene(objects=(placed,), look=LOOK),))
    key = digest("views", dump_spec(picture_to_data(picture)), symmetry)
    return cache_folder() / "meshes" / key[:2] / f"{key}.passed"


def _view(placed: Placed) -> Float[np.ndarray, "rows columns 3"]:
    """The middle of a small render, which the object fills."""
    scene = Scene(objects=(placed,), look=LOOK, fov=30.0, pixels=48)
    return np.asarray(render(scene))[8:40, 8:40].astype(float)
