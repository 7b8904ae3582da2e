"""Where items come from: generated, a folder in the published layout, the hub; and that none stands in for another."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options, read_options
from lm_eval_ext.orientation.layouts import read_folder
from lm_eval_ext.orientation.prompts import build_prompt
from lm_eval_ext.orientation.questions import QUESTIONS, TYPES, Question
from lm_eval_ext.orientation.sources import blind_items, load_items

ASKED = QUESTIONS["directional_facing_coarse"]
ROWS = [("a.png", "To the left"), ("b", "To the right"), ("a.png", "To the right"), ("c", "can not be determined")]


CONFIG = "benchmark_exp.json"


def level_data(question: Question) -> dict[str, Any]:
    return {"question": f"{question.text}\n{{options}}", "options": list(question.options), "remap": "false"}


def write_folder(root: Path, rows: Sequence[tuple[str, str]] = ROWS, **changes: Any) -> Path:
    """A small folder in the published layout, with images of one pixel."""
    (root / "images").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "c.jpeg"):
        PIL.Image.new("RGB", (1, 1), (200, 10, 10)).save(root / "images" / name)
    with (root / "coarse.csv").open("w", newline="") as file:
        csv.writer(file).writerows((name, "x", answer) for name, answer in rows)
    entry = {
        "levels": {"coarse": level_data(ASKED) | changes},
        "datasets": {"own": {"image_dir": "images", "answer_path": {"coarse": "coarse.csv"}}},
    }
    (root / CONFIG).write_text(json.dumps({"q2": entry}))
    return root


def local(root: Path, **options: Any) -> list[Item]:
    return load_items(ASKED, Options(source="local", root=root, **options))


def refused(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        local(root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folder_in_the_published_layout_is_read_whole(tmp_path: Path) -> None:
    items = local(write_folder(tmp_path))
    assert [item.answer for item in items] == ["To the left", "To the right", "To the right", "Cannot be determined"]
    assert [Path(json.loads(item.spec)["image"]).name for item in items] == ["a.png", "b.jpg", "a.png", "c.jpeg"]
    assert len({item.item_id for item in items}) == 4
    assert [item.cluster_id for item in items] == ["own/a.png", "own/b", "own/a.png", "own/c"]
    assert all(item.source == "local" and len(item.source_revision) == 64 for item in items)
    assert all(sorted(item.choices) == sorted(ASKED.options) for item in items)


def test_order_of_options_follows_the_seed_and_the_item_alone(tmp_path: Path) -> None:
    one, two = local(write_folder(tmp_path / "one")), local(write_folder(tmp_path / "two", ROWS[:2]))
    assert [item.choices for item in one][:2] == [item.choices for item in two]
    assert [item.choices for item in one] != [item.choices for item in local(tmp_path / "one", seed=1)]
    assert one[0].source_revision != two[0].source_revision


def test_options_may_be_shown_in_other_words(tmp_path: Path) -> None:
    root = write_folder(tmp_path, ROWS[:1], remap="true", options_remapped={"To the left": "Leftwards"})
    (item,) = local(root)
    assert item.answer == "Leftwards"
    assert "Leftwards" in item.choices
    assert "To the left" not in item.choices


def test_remapping_is_off_unless_it_says_true(tmp_path: Path) -> None:
    assert local(write_folder(tmp_path, remap="false", options_remapped={"To the left": "Leftwards"}))[0].answer == "To the left"


def test_answers_with_commas_are_whole_quoted_or_not(tmp_path: Path) -> None:
    options = ["90 deg Vertical, 0 deg Horizontal", "None"]
    root = write_folder(tmp_path, [("b", options[0])], options=options)
    assert local(root)[0].answer == options[0]
    (root / "coarse.csv").write_text("b,x,90 deg Vertical, 0 deg Horizontal\n")
    assert local(root)[0].answer == options[0]


def test_published_prompt_is_used(tmp_path: Path) -> None:
    item = local(write_folder(tmp_path, question="Look. {num_options} ways:\n{options}\nWhich?"))[0]
    shown = build_prompt(item.query, item.choices)
    assert shown.startswith("<image>\nLook. 5 ways:\nA. ")
    assert shown.endswith("\nWhich?")


def test_totals_count_every_line_and_different_image(tmp_path: Path) -> None:
    assert read_folder(write_folder(tmp_path)).totals() == (4, 3)


def test_missing_images_are_an_error_with_their_number_and_first_names(tmp_path: Path) -> None:
    text = refused(write_folder(tmp_path, [*ROWS, ("gone1", "To the left"), ("gone2", "To the left")]))
    assert text.startswith("2 of 6 images of directional_facing_coarse are missing, first: ")
    assert "gone1" in text
    assert "gone2" in text


@pytest.mark.parametrize("answer", ["Leftwards", "A", ""])
def test_answer_outside_the_options_is_refused_with_its_line(tmp_path: Path, answer: str) -> None:
    text = refused(write_folder(tmp_path, [*ROWS, ("b", answer)]))
    assert f"coarse.csv, line 5: 'b,x,{answer}' is not accepted" in text
    assert "To the left" in text


def test_short_line_is_refused_and_not_dropped(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    (root / "coarse.csv").write_text("b,To the left\n")
    assert "line 1: 'b,To the left' is not accepted" in refused(root)


def test_unknown_layout_is_refused_with_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").touch()
    text = refused(tmp_path)
    assert "found: README.md, data/" in text
    assert CONFIG in text
    assert "found: nothing" in refused(tmp_path / "data")


def test_missing_folder_and_missing_root_are_refused(tmp_path: Path) -> None:
    assert "is not a folder" in refused(tmp_path / "nowhere")
    with pytest.raises(InputError, match="source=local needs a folder"):
        load_items(ASKED, Options(source="local"))


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"q2": 3}', '{"q2": {"levels": {}}}', '{"q2": {"levels": {"fine": {}}, "datasets": {}}}']
)
def test_broken_config_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / CONFIG).write_text(text)
    assert CONFIG in refused(tmp_path)


def test_question_that_is_not_there_is_refused_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no granular level of view_parallelism or q1; found: \{'q2': \['coarse'\]\}"):
        load_items(QUESTIONS["view_parallelism_granular"], Options(source="local", root=write_folder(tmp_path)))


@pytest.mark.parametrize("changes", [{"question": "Which?"}, {"options": ["one"]}])
def test_question_that_cannot_be_asked_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert "needs a question with the place {options} and two options or more" in refused(write_folder(tmp_path, **changes))


def test_unreachable_hub_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(InputError) as caught:
        load_items(ASKED, read_options({}))
    assert "appledora/DORI-Benchmark at 6869b53" in str(caught.value)
    assert '--metadata \'{"source": "generated"}\'' in str(caught.value)
    assert "\n" not in str(caught.value)


def test_generated_source_follows_seed_and_n() -> None:
    items = load_items(ASKED, Options(source="generated", seed=5, n=7))
    assert len(items) == 14
    assert all(item.source == "generated" and "-5-" in item.item_id for item in items)


def test_blind_items_go_through_the_questions_without_mirrored_twins() -> None:
    items = blind_items(Options(source="generated", n=3))
    assert [item.factors["question"] for item in items[:14:2]] == list(TYPES)
    assert len({item.item_id for item in items}) == len(items) == 42
    assert not any(item.factors["twin"] == "mirrored" for item in items)
    assert {item.setting for item in items} == {"blind"}
