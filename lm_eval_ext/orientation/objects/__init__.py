"""Objects with a known front, made from our own primitives: ``build_object("car", 3)``."""

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.objects.animals import ANIMALS
from lm_eval_ext.orientation.objects.appliances import APPLIANCES
from lm_eval_ext.orientation.objects.catalogue import Category, Object, Symmetry, normalised
from lm_eval_ext.orientation.objects.furniture import FURNITURE
from lm_eval_ext.orientation.objects.people import PEOPLE
from lm_eval_ext.orientation.objects.rounds import ROUND
from lm_eval_ext.orientation.objects.tools import TOOLS
from lm_eval_ext.orientation.objects.vehicles import VEHICLES
from lm_eval_ext.seeding import stream

__all__ = ["CATEGORIES", "GROUPS", "Category", "Object", "Symmetry", "build_object"]

GROUPS: dict[str, tuple[Category, ...]] = {
    "vehicles": VEHICLES,
    "animals": ANIMALS,
    "people": PEOPLE,
    "furniture": FURNITURE,
    "appliances": APPLIANCES,
    "tools": TOOLS,
    "round": ROUND,
}
"""What is catalogued, by kind; a new category is one more entry of its group's tuple."""

CATEGORIES: dict[str, Category] = {category.name: category for group in GROUPS.values() for category in group}


def build_object(category: str, instance: int) -> Object:
    """One instance of a category; the same numbers give the same object everywhere.

    Args:
        category: Key of ``CATEGORIES``.
        instance: Number >= 0; fixes proportions, parts, colours and materials.

    Returns:
        The object, normalised: longest side 1, standing on z = 0, centred in x and y.

    Raises:
        InputError: The category is unknown.
    """
    if category not in CATEGORIES:
        raise InputError(f"category {category!r} is unknown. Categories: {', '.join(CATEGORIES)}.")
    return normalised(CATEGORIES[category].build(stream("object", category, instance)))
