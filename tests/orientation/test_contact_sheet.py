import numpy as np

from lm_eval_ext.orientation.contact_sheet import CELL, COLUMNS, TITLE, contact_sheet, instances, turns
from lm_eval_ext.orientation.scene import Placed

CONE = Placed(category="traffic_cone", instance=0, facing=10.0)


def test_a_category_is_turned_once_and_shown_in_forty_instances() -> None:
    assert [(cell.placed.facing, cell.caption) for cell in turns(CONE)][:3] == [(0.0, "0°"), (45.0, "45°"), (90.0, "90°")]
    assert [cell.placed.instance for cell in instances("car")] == list(range(40))
    assert {cell.placed.category for cell in instances("car")} == {"car"}


def test_cells_stand_in_rows_below_the_title() -> None:
    sheet = np.asarray(contact_sheet("cone", turns(CONE)[:2] * 5))
    assert sheet.shape == (TITLE + 2 * CELL, COLUMNS * CELL, 3)
    assert (sheet[:TITLE, -50:] == 255).all()
    cells = [sheet[TITLE + 16 : TITLE + CELL, i * CELL : (i + 1) * CELL].astype(int) for i in range(3)]
    assert np.abs(cells[0] - cells[2]).max() == 0
    assert cells[1].std() > 10
    assert (sheet[TITLE + CELL :, 2 * CELL :] == 255).all()
