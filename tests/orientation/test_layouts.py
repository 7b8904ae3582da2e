"""Descriptions of layouts, the tables they describe, and what is refused: one line each, before any picture is decoded."""

import base64
import io
import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.orientation import task
from lm_eval_ext.orientation.layouts import dump_layout, find_layout, jsonl, open_picture, parquet, read_folder, read_layout
from lm_eval_ext.orientation.layouts.description import LARGEST, TableLayout, parse_layout
from lm_eval_ext.orientation.layouts.paths import Folder
from lm_eval_ext.orientation.layouts.recognise import PACKAGED, packaged_layout
from lm_eval_ext.orientation.layouts.records import Answers
from lm_eval_ext.orientation.questions import QUESTIONS
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.orientation.user_meshes.declaration import DECLARATION, read_declaration

ASKED = QUESTIONS["canonical_orientation_coarse"]
COLOURS = [(250, 10, 20), (10, 250, 20), (10, 20, 250)]
NO = {"text": ASKED.text, "options": list(ASKED.options), "answer": "No", "question": "q7", "level": "coarse"}
DESCRIBED = {
    "kind": "table",
    "files": ["*.parquet", "*.jsonl"],
    "text": "text",
    "options": "options",
    "questions": {"q7": ASKED.type},
}


def png(colour: tuple[int, int, int], size: tuple[int, int] = (3, 2)) -> bytes:
    data = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


PNGS = [png(colour) for colour in COLOURS]


def write_parquet(path: Path, rows: Sequence[dict[str, Any]], **settings: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), path, **settings)
    return path.parent


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.parent


def rows_of(images: Sequence[Any], **changes: Any) -> list[dict[str, Any]]:
    return [NO | {"image": image} | changes for image in images]


def local(root: Path, layout: dict[str, Any] | None = None, **options: Any) -> list[Item]:
    if layout is not None:
        (root / "layout.yaml").write_text(json.dumps(layout))  # JSON is YAML
    return load_items(ASKED, Options(source="local", root=root, **options))


def refused(root: Path, layout: dict[str, Any] | None = None) -> str:
    with pytest.raises(InputError) as caught:
        local(root, layout)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def corner(item: Item) -> Any:
    (image,) = task.doc_to_image({"spec": item.spec})
    return image.getpixel((0, 0))


# Tables with images inside


def inline(form: str, data: bytes) -> Any:
    text = base64.b64encode(data).decode()
    return {
        "raw": data,
        "struct": {"bytes": data, "path": "some/name.png"},
        "base64": text,
        "uri": f"data:image/png;base64,{text}",
        "struct of base64": {"bytes": text, "path": None},
    }[form]


@pytest.mark.parametrize("form", ["raw", "struct", "base64", "uri"])
def test_parquet_holds_images(tmp_path: Path, form: str) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of([inline(form, data) for data in PNGS]), row_group_size=2)
    image_as = "bytes" if form in {"raw", "struct"} else "base64"
    items = local(tmp_path, DESCRIBED | {"image_as": image_as})
    assert [corner(item) for item in items] == COLOURS
    assert [item.answer for item in items] == ["No"] * 3
    assert all(set(item.choices) == set(ASKED.options) and item.query == ASKED.text for item in items)
    assert len({item.cluster_id for item in items}) == 3


@pytest.mark.parametrize("form", ["base64", "uri", "struct of base64"])
def test_jsonl_holds_images(tmp_path: Path, form: str) -> None:
    write_jsonl(tmp_path / "x.jsonl", rows_of([inline(form, data) for data in PNGS]))
    text = (tmp_path / "x.jsonl").read_text()
    (tmp_path / "x.jsonl").write_text("\n" + text.replace("\n", "\n\n"))  # blank lines are no rows
    items = local(tmp_path, DESCRIBED | {"image_as": "base64"})
    assert [corner(item) for item in items] == COLOURS
    assert [json.loads(item.spec)["row"] for item in items] == [2, 4, 6]


