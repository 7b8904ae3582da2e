"""Writes a contact sheet for each group of objects, and one of finished pictures, into results/contact_sheets/."""

from pathlib import Path

from lm_eval_ext.orientation.contact_sheet import contact_sheet
from lm_eval_ext.orientation.objects import GROUPS
from lm_eval_ext.orientation.render import draw
from lm_eval_ext.orientation.scene import Picture, Placed, Scene

FOLDER = Path(__file__).parent.parent / "results" / "contact_sheets"


def main() -> None:
    """Draws all sheets; about two minutes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, group in GROUPS.items():
        contact_sheet([(category.name, 0) for category in group]).save(FOLDER / f"{name}.png", optimize=True)
    draw(_two_objects()).quantize(256).save(FOLDER / "two_objects.png", optimize=True)
    draw(_before_and_after()).quantize(256).save(FOLDER / "two_panels.png", optimize=True)


def _two_objects() -> Picture:
    left = Placed(category="dog", instance=3, facing=90.0, right=-0.55, size=0.85, tag="A")
    right = Placed(category="car", instance=2, facing=0.0, right=0.55, size=0.85, tag="B")
    return Picture(panels=(Scene(objects=(left, right), look=5),))


def _before_and_after() -> Picture:
    before = Placed(category="teddy", instance=0, facing=30.0, dot=True, tag="A")
    after = Placed(category="teddy", instance=0, facing=300.0, pitch=90.0)
    return Picture(panels=tuple(Scene(objects=(placed,), look=12) for placed in (before, after)))


if __name__ == "__main__":
    main()
