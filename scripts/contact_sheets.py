"""Writes contact sheets.

python scripts/contact_sheets.py [category ...]             of the package's objects, into results/contact_sheets/; four minutes
python scripts/contact_sheets.py --meshes FOLDER [out.jpg]  of the user's meshes, each turned once round
"""

import sys
from pathlib import Path

from lm_eval_ext.orientation.contact_sheet import contact_sheet, instances, turns
from lm_eval_ext.orientation.objects import CATEGORIES, Category
from lm_eval_ext.orientation.render import draw
from lm_eval_ext.orientation.scene import Picture, Placed, Scene
from lm_eval_ext.orientation.user_meshes.reading import read_meshes

FOLDER = Path(__file__).parent.parent / "results" / "contact_sheets"


def main() -> None:
    """Draws the sheets of the categories named, or everything, or the user's meshes."""
    if sys.argv[1:2] == ["--meshes"]:
        draw_meshes(*map(Path, sys.argv[2:4]))
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or CATEGORIES:
        draw_category(CATEGORIES[name])
    if len(sys.argv) == 1:
        draw(_two_objects()).quantize(256).save(FOLDER / "two_objects.png", optimize=True)
        draw(_before_and_after()).quantize(256).save(FOLDER / "two_panels.png", optimize=True)


def draw_category(category: Category) -> None:
    """Instance 0 once round in the first row, then all test instances."""
    front = "0° faces you" if category.symmetry == "none" else "alike from all sides"
    title = f"{category.label}: number 0 turned ({front}), then the 40 test instances"
    cells = [*turns(Placed(category=category.name, instance=0, facing=0.0)), *instances(category.name)]
    path = FOLDER / "categories" / f"{category.name}.jpg"
    path.parent.mkdir(exist_ok=True)
    contact_sheet(title, cells).save(path, quality=85)


def draw_meshes(folder: Path, out: Path = Path("meshes.jpg")) -> None:
    """A row for each mesh, where 0 should face you and 90 the right edge."""
    rows = [
        cell._replace(caption=f"{made.label} {cell.caption}" if cell.placed.facing == 0 else cell.caption)
        for made in read_meshes(folder).meshes
        for cell in turns(Placed(category=made.name, instance=0, facing=0.0, mesh=made.mesh))
    ]
    contact_sheet(f"{folder}: at 0° every front faces you, at 90° it points to the right edge", rows).save(out, quality=90)
    print(out)


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