def test_documents_hold_specs_and_not_pixels(tmp_path: Path) -> None:
    data = noise_png()
    write_parquet(tmp_path / "x.parquet", rows_of([data]))
    (item,) = local(tmp_path)
    assert len(data) > 100_000
    assert len(item.model_dump_json()) < 2_000
    assert json.loads(item.spec) == {"table": str(tmp_path / "x.parquet"), "row": 1, "column": "image"}
    assert open_picture(json.loads(item.spec)).tobytes() == PIL.Image.open(io.BytesIO(data)).tobytes()


def test_file_of_the_datasets_library_is_read_as_it_is(tmp_path: Path) -> None:
    import datasets

    pictures = [PIL.Image.new("RGB", (3, 2), colour) for colour in COLOURS]
    columns = {key: [value] * 3 for key, value in NO.items()} | {"image": pictures}
    made = datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image())
    (tmp_path / "data").mkdir()
    made.to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    assert [corner(item) for item in local(tmp_path)] == COLOURS


def test_struct_without_bytes_stands_for_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNGS[1])
    write_parquet(tmp_path / "x.parquet", rows_of([{"bytes": None, "path": "a.png"}, {"bytes": PNGS[0], "path": "b.png"}]))
    assert [corner(item) for item in local(tmp_path)] == [COLOURS[1], COLOURS[0]]


@pytest.mark.parametrize("write", [write_parquet, write_jsonl])
def test_tables_may_name_images(tmp_path: Path, write: Any) -> None:
    (tmp_path / "pictures").mkdir()
    for place, data in enumerate(PNGS):
        (tmp_path / "pictures" / f"{place}.png").write_bytes(data)
    write(tmp_path / ("x.parquet" if write is write_parquet else "x.jsonl"), rows_of(["0.png", "1.png", "0.png"]))
    items = local(tmp_path, DESCRIBED | {"image_as": "path", "images": "pictures"})
    assert [corner(item) for item in items] == [COLOURS[0], COLOURS[1], COLOURS[0]]
    assert [item.cluster_id for item in items] == ["table/0.png", "table/1.png", "table/0.png"]
    assert len({item.item_id for item in items}) == 3


def test_equal_pictures_are_one_cluster_and_two_items(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of([PNGS[0], PNGS[1], PNGS[0]]))
    items = local(tmp_path)
    assert items[0].cluster_id == items[2].cluster_id != items[1].cluster_id
    assert len({item.item_id for item in items}) == 3
    assert read_folder(tmp_path).totals() == (3, 2)
    assert [item.item_id for item in local(tmp_path, legacy_dedup=True)] == [items[2].item_id, items[1].item_id]


# What columns say


@pytest.mark.parametrize(
    ("answer_as", "answers"),
    [
        ("text", ["No", "yes", "can't be determined"]),
        ("letter", ["B", "a", "(C)"]),
        ("index", [1, 0, 2]),
        ("index", ["1", "0", "2"]),
    ],
)
def test_answers_are_texts_letters_or_numbers(tmp_path: Path, answer_as: str, answers: list[Any]) -> None:
    write_parquet(
        tmp_path / "x.parquet", [NO | {"image": data, "answer": said} for data, said in zip(PNGS, answers, strict=True)]
    )
    assert [item.answer for item in local(tmp_path, DESCRIBED | {"answer_as": answer_as})] == [
        "No",
        "Yes",
        "Cannot be determined",
    ]


