"""The breakdown of runs that lm-eval itself saved, against lm-eval's own numbers and plain counting."""

import csv
import io
import json
import logging
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from typer.testing import CliRunner

from lm_eval_ext.cli import app
from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation import render
from lm_eval_ext.reporting.breakdown import Breakdown, Slice, break_down
from lm_eval_ext.reporting.render_breakdown import SCHEMA_VERSION, as_csv, as_json, as_tables
from lm_eval_ext.seeding import stream
from lm_eval_ext.statistics import Figure
from tests.reporting.runs import saved_run

GROUP, LEAF = "dori_frontal_alignment", "dori_directional_facing_granular"
MCQ = "dori_mcq_directional_facing_coarse"


def unsure(doc: dict[str, Any]) -> str:
    return stream("unsure", doc["item_id"]).choice([*doc["choices"], doc["answer"], doc["answer"]])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "draw_cached", lambda picture: PIL.Image.new("RGB", (8, 8)))
        found = saved_run(folder, [GROUP, "dori_blind", MCQ, "synthworlds_closed_book"], unsure, n=12, pages=30)
    return folder, found


def only(found: list[Breakdown], task: str, **factors: str) -> Slice:
    (match,) = [one for run in found for one in run.slices if one.task == task and one.factors == factors]
    return match


def figure(part: Slice, name: str) -> Figure:
    (match,) = [one for one in part.figures if f"{one.name} {one.case}".strip() == name]
    return match


def samples(folder: Path, task: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in next(folder.rglob(f"samples_{task}_*.jsonl")).read_text().splitlines()]


def test_leaf_figures_are_those_of_lm_evals_table(run: tuple[Path, dict[str, Any]]) -> None:
    folder, found = run
    part, row = only(break_down([folder], by=["leaf"]), LEAF), found["results"][LEAF]
    for name in ("acc", "acc_chance_corrected", "unparsed", "mirror_consistency", "mirror_error", "angle_error", "signed_error"):
        assert figure(part, name).value == pytest.approx(row[f"{name},none"]), name
        assert figure(part, name).stderr == (None if name == "unparsed" else pytest.approx(row[f"{name}_stderr,none"])), name
    acc = figure(part, "acc")
    assert (acc.low, acc.high) == pytest.approx((row["acc_ci_low,none"], row["acc_ci_high,none"]))
    assert acc.nulls["guess"] == pytest.approx(row["chance,none"])
    assert acc.nulls["majority"] == pytest.approx(row["majority,none"])


def test_group_figures_pool_the_items_of_all_leaves_with_their_clusters(run: tuple[Path, dict[str, Any]]) -> None:
    folder, found = run
    acc = figure(only(break_down([folder], by=["group"]), GROUP), "acc")
    leaves = found["group_subtasks"][GROUP]
    rows = [sample for leaf in leaves for sample in samples(folder, leaf)]
    assert acc.value == pytest.approx(np.mean([row["acc"] for row in rows]))
    assert acc.n_clusters == len({row["doc"]["cluster_id"] for row in rows})
    assert acc.value == pytest.approx(found["groups"][GROUP]["acc,none"])


def test_factors_are_broken_down_within_each_way_of_asking(run: tuple[Path, dict[str, Any]]) -> None:
    folder, found = run
    parts = break_down([folder], by=["category"], figures=["acc"])
    counted: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    tasks = {**dict.fromkeys(found["group_subtasks"][GROUP], GROUP), "dori_blind": "dori_blind", MCQ: MCQ}
    for leaf, task in tasks.items():
        for row in samples(folder, leaf):
            counted[task, json.loads(row["doc"]["factors"])["category"]].append(row["acc"])
    shown = {(one.task, one.factors["category"]): one.figures[0] for one in parts[0].slices}
    assert set(shown) == set(counted)
    for key, rights in counted.items():
        assert (shown[key].value, shown[key].n) == (pytest.approx(np.mean(rights)), len(rights))


def test_two_factors_and_a_leaf_can_be_crossed(run: tuple[Path, dict[str, Any]]) -> None:
    found = break_down([run[0]], by=["leaf/twin", "dataset/level"], tasks="dori*", figures=["acc"])
    parts = found[0].slices
    assert figure(only(found, LEAF, twin="mirrored"), "acc").n == 12
    assert figure(only(found, GROUP, dataset="generated", level="coarse"), "acc").n == 48
    assert [one.by for one in parts] == sorted((one.by for one in parts), reverse=True)


