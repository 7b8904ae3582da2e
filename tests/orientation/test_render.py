from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation import cache
from lm_eval_ext.orientation.drawing import Frame
from lm_eval_ext.orientation.looks import look
from lm_eval_ext.orientation.render import cache_folder, cached_path, draw, draw_cached, draw_many, render
from lm_eval_ext.orientation.scene import Picture, Placed, Scene

GOLDEN = Path(__file__).parent / "golden_scene.png"
CAR = Placed(category="car", instance=2, facing=60.0)
SCENE = Scene(objects=(CAR,), look=5, pixels=48)
TAGGED = Scene(objects=(replace(CAR, tag="A", dot=True),), look=5, pixels=64)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LM_EVAL_EXT_CACHE", str(tmp_path))
    return tmp_path


def array(image: PIL.Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def red(image: np.ndarray) -> np.ndarray:
    """Where the marks are."""
    return (image == [226, 26, 26]).all(-1)


def test_the_same_scene_gives_the_same_bytes() -> None:
    first = render(SCENE)
    assert first.mode == "RGB"
    assert first.size == (48, 48)
    assert first.tobytes() == render(SCENE).tobytes()


def test_the_number_of_threads_changes_no_byte() -> None:
    import drjit

    before, expected = drjit.thread_count(), render(SCENE).tobytes()
    try:
        drjit.set_thread_count(1)
        assert render(SCENE).tobytes() == expected
    finally:
        drjit.set_thread_count(before)


def test_pictures_keep_their_look_between_releases() -> None:
    """Golden picture: when this fails on purpose, raise RENDER_VERSION and write the file anew (see the last lines)."""
    assert np.abs(array(render(SCENE)) - array(PIL.Image.open(GOLDEN))).mean() < 2


def test_looks_vary_light_ground_and_background() -> None:
    looks = [look(number) for number in range(60)]
    assert {made.ground for made in looks} == {"plain", "checker", "planks", "noise"}
    assert 15 < sum(made.wall > 0 for made in looks) < 45
    assert min(made.light_azimuth for made in looks) < -40
    assert max(made.light_azimuth for made in looks) > 40
    assert len({made.ground_colours for made in looks}) == 60
    means = [array(render(replace(SCENE, look=number, pixels=24))).mean((0, 1)) for number in range(6)]
    assert np.abs(np.diff(means, axis=0)).max(1).min() > 3


def test_a_picture_is_exposed_neither_black_nor_white() -> None:
    for number in range(8):
        assert 40 < array(render(replace(SCENE, look=number, pixels=24))).mean() < 225


def test_mirrored_pictures_are_mirrored_pixels_apart_from_the_tag() -> None:
    plain, mirrored = (array(draw(Picture(panels=(TAGGED,), mirrored=flag))) for flag in (False, True))
    same = (plain[:, ::-1] == mirrored).all(-1)
    rows, _ = np.nonzero(~same)
    label = red(mirrored) | red(plain[:, ::-1]) | (mirrored == 255).all(-1) | (plain[:, ::-1] == 255).all(-1)
    assert 0 < len(rows) < 0.12 * same.size
    # Whatever differs lies within the rows of the label.
    assert np.ptp(rows) <= 16
    assert (~same & label).sum() > 0
    untagged = replace(TAGGED, objects=(replace(TAGGED.objects[0], tag=""),))
    plain, mirrored = (array(draw(Picture(panels=(untagged,), mirrored=flag))) for flag in (False, True))
    assert (plain[:, ::-1] == mirrored).all()


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pictures_are_turned_clockwise(turn: int) -> None:
    scene = replace(TAGGED, objects=(replace(TAGGED.objects[0], tag=""),))
    plain = array(draw(Picture(panels=(scene,))))
    turned = array(draw(Picture(panels=(scene,), rotate=(turn,))))
    assert (np.rot90(plain, -turn // 90) == turned).all()


def test_a_mirrored_picture_is_mirrored_before_it_is_turned() -> None:
    plain = array(draw(Picture(panels=(SCENE,))))
    both = array(draw(Picture(panels=(SCENE,), rotate=(90,), mirrored=True)))
    assert (np.rot90(plain[:, ::-1], -1) == both).all()


def test_the_box_encloses_the_object_and_the_dot_is_inside() -> None:
    marks = red(array(draw(Picture(panels=(TAGGED,)))))
    rows, columns = np.nonzero(marks)
    boxless = replace(TAGGED, objects=(replace(TAGGED.objects[0], tag=""),))
    dot_rows, dot_columns = np.nonzero(red(array(draw(Picture(panels=(boxless,))))))
    assert len(dot_rows) > 4
    assert rows.min() < dot_rows.min() <= dot_rows.max() < rows.max()
    assert columns.min() < dot_columns.min() <= dot_columns.max() < columns.max()
    # The box is where the picture with the object differs from the one without.
    empty = array(render(replace(TAGGED, objects=(replace(CAR, size=0.001), replace(CAR, depth=400.0)))))
    assert empty.shape == (64, 64, 3)


def test_marks_follow_a_turn() -> None:
    frame = Frame(pixels=64, mirrored=True, rotate=90)
    plain = red(array(draw(Picture(panels=(replace(TAGGED, objects=(replace(CAR, dot=True),)),)))))
    moved = red(array(draw(Picture(panels=(replace(TAGGED, objects=(replace(CAR, dot=True),)),), rotate=(90,), mirrored=True))))
    expected = {frame.move(int(x), int(y)) for y, x in zip(*np.nonzero(plain), strict=True)}
    assert expected == {(int(x), int(y)) for y, x in zip(*np.nonzero(moved), strict=True)}


def test_panels_stand_side_by_side_with_a_white_gap() -> None:
    sheet = array(draw(Picture(panels=(SCENE, replace(SCENE, look=6)))))
    assert sheet.shape == (48, 100, 3)
    assert (sheet[:, 48:52] == 255).all()
    assert (sheet[:, :48] == array(render(SCENE))).all()


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (Picture(panels=(SCENE,), version=0), "renderer version 0; this is version 1"),
        (Picture(panels=(SCENE,), rotate=(45,)), r"rotate=\(45,\) is not accepted"),
        (Picture(panels=(), rotate=()), "0 panels with turns"),
        (Picture(panels=(SCENE, replace(SCENE, pixels=32))), "panels of one size"),
    ],
)
def test_what_cannot_be_drawn_is_refused(picture: Picture, message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw(picture)


def test_the_cache_folder_is_the_environments_or_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_EVAL_EXT_CACHE", "somewhere")
    assert cache_folder() == Path("somewhere")
    monkeypatch.delenv("LM_EVAL_EXT_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "lm_eval_ext"


def test_a_picture_is_drawn_once_and_read_after(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture(panels=(SCENE,))
    first = draw_cached(picture)
    monkeypatch.setattr(cache, "draw", lambda _: pytest.fail("drawn again"))
    assert draw_cached(picture).tobytes() == first.tobytes()
    assert cached_path(picture).is_relative_to(folder)


def test_every_field_of_the_spec_names_another_file(folder: Path) -> None:
    picture = Picture(panels=(SCENE,))
    others = [
        replace(picture, mirrored=True),
        replace(picture, rotate=(90,)),
        replace(picture, panels=(replace(SCENE, look=6),)),
        replace(picture, panels=(replace(SCENE, objects=(replace(CAR, facing=61.0),)),)),
    ]
    assert len({cached_path(made) for made in (picture, *others)}) == 5


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_file_is_drawn_again(folder: Path, damage: str) -> None:
    picture = Picture(panels=(replace(SCENE, pixels=24),))
    expected = draw_cached(picture).tobytes()
    path = cached_path(picture)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes({"cut": bytes(data[:200]), "flipped": bytes(data), "empty": b"", "text": b"not a picture"}[damage])
    assert draw_cached(picture).tobytes() == expected
    assert np.asarray(PIL.Image.open(path)).tobytes() == expected


def test_many_pictures_keep_their_order_and_equal_ones_are_drawn_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pictures = [Picture(panels=(replace(SCENE, look=number, pixels=16),)) for number in (1, 2, 1)]
    paths = draw_many(pictures, workers=1, progress=False)
    assert paths == [cached_path(picture) for picture in pictures]
    assert len(list(folder.rglob("*.png"))) == 2
    assert capfd.readouterr().err == ""


@pytest.mark.slow  # 12 s: two processes start from nothing
def test_several_processes_give_the_same_bytes_as_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [Picture(panels=(replace(SCENE, look=number, pixels=24),)) for number in range(6)]
    paths = draw_many(pictures, workers=2, progress=False)
    for picture, path in zip(pictures, paths, strict=True):
        assert np.asarray(PIL.Image.open(path)).tobytes() == draw(picture).tobytes()


if __name__ == "__main__":
    render(SCENE).save(GOLDEN)