@pytest.mark.parametrize(
    ("answer_as", "answer", "accepted"),
    [
        ("text", "Perhaps", "Yes, No, Cannot be determined"),
        ("text", "", "Yes, No, Cannot be determined"),
        ("letter", "D", "the letters A to C"),
        ("letter", "AB", "the letters A to C"),
        ("index", "3", "0 to 2"),
        ("index", "-1", "0 to 2"),
        ("index", "1.0", "0 to 2"),
    ],
)
def test_answer_outside_the_options_is_refused(tmp_path: Path, answer_as: str, answer: str, accepted: str) -> None:
    write_parquet(tmp_path / "x.parquet", [*rows_of(PNGS), NO | {"image": PNGS[0], "answer": answer}])
    text = refused(tmp_path, DESCRIBED | {"answer_as": "text"})
    assert "x.parquet, row 4: the answer" in text if answer_as == "text" else "text" in DESCRIBED
    write_parquet(tmp_path / "x.parquet", [NO | {"image": PNGS[0], "answer": answer}])
    text = refused(tmp_path, DESCRIBED | {"answer_as": answer_as})
    assert f"x.parquet, row 1: the answer '{answer}' is not accepted. Answers: {accepted}." in text


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        ("options", {"options": ["No", "Yes"]}),
        ("options", {"options": '["No", "Yes"]'}),
        (["a", "b", "c"], {"a": "No", "b": "Yes", "c": None}),
        ({ASKED.name: ["No", "Yes"]}, {}),
    ],
)
def test_options_stand_in_a_row_or_are_those_of_the_question(tmp_path: Path, options: Any, cells: dict[str, Any]) -> None:
    kept = {key: value for key, value in NO.items() if key != "options"}
    write_jsonl(tmp_path / "x.jsonl", [kept | cells | {"image": base64.b64encode(PNGS[0]).decode()}])
    (item,) = local(tmp_path, DESCRIBED | {"options": options, "image_as": "base64"})
    assert sorted(item.choices) == ["No", "Yes"]


@pytest.mark.parametrize("options", [[], ["No"], ["No", "No"], ["No", ""], ["No", 3], "No", None, 3, ["x"] * 27])
def test_options_that_cannot_be_asked_are_refused(tmp_path: Path, options: Any) -> None:
    write_jsonl(tmp_path / "x.jsonl", rows_of([base64.b64encode(PNGS[0]).decode()], options=options))
    assert "x.jsonl, row 1: options=" in refused(tmp_path, DESCRIBED | {"image_as": "base64"})


def test_optional_columns_name_items_twins_clusters_orders_and_factors(tmp_path: Path) -> None:
    extra = {"id": "one", "pair": "p", "object": "car-3", "order": "2 0 1", "worse": 3, "lit": False, "kind": None}
    write_parquet(tmp_path / "x.parquet", [NO | {"image": PNGS[0]} | extra])
    factors = {
        "degradation": "kind",
        "severity": {"column": "worse", "type": "int"},
        "lit": {"column": "lit", "type": "bool"},
        "level": None,
    }
    named = {"item": "id", "twin": "pair", "cluster": "object", "permutation": "order", "factors": factors}
    (item,) = local(tmp_path, DESCRIBED | named)
    assert (item.item_id, item.twin_id, item.cluster_id) == ("one", "p", "car-3")
    assert item.choices == [ASKED.options[place] for place in (2, 0, 1)]
    assert list(item.factors) == ["severity", "lit", "level", "question", "dimension", "dataset", "permutation"]
    assert (item.factors["severity"], item.factors["lit"], item.factors["permutation"]) == (3, False, "2 0 1")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"order": "0 1"}, "the permutation '0 1' is no order of the numbers 0 to 2"),
        ({"order": "0 1 1"}, "is no order"),
        ({"order": None}, "is no order"),
        ({"id": ""}, "the column 'id' is empty"),
        ({"worse": "much"}, "'much' in the column 'worse' is no int"),
    ],
)
def test_optional_columns_are_checked(tmp_path: Path, cells: dict[str, Any], said: str) -> None:
    write_parquet(tmp_path / "x.parquet", [NO | {"image": PNGS[0], "id": "one", "order": "0 1 2", "worse": "1"} | cells])
    named = {"item": "id", "permutation": "order", "factors": {"severity": {"column": "worse", "type": "int"}}}
    assert f"x.parquet, row 1: {said}" in refused(tmp_path, DESCRIBED | named) or said == "is no order"
    assert said in refused(tmp_path, DESCRIBED | named)