def test_multiple_choice_is_judged_by_likelihood(run: tuple[Path, dict[str, Any]]) -> None:
    folder, found = run
    part = only(break_down([folder], by=["leaf"], tasks=MCQ), MCQ)
    assert figure(part, "acc").value == pytest.approx(found["results"][MCQ]["acc,none"])
    assert not any(one.name in ("unparsed", "acc_dori_script") for one in part.figures)


def real_names_are_known(doc: dict[str, Any]) -> str:
    known = doc["setting"] != "closed_book" or "-rm" in doc["item_id"]
    return doc["answer"] if known else "I don't know"


@pytest.mark.parametrize(
    ("other", "reduction"),
    [({}, 1.0), ({"seed": 2}, None), ({"motifs": "chain,fact"}, None)],
    ids=["same data", "another world", "other questions"],
)
def test_closed_book_of_another_run_is_the_control_if_it_asked_the_same(
    tmp_path: Path, other: dict[str, Any], reduction: float | None
) -> None:
    saved_run(tmp_path, ["synthworlds_closed_book"], real_names_are_known, **({"n": 6, "pages": 30} | other))
    time.sleep(0.01)  # lm-eval names files by the time
    saved_run(tmp_path, ["synthworlds_reading"], real_names_are_known, n=6, pages=30)
    part = only(break_down([tmp_path], by=["leaf"]), "synthworlds_reading")
    found = [one.value for one in part.figures if (one.name, one.case) == ("gap_reduction", "em")]
    assert found == ([] if reduction is None else [pytest.approx(reduction)])


def test_a_factor_that_only_one_of_two_runs_has_is_no_mistake(tmp_path: Path) -> None:
    saved_run(tmp_path, ["synthworlds_closed_book"], real_names_are_known, n=4, pages=30)
    time.sleep(0.01)
    saved_run(tmp_path, ["knights"], real_names_are_known, n=2)
    assert {one.task for run in break_down([tmp_path], by=["motif"]) for one in run.slices} == {"synthworlds_closed_book"}
    with pytest.raises(InputError, match="by='colour' is not known here"):
        break_down([tmp_path], by=["colour"])


