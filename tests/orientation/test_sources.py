"""Where items come from: generated, a folder in the published layout, the hub; and that none stands in for another."""

import csv
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import PIL.Image
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options, read_options
from lm_eval_ext.orientation import task
from lm_eval_ext.orientation.layouts import read_folder, script
from lm_eval_ext.orientation.prompts import build_prompt
from lm_eval_ext.orientation.questions import QUESTIONS, TYPES, Question
from lm_eval_ext.orientation.sources import control_items, load_items

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


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What lm-eval would print."""
    monkeypatch.setattr(logging.getLogger("lm_eval"), "propagate", True)
    caplog.set_level(logging.INFO, "lm_eval")
    return caplog


def test_root_comes_from_the_environment_unless_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DORI_ROOT", str(write_folder(tmp_path / "one")))
    assert len(load_items(ASKED, Options(source="local"))) == 4
    assert len(load_items(ASKED, Options(source="local", root=write_folder(tmp_path / "two", ROWS[:1])))) == 1
    monkeypatch.setenv("DORI_ROOT", "")
    with pytest.raises(InputError, match=r"source=local needs a folder.* Or set DORI_ROOT\."):
        load_items(ASKED, Options(source="local"))


def test_legacy_dedup_keeps_the_last_of_a_name_and_logs_both_numbers(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    root = write_folder(tmp_path)
    items = local(root, legacy_dedup=True)
    assert "legacy_dedup keeps 3 of 4 items of directional_facing_coarse" in logged.text
    # As in a dictionary of image names: a.png stays first, with what its last line says.
    assert [item.answer for item in items] == ["To the right", "To the right", "Cannot be determined"]
    whole = local(root)
    assert [item.item_id for item in items] == [whole[place].item_id for place in (2, 1, 3)]
    assert [item.choices for item in items] == [whole[place].choices for place in (2, 1, 3)]


def test_totals_are_logged_beside_the_published_ones(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    local(write_folder(tmp_path))
    assert "4 of 33656 published items (-33652) and 3 of 13652 images (-13649)" in logged.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"b,x,To the left\na.png,x,\0\n", "coarse.csv, line 2 holds a NUL character"),
        ("b,x,To the left\n".encode("utf-16"), "coarse.csv is no UTF-8 text (byte 0)"),
        ("b,ä,To the left\n".encode("latin-1"), "coarse.csv is no UTF-8 text (byte 2)"),
        (b'b,x,"To the left\n', "coarse.csv, line 1 is no line of fields"),
        (b'b,"x,To the left\na.png,y",To the left\n', "line 2: a quotation goes over several lines"),
        (b'b,x,"To the left"!\n', "is no line of fields"),
        (b"b,x," + b"y" * 200_000, "is no line of fields"),
        (b"", "has no items; datasets: ['own']"),
    ],
)
def test_answer_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    root = write_folder(tmp_path)
    (root / "coarse.csv").write_bytes(data)
    assert said in refused(root)


def test_long_wrong_lines_are_shown_short(tmp_path: Path) -> None:
    text = refused(write_folder(tmp_path, [("b", "x" * 5000)]))
    assert "xxx…' is not accepted" in text
    assert len(text) < 600


def test_answer_that_could_be_two_options_is_refused(tmp_path: Path) -> None:
    root = write_folder(tmp_path, [("b", "90, up")], options=["90", "90, up"])
    assert local(root)[0].answer == "90, up"
    (root / "coarse.csv").write_text("b,x,90, up\n")
    assert "It could be several of them: quote it." in refused(root)


def test_question_that_stands_twice_is_refused(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    entry = json.loads((root / CONFIG).read_text())["q2"]
    (root / CONFIG).write_text(json.dumps({"q2": entry, "directional_facing": entry}))
    assert "has directional_facing twice: directional_facing and q2" in refused(root)


def test_letters_and_extra_fields_are_read_as_described(tmp_path: Path) -> None:
    root = write_folder(tmp_path)
    (root / "coarse.csv").write_text("C,b,left pair\nF,a.png,\n")
    fields = "fields: [answer, image, pair]\nanswer_as: letter\nfactors: {kind: pair}\nquestions: {q2: directional_facing}"
    (root / "layout.yaml").write_text(f"kind: script\n{fields}")
    assert "line 2: 'F,a.png,' is not accepted. A line is answer, image, pair; answers: the letters A to E." in refused(root)
    (root / "coarse.csv").write_text("C,b,left pair\nE,a.png,\n")
    first, second = local(root)
    assert (first.answer, second.answer) == ("To the left", "Cannot be determined")
    assert first.factors["kind"] == "left pair"
    assert "kind" not in second.factors


def test_question_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_folder(tmp_path)
    monkeypatch.setattr(script, "LARGEST", 100)
    assert "benchmark_exp.json is larger than 100 bytes" in refused(root)


@pytest.mark.parametrize("options", [None, [], ["one", "one"], ["one", ""], ["one", 2], [f"option {i}" for i in range(27)]])
def test_options_that_cannot_be_asked_are_refused(tmp_path: Path, options: Any) -> None:
    assert "options" in refused(write_folder(tmp_path, [], options=options))


# The hub


def test_unreachable_hub_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(InputError) as caught:
        load_items(ASKED, read_options({}))
    assert "appledora/DORI-Benchmark at 6869b53" in str(caught.value)
    assert '--metadata \'{"source": "generated"}\'' in str(caught.value)
    assert "\n" not in str(caught.value)


COMMIT = "6869b53" + "0" * 33


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub" / "datasets--appledora--DORI-Benchmark"


def fill_cache(repository: Path, commit: str = COMMIT) -> Path:
    """A snapshot as the hub's client keeps it: links to files named by their content."""
    write_folder(repository / "made")
    snapshot = repository / "snapshots" / commit
    (repository / "blobs").mkdir(exist_ok=True)
    for path in [path for path in (repository / "made").rglob("*") if path.is_file()]:
        link = snapshot / path.relative_to(repository / "made")
        link.parent.mkdir(parents=True, exist_ok=True)
        blob = path.rename(repository / "blobs" / hashlib.sha256(path.read_bytes() + path.name.encode()).hexdigest())
        link.symlink_to(os.path.relpath(blob, link.parent))
    shutil.rmtree(repository / "made")
    return snapshot


