"""A set that was rendered is the generated one, picture by picture, in every layout; and a killed rendering goes on."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lm_eval_ext.cli import app
from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.orientation import task
from lm_eval_ext.orientation.layouts import FactorColumn, read_folder, read_layout
from lm_eval_ext.orientation.layouts.description import Common
from lm_eval_ext.orientation.layouts.encode import make_sheet
from lm_eval_ext.orientation.layouts.records import read_named
from lm_eval_ext.orientation.levels import picture_key
from lm_eval_ext.orientation.publish import FORMS, Form, pick_form, pick_questions, render_set, write_set
from lm_eval_ext.orientation.published import published_items
from lm_eval_ext.orientation.questions import QUESTIONS
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.orientation.twins import TWINS
from tests.orientation.mesh_files import write_obj

OPTIONS = Options(source="generated", n=2, seed=3, pixels=24)
MAY_DIFFER = {"source", "source_revision", "spec"}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Form, Path]]:
    """The same set of all questions in every form."""
    root = tmp_path_factory.mktemp("sets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LM_EVAL_EXT_CACHE", str(root / "cache"))
        for form in FORMS:
            render_set(root / form, OPTIONS, list(QUESTIONS.values()), form=form, workers=1)
        yield {form: root / form for form in FORMS}


def local(root: Path, name: str) -> list[Item]:
    return load_items(QUESTIONS[name], Options(source="local", root=root))


def pixels(item: Item) -> np.ndarray:
    (image,) = task.doc_to_image({"spec": item.spec})
    return np.asarray(image)


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def prompt(item: Item) -> str:
    return task.doc_to_text(item.model_dump())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_set_that_was_rendered_gives_the_generated_samples(sets: dict[Form, Path], form: Form, name: str) -> None:
    generated, read = load_items(QUESTIONS[name], OPTIONS), local(sets[form], name)
    assert [item.factors["twin"] for item in read] == ["plain", "mirrored"] * 2
    for ours, theirs in zip(generated, read, strict=True):
        assert ours.model_dump(exclude=MAY_DIFFER) == theirs.model_dump(exclude=MAY_DIFFER)
        assert list(ours.factors.items()) == list(theirs.factors.items())
        assert prompt(ours) == prompt(theirs)
        assert np.array_equal(pixels(ours), pixels(theirs))
        assert theirs.source == "local"
        assert "panels" not in theirs.spec
        assert len(theirs.spec) < 500


@pytest.mark.parametrize("form", FORMS)
def test_twins_of_every_kind_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Form) -> None:
    monkeypatch.setenv("LM_EVAL_EXT_CACHE", str(tmp_path / "cache"))
    options = OPTIONS.model_copy(update={"twins": tuple(TWINS[1:])})
    question = QUESTIONS["single_axis_rotation_coarse"]
    render_set(tmp_path / "set", options, [question], form=form, workers=1)
    generated, read = load_items(question, options), local(tmp_path / "set", question.name)
    assert {item.factors["twin"] for item in read} == set(TWINS)
    for ours, theirs in zip(generated, read, strict=True):
        assert ours.model_dump(exclude=MAY_DIFFER) == theirs.model_dump(exclude=MAY_DIFFER)
        assert list(ours.factors.items()) == list(theirs.factors.items())
        assert np.array_equal(pixels(ours), pixels(theirs))


@pytest.mark.slow  # 12 s
def test_command_takes_meshes_occlusion_and_shared_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_EVAL_EXT_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "meshes"
    folder.mkdir()
    write_obj(folder / "block.obj")
    declared = 'objects:\n  - {name: block, file: block.obj, front: "+x", up: "+z", symmetry: none}\n'
    (folder / "objects.yaml").write_text(declared)
    more = ["--meshes", str(folder), "--occlusion", "--levels", "shared", "--questions", "view_parallelism", "-n", "3"]
    done = CliRunner().invoke(app, ["render", "--out", str(tmp_path / "set"), "--pixels", "24", "--seed", "3", *more])
    assert done.output.strip().endswith("12 items of 2 questions")
    options = OPTIONS.model_copy(update={"n": 3, "meshes": folder, "occlusion": True, "levels": "shared"})
    pictures: dict[str, set[object]] = {}
    for name in ("view_parallelism_coarse", "view_parallelism_granular"):
        for ours, theirs in zip(load_items(QUESTIONS[name], options), local(tmp_path / "set", name), strict=True):
            assert ours.model_dump(exclude=MAY_DIFFER) == theirs.model_dump(exclude=MAY_DIFFER)
            assert np.array_equal(pixels(ours), pixels(theirs))
            assert picture_key(theirs.model_dump() | {"factors": json.dumps(theirs.factors)}) == ours.factors["picture"]
            pictures.setdefault(name, set()).add(ours.factors["picture"])
    assert set.intersection(*pictures.values())
    kept = read_layout(tmp_path / "set" / "layout.yaml").provenance
    assert (kept["occlusion"], kept["levels"]) == (True, "shared")
    assert re.fullmatch(r"block=[0-9a-f]{64}", str(kept["meshes"]))
    assert str(tmp_path) not in (tmp_path / "set" / "layout.yaml").read_text()


@pytest.mark.parametrize("form", FORMS)
def test_published_items_get_rotated_and_degraded_twins(sets: dict[Form, Path], tmp_path: Path, form: Form) -> None:
    shutil.copytree(sets[form], tmp_path / "set", ignore=shutil.ignore_patterns(*(["layout.yaml"] if form == "folder" else [])))
    question = QUESTIONS["directional_facing_granular"]
    options = Options(source="local", root=tmp_path / "set", twins=("rotated", "degraded:contrast:5"))
    groups = [list(group) for _, group in groupby(load_items(question, options), key=lambda item: item.twin_id)]
    made = 0
    for group in groups:
        for plain in (item for item in group if item.factors["twin"] == "plain"):
            others = [item for item in group if item.item_id.startswith(plain.item_id.removesuffix("-plain")) and item != plain]
            rotated = [item for item in others if item.factors["twin"] == "rotated"]
            (degraded,) = (item for item in others if item.factors["twin"] == "degraded")
            assert [item.choices for item in rotated] == [[*plain.choices[by:], *plain.choices[:by]] for by in range(1, 9)]
            assert {(item.answer, item.spec) for item in rotated} == {(plain.answer, plain.spec)}
            assert np.array_equal(pixels(rotated[0]), pixels(plain))
            assert (degraded.answer, degraded.choices) == (plain.answer, plain.choices)
            assert pixels(degraded).shape == pixels(plain).shape
            assert pixels(degraded).std() < pixels(plain).std() / 2
            made += 1
    assert made == (4 if form == "folder" else 2)  # without the description every picture is a plain one


@pytest.mark.parametrize("name", QUESTIONS)
def test_published_layout_alone_gives_the_same_questions(sets: dict[Form, Path], tmp_path: Path, name: str) -> None:
    """Without the description that was written beside it, only ids, twins and the order of the options are other ones."""
    shutil.copytree(sets["folder"], tmp_path / "pure", ignore=shutil.ignore_patterns("layout.yaml"))
    generated, read = load_items(QUESTIONS[name], OPTIONS), local(tmp_path / "pure", name)
    for ours, theirs in zip(generated, read, strict=True):
        assert ours.answer == theirs.answer
        assert sorted(ours.choices) == sorted(theirs.choices)
        assert prompt(ours).splitlines()[:2] == prompt(theirs).splitlines()[:2]
        assert sorted(line[2:] for line in prompt(ours).splitlines()) == sorted(line[2:] for line in prompt(theirs).splitlines())
        assert np.array_equal(pixels(ours), pixels(theirs))


def read_as_the_script_does(root: Path) -> dict[tuple[str, str], list[tuple[Path, str]]]:
    """Our own words for what is known of the public script: lines cut at commas, a dictionary of image names, three suffixes."""
    found: dict[tuple[str, str], list[tuple[Path, str]]] = {}
    for name, question in json.loads((root / "benchmark_exp.json").read_text()).items():
        for level, entry in question["levels"].items():
            for dataset in question["datasets"].values():
                answers: dict[str, str] = {}
                for line in (root / dataset["answer_path"][level]).read_text().splitlines():
                    fields = line.split(",")
                    if len(fields) >= 3:
                        answers[fields[0].strip()] = fields[2].strip()
                shown = entry["options_remapped"] if entry["remap"] == "true" else {option: option for option in entry["options"]}
                rows = [(root / dataset["image_dir"] / image, shown[answer]) for image, answer in answers.items()]
                found[name, level] = [row for row in rows if row[0].exists()]
                assert "{options}" in entry["question"]
                assert entry["question"].format(options="", num_options=3)
    return found


def test_public_script_would_read_every_answer(sets: dict[Form, Path]) -> None:
    found = read_as_the_script_does(sets["folder"])
    numbers = {f"q{i}": type_ for i, type_ in enumerate(dict.fromkeys(q.type for q in QUESTIONS.values()), 1)}
    assert len(found) == len(QUESTIONS)
    for (number, level), rows in found.items():
        generated = load_items(QUESTIONS[f"{numbers[number]}_{level}"], OPTIONS)
        assert [answer for _, answer in rows] == [item.answer for item in generated]


@pytest.mark.parametrize("form", FORMS)
def test_rendering_again_gives_the_same_bytes(sets: dict[Form, Path], tmp_path: Path, form: Form) -> None:
    render_set(tmp_path / "again", OPTIONS, list(QUESTIONS.values()), form=form, workers=1)
    assert contents(tmp_path / "again") == contents(sets[form])
    render_set(tmp_path / "again", OPTIONS, list(QUESTIONS.values()), form=form, workers=1)
    assert contents(tmp_path / "again") == contents(sets[form])


@pytest.mark.parametrize("form", FORMS)
def test_what_was_read_is_written_with_the_same_bytes(sets: dict[Form, Path], tmp_path: Path, form: Form) -> None:
    for source in FORMS:
        items = [item for name in QUESTIONS for item in local(sets[source], name)]
        kept = read_layout(sets[source] / "layout.yaml").provenance
        write_set(tmp_path / source, items, form=form, provenance=kept, progress=False)
        assert contents(tmp_path / source) == contents(sets[form])


def test_set_says_how_it_is_made_again(sets: dict[Form, Path]) -> None:
    kept = read_layout(sets["parquet"] / "layout.yaml").provenance
    assert (kept["seed"], kept["n"], kept["pixels"]) == (3, 2, 24)
    assert kept["revision"] == load_items(QUESTIONS["view_parallelism_coarse"], OPTIONS)[0].source_revision


def test_totals_count_items_and_pictures(sets: dict[Form, Path]) -> None:
    assert read_folder(sets["folder"]).totals() == (56, 56)
    # Inside tables equal pictures are one image: a picture that looks the same mirrored, or two that were drawn alike.
    assert read_folder(sets["parquet"]).totals() == read_folder(sets["jsonl"]).totals()


ONE = pick_questions("canonical_orientation_coarse")
COMMAND = ["lm_eval_ext", "render", "--layout", "dori", "--questions", "canonical_orientation", "--seed", "5", "--pixels", "48"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


@pytest.mark.slow  # 40 s: the command runs four times
def test_killed_rendering_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    def environment(cache: str) -> dict[str, str]:
        return os.environ | {"LM_EVAL_EXT_CACHE": str(tmp_path / cache)}

    whole, out = tmp_path / "whole", tmp_path / "out"
    subprocess.run(command(*COMMAND, "-n", "20", "--out", str(whole)), env=environment("one"), check=True, capture_output=True)
    assert len(list(whole.rglob("*.png"))) == 80
    arguments = command(*COMMAND, "-n", "20", "--out", str(out))
    with subprocess.Popen(arguments, env=environment("two"), stderr=subprocess.DEVNULL, start_new_session=True) as running:
        deadline = time.monotonic() + 120
        while len(list((tmp_path / "two").rglob("*.png"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGKILL)
    drawn = {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("[!.]*.png")}
    assert 3 <= len(drawn) < 80
    assert not (out / "benchmark_exp.json").exists()
    with pytest.raises(InputError, match=r"benchmark_exp\.json is missing"):
        local(out, ONE[0].name)
    subprocess.run(arguments, env=environment("two"), check=True, capture_output=True)
    assert contents(out) == contents(whole)
    assert all(path.stat().st_mtime_ns == changed for path, changed in drawn.items())


def test_files_left_half_written_are_removed(sets: dict[Form, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(sets["folder"], out)
    image = next(out.rglob("*.png"))
    image.rename(image.with_name(f".{image.name}.x3k_2a"))
    (out / "benchmark_exp.json").unlink()
    render_set(out, OPTIONS, list(QUESTIONS.values()), workers=1)
    assert contents(out) == contents(sets["folder"])


@pytest.mark.parametrize("change", [{"seed": 4}, {"n": 3}, {"pixels": 32}])
@pytest.mark.parametrize("form", FORMS)
def test_folder_with_another_set_is_refused_untouched(
    sets: dict[Form, Path], tmp_path: Path, change: dict[str, int], form: Form
) -> None:
    out = tmp_path / "out"
    shutil.copytree(sets[form], out)
    with pytest.raises(InputError, match="new, empty or holds this set"):
        render_set(out, OPTIONS.model_copy(update=change), list(QUESTIONS.values()), form=form, workers=1)
    assert contents(out) == contents(sets[form])


def test_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds notes\.txt of something else"):
        render_set(tmp_path, OPTIONS, ONE, workers=1)
    with pytest.raises(InputError, match=r"is a file\. Give a folder"):
        render_set(tmp_path / "notes.txt", OPTIONS, ONE, workers=1)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_changed_picture_is_refused_and_kept(sets: dict[Form, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(sets["folder"], out)
    image = sorted(out.rglob("*.png"))[7]
    image.write_bytes(b"other")
    with pytest.raises(InputError, match=f"holds another .*{image.name}"):
        render_set(out, OPTIONS, list(QUESTIONS.values()), workers=1)
    assert image.read_bytes() == b"other"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--layout", "rosetta"], "layout='rosetta' is not accepted. Give dori."),
        (
            ["--questions", "q1"],
            "questions='q1' is not accepted. Give names with commas between them: all, view_parallelism_coarse,",
        ),
        (["--format", "zip"], "format='zip' is not accepted. Give one of folder, parquet, jsonl."),
        (["-n", "0"], "n=0 is not accepted"),
        (["--pixels", "5000"], "pixels=5000 is not accepted"),
        (["--levels", "both"], "levels='both' is not accepted"),
    ],
)
def test_command_refuses_in_one_line_before_it_writes(tmp_path: Path, arguments: list[str], said: str) -> None:
    arguments = command("lm_eval_ext", "render", "--out", str(tmp_path / "out"), *arguments)
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_names_of_questions_and_forms() -> None:
    assert pick_questions("all") == list(QUESTIONS.values())
    assert [question.level for question in pick_questions("compound_rotation")] == ["coarse", "granular"]
    assert [pick_form(form) for form in FORMS] == list(FORMS)


def test_nothing_to_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There are no items to write"):
        write_set(tmp_path / "out", [])


def test_different_wordings_of_a_question_are_refused(sets: dict[Form, Path], tmp_path: Path) -> None:
    first, *others = local(sets["folder"], "canonical_orientation_coarse")
    with pytest.raises(InputError, match="4 items have 2 wordings or sets of options"):
        write_set(tmp_path / "out", [first.model_copy(update={"query": "Which way up?"}), *others], progress=False)
    assert not (tmp_path / "out").exists()


def an_item(number: int, extra: dict[str, Any]) -> Item:
    question = ONE[0]
    factors = {
        "twin": extra.pop("twin", "plain"),
        "question": question.type,
        "level": question.level,
        "dimension": question.dimension,
        "dataset": "generated",
        "permutation": "1 0 2",
        **extra,
    }
    return Item(
        item_id=f"i{number}",
        family="dori",
        setting=question.name,
        twin_id="t",
        cluster_id="c",
        factors=factors,
        source="generated",
        source_revision="r",
        spec="{}",
        query=question.text,
        choices=["No", "Yes", "Cannot be determined"],
        answer="No",
    )


WORDS = st.text(min_size=1, max_size=12).filter(lambda text: text == text.strip() and "\0" not in text)
EXTRA = st.fixed_dictionaries(
    {},
    optional={
        "degradation": WORDS,
        "severity": st.integers(-9, 9),
        "strength": st.floats(allow_nan=False, allow_infinity=False),
        "occluded": st.booleans(),
    },
)


@given(st.lists(EXTRA, min_size=1, max_size=5))
def test_factors_of_every_type_are_read_back_in_their_order(extras: list[dict[str, Any]]) -> None:
    items = [an_item(number, {name: extra[name] for name in sorted(extra)}) for number, extra in enumerate(extras)]
    sheet = make_sheet(items)
    layout = Common.model_validate(sheet.description())
    for item in items:
        cells = {name: "" if value is None else str(value) for name, value in sheet.cells(item).items()}
        named = read_named(layout, cells, 3, "line")
        known = {name: item.factors[name] if value is None else value for name, value in named.factors.items()}
        assert list(known.items()) == list(item.factors.items())
        assert (named.item, named.twin, named.cluster, named.permutation) == (item.item_id, "t", "c", (1, 0, 2))


def test_factor_named_like_a_column_gets_a_column_of_its_own() -> None:
    assert make_sheet([an_item(0, {})]).factors["twin"] == FactorColumn(column="twin_kind")


@pytest.mark.parametrize("wrong", [{"place": " left"}, {"place": ""}, {"level": "granular"}, {"question": "directional_facing"}])
def test_item_that_would_be_read_back_otherwise_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"item 'i0' can't be written .* its factors have {next(iter(wrong))}"):
        make_sheet([an_item(0, wrong)])


def test_factors_in_two_orders_or_types_are_refused() -> None:
    with pytest.raises(InputError, match="Items have the factors a and b in different orders"):
        make_sheet([an_item(0, {"a": "x", "b": "y"}), an_item(1, {"b": "y", "a": "x"})])
    with pytest.raises(InputError, match="factor 'a' is int and str; a column has one type"):
        make_sheet([an_item(0, {"a": "x"}), an_item(1, {"a": 1})])


def test_published_items_are_found_by_the_reader_alone(sets: dict[Form, Path]) -> None:
    """The command's set needs none of the options but its folder."""
    question = QUESTIONS["single_axis_rotation_coarse"]
    items = published_items(read_folder(sets["folder"]), question, seed=99, source="local")
    assert [item.choices for item in items] == [item.choices for item in local(sets["folder"], question.name)]