def test_the_blind_control_is_a_null_of_the_score(run: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = run
    asked = '"question":"directional_facing","level":"granular"'
    blind = [row["acc"] for row in samples(folder, "dori_blind") if asked in row["doc"]["factors"]]
    assert len(blind) == 12
    found = break_down([folder], by=["leaf"], tasks="dori_directional_facing_granular")
    assert figure(only(found, LEAF), "acc").nulls["blind"] == pytest.approx(np.mean(blind))


def test_patterns_choose_tasks_and_figures(run: tuple[Path, dict[str, Any]]) -> None:
    (found,) = break_down([run[0]], tasks="*_granular", figures=["acc*", "unparsed"])
    assert {one.task for one in found.slices} == {"dori_view_parallelism_granular", LEAF}
    assert {one.name for part in found.slices for one in part.figures} == {
        *("acc", "acc_macro", "acc_parsed", "acc_chance_corrected", "acc_dori_script", "unparsed"),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": ["colour"]}, "by='colour' is not known here. Known are leaf, group and category, dataset"),
        ({"tasks": "mmlu*"}, "nothing to show by group, leaf for tasks 'mmlu"),
        ({"figures": ["nonsense"]}, "nothing to show"),
    ],
)
def test_what_is_not_there_is_refused(run: tuple[Path, dict[str, Any]], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        break_down([run[0]], **options)
    assert message in str(refused.value)


def copy_run(source: Path, target: Path, *, date: str | None = None, keep: str = "*") -> Path:
    for file in source.rglob("*.json*"):
        if file.name.startswith("results") or file.match(keep):
            name = file.name if date is None else file.name[: file.name.rindex("_") + 1] + date + file.suffix
            target.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(file.read_bytes())
    return target


def test_several_runs_stay_apart_and_the_latest_can_be_had(run: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    copy_run(run[0], tmp_path, keep=f"samples_{LEAF}_*")
    copy_run(run[0], tmp_path, keep=f"samples_{LEAF}_*", date="2099-01-01T00-00-00.000001")
    assert len(break_down([tmp_path])) == 2
    (latest,) = break_down([tmp_path], latest=True)
    assert latest.run.date == "2099-01-01T00-00-00.000001"


def test_a_run_without_samples_is_named_and_refused_if_it_is_the_only_one(
    run: tuple[Path, dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy_run(run[0], tmp_path, keep="nothing")
    with pytest.raises(InputError, match=r"has samples\. Run lm_eval again with --log_samples"):
        break_down([tmp_path])
    copy_run(run[0], tmp_path / "other", keep=f"samples_{LEAF}_*")
    assert len(break_down([tmp_path])) == 1
    assert "has no samples" in caplog.text


def test_foreign_tasks_are_left_out_with_a_warning(
    run: tuple[Path, dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy_run(run[0], tmp_path, keep=f"samples_{LEAF}_*")
    date = next(tmp_path.glob("results_*")).stem.removeprefix("results_")
    line = json.dumps({"doc_id": 0, "doc": {"question": "?"}, "filtered_resps": ["A"]})
    (tmp_path / f"samples_mmlu_{date}.jsonl").write_text(f"{line}\n")
    with caplog.at_level(logging.WARNING):
        (found,) = break_down([tmp_path], by=["leaf"])
    assert "mmlu is no task with figures here" in caplog.text
    assert {one.task for one in found.slices} == {LEAF}


def test_documents_of_another_version_are_an_error_with_their_place(run: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    copy_run(run[0], tmp_path, keep=f"samples_{LEAF}_*")
    path = next(tmp_path.glob(f"samples_{LEAF}_*"))
    first = json.loads(path.read_text().splitlines()[0])
    del first["doc"]["factors"]
    path.write_text(json.dumps(first) + "\n")
    with pytest.raises(InputError, match=r"document 0 can't be judged \(KeyError: 'factors'\)"):
        break_down([tmp_path])


def test_json_has_a_schema_version_and_no_number_that_json_lacks(run: tuple[Path, dict[str, Any]]) -> None:
    found = break_down([run[0]], by=["leaf"])
    read = json.loads(as_json(found), parse_constant=pytest.fail)
    assert read["schema_version"] == SCHEMA_VERSION
    part = next(one for one in read["runs"][0]["slices"] if one["task"] == LEAF)
    assert {"name", "case", "unit", "value", "low", "high", "stderr", "n", "n_clusters", "nulls", "p_value", "reason"} <= set(
        part["figures"][0]
    )
    assert part["figures"][0]["value"] == figure(only(found, LEAF), "acc").value


def test_csv_has_a_line_per_figure_with_the_same_numbers(run: tuple[Path, dict[str, Any]]) -> None:
    found = break_down([run[0]], by=["leaf", "category"])
    lines = list(csv.DictReader(io.StringIO(as_csv(found))))
    figures = [(part, one) for part in found[0].slices for one in part.figures]
    assert len(lines) == len(figures)
    for line, (part, one) in zip(lines, figures, strict=True):
        assert (line["task"], line["name"], line["case"]) == (part.task, one.name, one.case)
        assert line["value"] == ("" if one.value is None else repr(one.value))


def test_tables_name_the_run_and_show_value_interval_counts_and_nulls(run: tuple[Path, dict[str, Any]]) -> None:
    found = break_down([run[0]], by=["leaf"], tasks=LEAF, figures=["acc", "angle_error", "abstention_*"])
    acc = figure(only(found, LEAF), "acc")
    text = as_tables(found)
    assert text.startswith("made, 20")
    row = next(line for line in text.splitlines() if f"  {LEAF}" in line)
    for shown in ("acc", f"{acc.value:.4f}", f"{acc.low:.4f} … {acc.high:.4f}", str(acc.n), str(acc.n_clusters), "guess 0.1111"):
        assert shown in row
    assert "°" in text
    assert "\x1b" not in text


def test_the_command_prints_and_writes(run: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    runner, out = CliRunner(), tmp_path / "deep" / "figures.json"
    printed = runner.invoke(app, ["breakdown", str(run[0]), "--by", "leaf", "--tasks", LEAF, "--figures", "acc,unparsed"])
    assert printed.exit_code == 0
    assert "unparsed" in printed.output
    wrote = runner.invoke(app, ["breakdown", str(run[0]), "--format", "json", "--out", str(out)])
    assert (wrote.exit_code, wrote.output) == (0, "")
    assert json.loads(out.read_text())["schema_version"] == SCHEMA_VERSION