def test_cached_snapshot_of_the_hub_is_read_without_the_network(hub_cache: Path) -> None:
    """The hub's own client finds it, offline, once the short commit has been completed from the cache."""
    fill_cache(hub_cache)
    items = load_items(ASKED, Options())
    assert [item.answer for item in items] == ["To the left", "To the right", "To the right", "Cannot be determined"]
    assert {(item.source, item.source_revision) for item in items} == {("hub", COMMIT)}
    (image,) = task.doc_to_image({"spec": items[0].spec})
    assert image.size == (1, 1)
    # What the cache links to is read as a local folder too.
    assert len(local(hub_cache / "snapshots" / COMMIT)) == 4


def test_short_commit_is_looked_up_in_the_history(hub_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[dict[str, Any]] = []

    def download(name: str, **wanted: Any) -> str:
        asked.append(wanted)
        return str(write_folder(tmp_path / wanted["revision"]))

    commits = [SimpleNamespace(commit_id=commit) for commit in ("f" * 40, COMMIT, "1" * 40)]
    monkeypatch.setattr(huggingface_hub, "list_repo_commits", lambda name, repo_type: commits)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert load_items(ASKED, Options())[0].source_revision == COMMIT
    assert asked == [{"repo_type": "dataset", "revision": COMMIT, "allow_patterns": None}]


@pytest.mark.parametrize("commits", [[], ["f" * 40], [COMMIT, "6869b53" + "1" * 33]])
def test_short_commit_that_names_none_or_several_is_refused(
    hub_cache: Path, monkeypatch: pytest.MonkeyPatch, commits: list[str]
) -> None:
    import huggingface_hub

    found = [SimpleNamespace(commit_id=commit) for commit in commits]
    monkeypatch.setattr(huggingface_hub, "list_repo_commits", lambda name, repo_type: found)
    n = sum(commit.startswith("6869b53") for commit in commits)
    with pytest.raises(InputError, match=f"{n} commits of appledora/DORI-Benchmark begin with 6869b53"):
        load_items(ASKED, Options())


def test_failure_of_the_connection_is_one_line(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the HTTP library of the hub's client raises."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    def fail(name: str, repo_type: str) -> None:
        raise HfHubHTTPError.__bases__[0]("no route")

    monkeypatch.setattr(huggingface_hub, "list_repo_commits", fail)
    with pytest.raises(InputError, match=r"at 6869b53 can't be had from the hub \(HTTPError\)"):
        load_items(ASKED, Options())


def test_hub_with_another_layout_is_refused_and_can_be_described(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = fill_cache(hub_cache)
    (snapshot / "benchmark_exp.json").rename(snapshot / "questions.json")
    with pytest.raises(InputError, match=r"has no known layout; found: coarse\.csv, images/, questions\.json"):
        load_items(ASKED, Options())
    described = tmp_path / "mine.yaml"
    described.write_text("kind: script\nconfig: questions.json\nquestions: {q2: directional_facing}")
    assert len(load_items(ASKED, Options(layout=described))) == 4


# Generated


def test_generated_source_follows_seed_and_n() -> None:
    items = load_items(ASKED, Options(source="generated", seed=5, n=7))
    assert len(items) == 14
    assert all(item.source == "generated" and "-5-" in item.item_id for item in items)


def test_blind_items_go_through_the_questions_without_mirrored_twins() -> None:
    items = control_items(Options(source="generated", n=3), "blind")
    assert [item.factors["question"] for item in items[:14:2]] == list(TYPES)
    assert len({item.item_id for item in items}) == len(items) == 42
    assert not any(item.factors["twin"] == "mirrored" for item in items)
    assert {item.setting for item in items} == {"blind"}