def test_ids_that_stand_twice_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS, id="same"))
    assert "3 items have the id 'same'" in refused(tmp_path, DESCRIBED | {"item": "id"})


def test_paths_may_say_question_level_and_dataset(tmp_path: Path) -> None:
    kept = {key: value for key, value in NO.items() if key not in {"question", "level"}}
    for dataset, data in zip("ab", PNGS, strict=False):
        write_parquet(tmp_path / "deep" / f"q7-coarse-{dataset}" / "part-0.parquet", [kept | {"image": data}])
    items = local(tmp_path, DESCRIBED | {"files": ["**/{question}-{level}-{dataset}/part-*.parquet"]})
    assert [item.factors["dataset"] for item in items] == ["a", "b"]
    assert [item.item_id for item in items] == [f"{ASKED.name}-{dataset}-000001" for dataset in "ab"]


def test_names_of_questions_may_say_the_level(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS, question="upright?"))
    assert len(local(tmp_path, DESCRIBED | {"level": None, "questions": {"upright?": ASKED.name}})) == 3
    assert "question 'upright?', level '' is unknown" in refused(tmp_path, DESCRIBED | {"level": None})


def test_question_may_be_worded_in_the_description(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS, text=None))
    assert local(tmp_path, DESCRIBED | {"text": {ASKED.name: "Upright?"}})[0].query == "Upright?"
    assert "nothing is asked" in refused(tmp_path, DESCRIBED)


def test_question_without_rows_is_refused_with_what_is_there(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS, question="view_parallelism"))
    assert "no items of canonical_orientation_coarse; found: {'view_parallelism_coarse': 3}" in refused(tmp_path, DESCRIBED)


# Missing and bad images


def test_missing_images_of_tables_are_counted_and_named(tmp_path: Path) -> None:
    gone = [None, {"bytes": None, "path": None}, {"bytes": b"", "path": None}, {"bytes": None, "path": "gone.png"}]
    write_parquet(tmp_path / "x.parquet", rows_of([{"bytes": PNGS[0], "path": None}, *gone]))
    text = refused(tmp_path)
    assert f"4 of 5 images of {ASKED.name} are missing, first: {tmp_path}/x.parquet, row 2, {tmp_path}/x.parquet, row 3" in text
    (tmp_path / "x.parquet").unlink()
    write_jsonl(tmp_path / "x.jsonl", rows_of(["a.png", None, "gone.png"]))
    (tmp_path / "a.png").write_bytes(PNGS[0])
    text = refused(tmp_path, DESCRIBED | {"image_as": "path"})
    assert "2 of 3 images" in text
    assert "row 3 gone.png" in text


