"""Which categories have a front to be asked for, and which look alike from all sides."""

from typing import NamedTuple


class Catalogue(NamedTuple):
    """Names of the categories, sorted."""

    fronted: tuple[str, ...]
    """One front and no symmetry under a turn about the vertical axis."""
    round: tuple[str, ...]
    """Alike from all sides: where the front points can't be determined."""


def read_catalogue() -> Catalogue:
    """The categories of the objects that we can draw."""
    from lm_eval_ext.orientation.objects import CATEGORIES

    def named(symmetry: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, category in CATEGORIES.items() if category.symmetry == symmetry))

    return Catalogue(fronted=named("none"), round=named("round"))
