"""Reading what lm-eval wrote: real files, files cut off, and files that are something else."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.host import records
from lm_eval_ext.host.records import Sample, find_runs, read_samples

DATE, LATER = "2026-01-02T03-04-05.678901", "2026-01-02T04-00-00"
GROUPS = {"outer": ["inner", "c"], "inner": ["a", "b"]}


def line(doc_id: int, said: Any = "Yes") -> str:
    return json.dumps({"doc_id": doc_id, "doc": {"item_id": f"i{doc_id}"}, "filtered_resps": [said], "arguments": {"x": 1}})


def write_run(folder: Path, date: str = DATE, tasks: tuple[str, ...] = ("a", "b"), groups: dict[str, list[str]] = GROUPS) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"results_{date}.json").write_text(json.dumps({"model_name": "tiny", "group_subtasks": groups, "extra": [1]}))
    for task in tasks:
        (folder / f"samples_{task}_{date}.jsonl").write_text("".join(f"{line(i)}\n" for i in range(3)))


def test_a_folder_is_searched_with_all_below_it(tmp_path: Path) -> None:
    write_run(tmp_path / "one" / "tiny")
    write_run(tmp_path / "two", LATER, ("c",))
    (tmp_path / "two" / "notes.json").write_text("{}")
    early, late = find_runs([tmp_path])
    assert (early.date, late.date, early.results.model_name) == (DATE, LATER, "tiny")
    assert (list(early.samples), list(late.samples)) == (["a", "b"], ["c"])


def test_runs_of_one_folder_stay_apart(tmp_path: Path) -> None:
    write_run(tmp_path)
    write_run(tmp_path, LATER)
    assert [run.date for run in find_runs([tmp_path])] == [DATE, LATER]
    assert [run.date for run in find_runs([tmp_path / f"results_{LATER}.json"])] == [LATER]


def test_a_path_given_twice_is_one_run(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert len(find_runs([tmp_path, tmp_path / f"results_{DATE}.json", tmp_path / "."])) == 1


def test_a_samples_file_brings_its_results_and_no_other_samples(tmp_path: Path) -> None:
    write_run(tmp_path)
    (run,) = find_runs([tmp_path / f"samples_a_{DATE}.jsonl"])
    assert (list(run.samples), run.results.model_name) == (["a"], "tiny")


def test_results_under_a_name_of_ones_own_are_found(tmp_path: Path) -> None:
    write_run(tmp_path)
    (tmp_path / f"results_{DATE}.json").rename(tmp_path / f"my_run_{DATE}.json")  # --output_path my_run.json
    assert find_runs([tmp_path])[0].results.model_name == "tiny"


def test_groups_hold_the_leaves_of_their_subgroups(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert find_runs([tmp_path])[0].groups() == {"outer": ["a", "b", "c"], "inner": ["a", "b"]}


def test_a_group_that_holds_itself_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, groups={"x": ["y"], "y": ["x"]})
    with pytest.raises(InputError, match=r"group x of .* holds itself"):
        find_runs([tmp_path])[0].groups()


def test_samples_without_results_are_read_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_run(tmp_path)
    (tmp_path / f"results_{DATE}.json").unlink()
    (run,) = find_runs([tmp_path])
    assert (list(run.samples), run.results.model_name, run.groups()) == (["a", "b"], "unknown", {})
    assert "have no results file" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (None, "", "holds no results_DATE.json and no samples_TASK_DATE.jsonl"),
        ("notes.txt", "x", "is no results_DATE.json"),
        (f"results_{DATE}.json", "{", "is no results file of lm-eval: Invalid JSON"),
        (f"results_{DATE}.json", '{"group_subtasks": 3}', "is no results file of lm-eval: group_subtasks"),
        (f"results_{DATE}.json", "[]", "is no results file of lm-eval"),
    ],
)
def test_what_lm_eval_did_not_write_is_refused(tmp_path: Path, name: str | None, text: str, message: str) -> None:
    if name:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        find_runs([tmp_path / name if name else tmp_path])


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist\. Give a folder or file that lm-eval wrote"):
        find_runs([tmp_path / "nowhere"])


def test_oversized_files_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path)
    monkeypatch.setattr(records, "MOST_LINE_BYTES", 20)
    with pytest.raises(InputError, match=r"jsonl:1 is longer than 20 bytes"):
        list(read_samples(tmp_path / f"samples_a_{DATE}.jsonl"))
    monkeypatch.setattr(records, "MOST_RESULT_BYTES", 20)
    with pytest.raises(InputError, match="is larger than 20 bytes"):
        find_runs([tmp_path])


def test_a_last_line_cut_off_is_left_out_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "samples.jsonl"
    whole = f"{line(0)}\n{line(1)}\n{line(2)}\n"
    for length in range(len(line(0)) + 1, len(whole)):
        caplog.clear()
        path.write_text(whole[:length])
        with caplog.at_level(logging.WARNING):
            found = [sample.doc_id for sample in read_samples(path)]
        complete = [i for i in range(3) if length >= (i + 1) * (len(line(0)) + 1) - 1]  # the newline may be missing
        assert found == complete
        partial = whole[:length].rpartition("\n")[2]
        assert ("was cut off" in caplog.text) == (bool(partial) and len(partial) < len(line(0)))


def test_a_damaged_line_in_the_middle_is_an_error_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text(f"{line(0)}\n{line(1)[:20]}\n{line(2)}\n")
    with pytest.raises(InputError, match=r"samples\.jsonl:2 is no sample: Invalid JSON"):
        list(read_samples(path))
    path.write_text('{"doc_id": 0, "doc": {}}\n')
    with pytest.raises(InputError, match=r"samples\.jsonl:1 is no sample: filtered_resps: Field required"):
        list(read_samples(path))


@pytest.mark.parametrize("text", ["", '{"doc_id": 0, "do'])
def test_a_file_without_samples_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match="holds no sample"):
        list(read_samples(path))


def test_answers_are_texts_or_log_likelihoods() -> None:
    def answer(*filtered: Any) -> Any:
        return Sample(doc_id=0, doc={}, filtered_resps=list(filtered)).answer

    assert (answer("B"), answer(["B", "C"])) == ("B", "B")
    assert answer(["-1.5", "True"], ["-2.0", "False"]) == (-1.5, -2.0)  # lm-eval writes numbers as text
    assert answer([-1.5, True], [-2.0, False]) == (-1.5, -2.0)
    with pytest.raises(ValueError, match="could not convert"):
        answer(["x", "True"], ["y", "False"])