def huge_png() -> bytes:
    """The head of a picture of 60,000 x 60,000 pixels: 10 GB once decoded."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(bytes(1000)), b"IEND"]
    framed = [struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def noise_png() -> bytes:
    data = io.BytesIO()
    PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [(huge_png(), "is too large"), (noise_png()[:60_000], "is damaged"), (b"GIF", "is no picture")],
    ids=["huge", "cut off", "false"],
)
@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_bad_picture_in_a_table_is_refused_when_it_is_asked_for(tmp_path: Path, data: bytes, said: str, form: str) -> None:
    if form == "parquet":
        write_parquet(tmp_path / "x.parquet", rows_of([PNGS[0], data]))
    else:
        write_jsonl(tmp_path / "x.jsonl", rows_of([base64.b64encode(each).decode() for each in (PNGS[0], data)]))
    good, bad = local(tmp_path)
    assert corner(good) == COLOURS[0]
    with pytest.raises(InputError, match=said) as caught:
        corner(bad)
    assert f"x.{form}, row 2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_text_that_is_no_base64_is_refused(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "x.jsonl", rows_of(["no base64!"]))
    (item,) = local(tmp_path)
    with pytest.raises(InputError, match=r"row 1 holds an image that is no base64 text"):
        corner(item)


def test_bytes_where_text_was_described_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS))
    for image_as in ("base64", "path"):
        assert f"the image is bytes, but the layout says image_as: {image_as}" in refused(
            tmp_path, DESCRIBED | {"image_as": image_as}
        )


def test_table_that_changed_after_loading_is_noticed(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS))
    *_, last = local(tmp_path)
    write_parquet(tmp_path / "x.parquet", rows_of([PNGS[0]]))
    with pytest.raises(InputError, match=r"x\.parquet has no row 3\. It was changed"):
        corner(last)


# Paths that lead elsewhere


@pytest.mark.parametrize(
    "name", ["../secret.png", "pictures/../../secret.png", "{outside}/secret.png", "link.png", "linked/secret.png", "a\0b"]
)
def test_image_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    root, outside = tmp_path / "set", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(PNGS[0])
    (tmp_path / "secret.png").write_bytes(PNGS[0])
    write_jsonl(root / "x.jsonl", rows_of([name.format(outside=outside)]))
    (root / "link.png").symlink_to(outside / "secret.png")
    (root / "linked").symlink_to(outside)
    text = refused(root, DESCRIBED | {"image_as": "path"})
    assert "x.jsonl, row 1: the path " in text
    assert "leads out of" in text


def test_links_inside_the_folder_and_in_the_hubs_cache_are_followed(tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "datasets--x" / "snapshots" / ("0" * 40), tmp_path / "datasets--x" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "abc").write_bytes(PNGS[2])
    write_jsonl(snapshot / "x.jsonl", rows_of(["a.png", "b.png"]))
    (snapshot / "a.png").symlink_to("../../blobs/abc")
    (snapshot / "b.png").symlink_to("a.png")
    assert [corner(item) for item in local(snapshot, DESCRIBED | {"image_as": "path"})] == [COLOURS[2]] * 2
    (tmp_path / "secret").write_bytes(PNGS[0])
    (snapshot / "b.png").unlink()
    (snapshot / "b.png").symlink_to(tmp_path / "secret")
    assert "leads out of" in refused(snapshot)


def test_answer_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("a.png,x,Yes\n")
    level = {"question": "{options}", "options": ["Yes", "No"]}
    data = {
        "q7": {"levels": {"coarse": level}, "datasets": {"own": {"image_dir": ".", "answer_path": {"coarse": "../answers.csv"}}}}
    }
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "benchmark_exp.json").write_text(json.dumps(data))
    assert "the path '../answers.csv' leads out of" in refused(tmp_path / "set")


@given(st.lists(st.sampled_from(["..", ".", "a", "b", ""]), max_size=6))
def test_a_path_is_taken_exactly_when_it_stays_below(parts: list[str]) -> None:
    depth, below = 0, True
    for part in parts:
        depth += {"..": -1, "a": 1, "b": 1}.get(part, 0)
        below = below and depth >= 0
    name = "./" + "/".join(parts)
    folder = Folder(Path("/nowhere/root"))
    try:
        path = folder.file(name, "test")
    except InputError:
        assert not below
    else:
        # A path that leaves the folder and comes back by another name is refused; by the folder's own name it can't here.
        assert path.is_relative_to("/nowhere/root")
        assert below


# Recognition


def test_packaged_descriptions_are_read(tmp_path: Path) -> None:
    assert [packaged_layout(name).kind for name in PACKAGED] == ["script", "table", "table"]
    assert len({json.dumps(packaged_layout(name).questions) for name in PACKAGED}) == 1
    assert sorted(packaged_layout("script").questions) == [f"q{i}" for i in range(1, 8)]


def test_table_with_unknown_columns_is_refused_with_columns_and_types(tmp_path: Path) -> None:
    write_parquet(tmp_path / "data" / "test.parquet", [{"picture": {"bytes": b"x", "path": "p"}, "label": 3}])
    write_jsonl(tmp_path / "more.jsonl", [{"a": ["x"], "b": None, "c": {"d": 1.5}}])
    (tmp_path / "README.md").touch()
    text = refused(tmp_path)
    assert "found: README.md, data/, more.jsonl" in text
    assert "test.parquet has picture: struct<bytes: binary, path: string>, label: int64" in text
    assert "more.jsonl has a: list<str>, b: null, c: object<d>" in text
    assert '--metadata \'{"layout": "FILE.yaml"}\'' in text


def test_two_layouts_at_once_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS))
    write_jsonl(tmp_path / "x.jsonl", rows_of([base64.b64encode(PNGS[0]).decode()]))
    (tmp_path / "benchmark_exp.json").write_text("{}")
    assert "has several layouts at once (script and parquet and jsonl). Leave one of them." in refused(tmp_path)
    assert len(local(tmp_path, DESCRIBED | {"files": ["x.parquet"]})) == 3


def test_description_that_is_given_wins(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS, label=0))
    (tmp_path / "mine.yaml").write_text(json.dumps(DESCRIBED | {"answer": "label", "answer_as": "index"}))
    (tmp_path / "layout.yaml").write_text("kind: script")
    given = Options(source="local", root=tmp_path, layout=tmp_path / "mine.yaml")
    assert {item.answer for item in load_items(ASKED, given)} == {"Yes"}
    assert "benchmark_exp.json is missing" in refused(tmp_path)


def test_how_a_set_is_read_is_part_of_its_revision(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS, label=0))
    plain = local(tmp_path, DESCRIBED)[0].source_revision
    assert plain == local(tmp_path, DESCRIBED)[0].source_revision
    assert plain != local(tmp_path, DESCRIBED | {"answer": "label", "answer_as": "index"})[0].source_revision
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS[:2], label=0))
    assert plain != local(tmp_path, DESCRIBED)[0].source_revision


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "found: nothing" in refused(tmp_path)
    assert "no file that fits *.parquet, *.jsonl" in refused(tmp_path, DESCRIBED)


# Damaged files


def test_cut_off_and_false_parquet_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS))
    data = (tmp_path / "x.parquet").read_bytes()
    for broken in (data[:-9], data[: len(data) // 2], b"", b"PAR1" * 4):
        (tmp_path / "x.parquet").write_bytes(broken)
        assert "x.parquet is no whole Parquet file" in refused(tmp_path)


def test_parquet_whose_pages_are_damaged_is_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS * 50), compression="gzip")
    data = bytearray((tmp_path / "x.parquet").read_bytes())
    data[20:400] = b"\xff" * 380
    (tmp_path / "x.parquet").write_bytes(data)
    assert "x.parquet is damaged after row 0" in refused(tmp_path)


def test_row_groups_that_memory_would_not_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS))
    monkeypatch.setattr(parquet, "LARGEST_GROUP", 50)
    assert "Write it with smaller row groups" in refused(tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"image": "x", "tex', "line 1 is no JSON"),
        (b"[1]\n", "line 1 is no JSON object"),
        ('{"a": "ä"}\n'.encode("latin-1"), "line 1 is no UTF-8 text"),
        ('{"a": 1}\n'.encode("utf-16"), "line 1 is no UTF-8 text"),
        (b"", "x.jsonl is empty"),
        (b"\0\0\n", "line 1 is no JSON"),
        (b"[" * 100_000 + b"\n", "line 1 is no JSON"),
    ],
)
def test_damaged_jsonl_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(data)
    assert said in refused(tmp_path)


def test_json_line_without_end_is_refused_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jsonl(tmp_path / "x.jsonl", rows_of(["x" * 500]))
    monkeypatch.setattr(jsonl, "LONGEST", 400)
    assert "line 1 is longer than 400 bytes" in refused(tmp_path)


def test_column_that_is_missing_is_named_with_what_is_there(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", rows_of(PNGS))
    assert "lacks 'pair', which the layout names; found: text: string, options: list<" in refused(
        tmp_path, DESCRIBED | {"twin": "pair"}
    )


# Descriptions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "valid dictionary"),
        ("kind: zip", "'script', 'table'"),
        ("kind: table\nfiles: ['*.csv']\ntext: t\noptions: o", "'*.csv' must end in .parquet or .jsonl"),
        ("kind: table\nfiles: []\ntext: t\noptions: o", "files: "),
        ("kind: table\ntext: t\noptions: o", "files: Field required"),
        ("kind: script\ncolour: red", "colour: Extra inputs are not permitted"),
        ("kind: script\nfields: [image, x]", "image and answer must be among"),
        ("kind: script\nfields: [image, answer, answer]", "no name may stand twice"),
        ("kind: script\ntwin: pair", "pair is not among the fields image, unused, answer"),
        ("kind: script\nquestions: {q1: colours}", "colours is none of view_parallelism"),
        ("kind: script\nfactors: {category: null}", "category needs a column"),
        ("kind: script\nanswer_as: word", "answer_as: Input should be"),
        ("kind: [script", "is no YAML"),
        ("!!python/object/apply:os.system ['true']", "is no YAML"),
        ("[" * 5000, "is no YAML"),
    ],
)
def test_description_that_is_not_sound_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "layout.yaml").write_text(text)
    found = refused(tmp_path)
    assert said in found
    assert "layout.yaml" in found
    assert "tasks/dori/README.md" in found


def test_description_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "layout.yaml").write_bytes(b"kind: \xff")
    assert "can't be read" in refused(tmp_path)
    (tmp_path / "layout.yaml").write_text("#" * (LARGEST + 1))
    assert "is larger than 256,000 bytes" in refused(tmp_path)
    with pytest.raises(InputError, match=r"nowhere\.yaml can't be read"):
        find_layout(tmp_path, tmp_path / "nowhere.yaml")


NAMES = st.text("abcxyz_ä-", min_size=1, max_size=6)


@given(
    st.fixed_dictionaries(
        {"text": NAMES | st.just({ASKED.name: "Which?"}), "options": NAMES | st.lists(NAMES, min_size=2)},
        optional={
            "item": NAMES,
            "image_as": st.sampled_from(["bytes", "base64", "path"]),
            "questions": st.dictionaries(NAMES, st.sampled_from(list(QUESTIONS))),
            "factors": st.dictionaries(
                NAMES, NAMES | st.fixed_dictionaries({"column": NAMES, "type": st.sampled_from(["int", "bool"])})
            ),
            "provenance": st.dictionaries(NAMES, st.integers() | st.booleans() | NAMES),
        },
    )
)
def test_descriptions_are_written_as_they_are_read(data: dict[str, Any]) -> None:
    layout = TableLayout.model_validate({"kind": "table", "files": ["*.jsonl"]} | data)
    again = parse_layout(dump_layout(layout), "again")
    assert again == layout
    assert list(again.factors) == list(layout.factors)
    assert dump_layout(again) == dump_layout(layout)


def test_descriptions_in_the_readme_are_read(tmp_path: Path) -> None:
    readme = (Path(task.__file__).parents[2] / "tasks" / "dori" / "README.md").read_text()
    blocks = [block.split("```")[0] for block in readme.split("```yaml\n")[1:]]
    layouts, meshes = ([block for block in blocks if ("kind:" in block) is is_layout] for is_layout in (True, False))
    assert layouts
    assert meshes
    for block in layouts:
        (tmp_path / "x.yaml").write_text(block)
        assert read_layout(tmp_path / "x.yaml").kind == "table"
    for block in meshes:
        (tmp_path / DECLARATION).write_text(block)
        assert read_declaration(tmp_path).objects


# Options found by what answers say


def test_options_that_differ_in_a_sign_are_told_apart() -> None:
    answers = Answers({text: text for text in ("-90 degrees", "90 degrees", "None")}, "text")
    assert [answers.find(text) for text in ("-90 degrees", "90 degrees", "90 Degrees", "none.")] == [
        "-90 degrees", "90 degrees", None, "None",
    ]  # fmt: skip


def test_answers_swapped_by_remapping_are_the_published_ones() -> None:
    answers = Answers({"left": "right", "right": "left"}, "text")
    assert answers.find("left") == "right"
