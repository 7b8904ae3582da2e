"""Whole runs: lm-eval's files, going on after a kill, and what is refused before any work."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.host import episodes
from lm_eval_ext.host.episodes import JOURNAL, EpisodeRun, play_with, read_metadata, run_episodes
from lm_eval_ext.host.public_models import SMOLLM2, models_folder
from lm_eval_ext.host.records import find_runs
from lm_eval_ext.seeding import stream
from tests.conftest import ROOT
from tests.episodes.players import Scripted, clicks_at_random

KINDS = ("navigation_links", "navigation_content", "ircot")
METADATA = {"source": "generated", "seed": 5, "n": 6, "pages": 60, "steps": 6}
CHANGING = {"date", "total_evaluation_time_seconds", "pretty_env_info"}


def plays_everything(prompt):
    """Clicks at random, and thinks what the last word of the question makes it think."""
    if "Its links:" in prompt:
        return clicks_at_random("host")(prompt)
    return f" It has to do with {prompt.split('Question: ')[1].split('?')[0].split()[-1]}."


def run_in(folder, **changes):
    run = EpisodeRun(model="scripted", model_args="pretrained=fake", tasks=KINDS, output_path=folder, metadata=METADATA)
    return replace(run, **changes)


def files_of(folder):
    """Content by kind of file, without what changes from run to run."""
    found = {}
    for file in sorted((folder / "fake").iterdir()):
        name = file.name.split("_20")[0]
        assert name not in found, f"two files {name}"
        content = file.read_text("utf-8")
        found[name] = content
        if name == "results":
            found[name] = {key: value for key, value in json.loads(content).items() if key not in CHANGING}
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run without interruption: its folder, and the calls that the model got."""
    folder = tmp_path_factory.mktemp("whole")
    model = Scripted(plays_everything)
    play_with(model, run_in(folder))
    return folder, model.calls


def test_results_and_samples_are_lm_evals(whole):
    folder, _ = whole
    found = files_of(folder)
    assert set(found) == {"results", "episodes", *(f"samples_{kind}" for kind in KINDS)}
    results = found["results"]
    assert (results["model_name"], results["config"]["model"], results["model_source"]) == ("fake", "scripted", "scripted")
    for kind in KINDS:
        assert results["n-samples"][kind] == {"original": 12, "effective": 12}
        headline = "em,none" if kind == "ircot" else "success,none"
        assert 0.0 <= results["results"][kind][headline] <= 1.0
        rows = [json.loads(line) for line in found[f"samples_{kind}"].splitlines()]
        assert {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "doc_hash", "prompt_hash"} <= set(rows[0])
        turns = json.loads(rows[0]["resps"][0][0])
        assert set(turns[0]) == {"prompt", "output"}
        assert turns[0]["prompt"] == rows[0]["arguments"]["gen_args_0"]["arg_0"]


def test_our_reader_reads_a_run_like_any_other(whole):
    runs = find_runs([whole[0]])
    assert len(runs) == 1
    assert set(runs[0].samples) == set(KINDS)


def test_all_live_episodes_share_one_call_per_turn(whole):
    _, calls = whole
    assert calls[0] == 36
    assert calls == sorted(calls, reverse=True)
    assert len(calls) == 7  # six steps, and the answer of IRCoT after its last thought


def test_every_turn_is_in_the_journal_once(whole):
    lines = [json.loads(line) for line in files_of(whole[0])["episodes"].splitlines()]
    turns = [(line["turn"], line["episode"]) for line in lines if "episode" in line]
    assert len(set(turns)) == len(turns) == sum(whole[1])


def start(folder, *, seconds=0.01, limit=None):
    """The run in a process of its own; quicker than a new interpreter."""
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1), os.dup2(null, 2)
            if limit:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            play_with(Scripted(plays_everything, seconds=seconds), run_in(folder))
            os._exit(0)
        except InputError as error:
            (folder / "said").write_text(str(error))
            os._exit(1)
        finally:
            os._exit(2)
    return child


def status_of(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(child, journal, size):
    """Kill -9 once the journal has this many bytes; says whether the run was still going."""
    while True:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        if journal.exists() and journal.stat().st_size >= size:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return True
        time.sleep(0.0005)


def test_kills_at_ten_random_points_leave_the_results_of_a_run_without_interruption(whole, tmp_path):
    expected = files_of(whole[0])
    size = len(expected["episodes"].encode())
    points = sorted(stream("kills").randrange(size) for _ in range(10))
    killed = sum(kill_at(start(tmp_path), tmp_path / "fake" / JOURNAL, point) for point in points)
    assert killed == 10
    assert status_of(start(tmp_path)) == 0
    assert files_of(tmp_path) == expected


def test_a_kill_while_results_are_saved_leaves_no_half_file(whole, tmp_path):
    expected = files_of(whole[0])
    child = start(tmp_path)
    while not (tmp_path / "fake" / ".saving").exists():
        time.sleep(0.0002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for file in (tmp_path / "fake").glob("samples_*"):
        assert file.read_text("utf-8") == expected[file.name.split("_20")[0]]
        file.unlink()
    assert (tmp_path / "fake" / JOURNAL).exists()
    play_with(Scripted(plays_everything), run_in(tmp_path))
    assert files_of(tmp_path) == expected


def test_a_run_that_goes_on_asks_the_rest_alone(whole, tmp_path):
    (tmp_path / "fake").mkdir()
    journal = next((whole[0] / "fake").glob("episodes_*"))
    lines = journal.read_bytes().splitlines(keepends=True)
    third = [place for place, line in enumerate(lines) if b'"closed"' in line][2]
    (tmp_path / "fake" / JOURNAL).write_bytes(b"".join(lines[: third + 5]))
    model = Scripted(plays_everything)
    play_with(model, run_in(tmp_path))
    assert model.calls == whole[1][3:]
    assert files_of(tmp_path) == files_of(whole[0])


def test_a_finished_run_is_not_gone_on_with(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    model = Scripted(plays_everything)
    play_with(model, run_in(tmp_path))
    assert model.calls == whole[1]
    assert len(list((tmp_path / "fake").glob("results_*"))) == 2


def test_other_options_are_refused_by_name(tmp_path):
    class Stops(Scripted):
        def generate_until(self, requests, disable_tqdm=False):
            if self.calls:
                raise KeyboardInterrupt
            return super().generate_until(requests)

    with pytest.raises(KeyboardInterrupt):
        play_with(Stops(plays_everything), run_in(tmp_path))
    before = (tmp_path / "fake" / JOURNAL).read_bytes()
    with pytest.raises(InputError, match=r"belongs to another run: .*limit was None and is 4"):
        play_with(Scripted(plays_everything), run_in(tmp_path, limit=4))
    assert (tmp_path / "fake" / JOURNAL).read_bytes() == before
    play_with(Scripted(plays_everything), run_in(tmp_path, batch_size="8"))


def test_two_runs_do_not_write_one_journal(tmp_path):
    child = start(tmp_path, seconds=1.0)
    while not (tmp_path / "fake" / JOURNAL).exists() or not (tmp_path / "fake" / JOURNAL).stat().st_size:
        time.sleep(0.01)
    try:
        with pytest.raises(InputError, match="Another process is writing"):
            play_with(Scripted(plays_everything), run_in(tmp_path))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_disk_that_is_full_when_results_are_saved_keeps_the_journal(whole, tmp_path):
    limit = len(files_of(whole[0])["episodes"].encode()) + 200
    assert status_of(start(tmp_path, limit=limit)) == 1
    assert (tmp_path / "said").read_text().endswith("The journal is whole: run the same command again.")
    assert [file.name for file in (tmp_path / "fake").iterdir()] == [JOURNAL]
    model = Scripted(plays_everything)
    play_with(model, run_in(tmp_path))
    assert model.calls == []
    assert files_of(tmp_path) == files_of(whole[0])


def test_a_disk_that_is_full_in_between_keeps_the_turns_before(whole, tmp_path):
    assert status_of(start(tmp_path, limit=len(files_of(whole[0])["episodes"].encode()) // 2)) == 1
    assert "It holds 3 whole turns; make room and run the same command again" in (tmp_path / "said").read_text()
    play_with(Scripted(plays_everything), run_in(tmp_path))
    assert files_of(tmp_path) == files_of(whole[0])


def test_prompts_go_through_the_chat_template(tmp_path):
    prompts = []

    def listens(prompt):
        prompts.append(prompt)
        return plays_everything(prompt)

    results = play_with(Scripted(listens), run_in(tmp_path, apply_chat_template=True, tasks=("navigation_links",)))
    assert all(prompt.startswith("<user>Reach a page") and prompt.endswith("Thought:<model>") for prompt in prompts)
    assert results["chat_template"] == "<user>{content}<model>"


def test_several_processes_are_refused(tmp_path):
    model = Scripted(plays_everything)
    model._world_size = 2
    with pytest.raises(InputError, match="Episodes are played by one process"):
        play_with(model, run_in(tmp_path))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"tasks": ("navigation",)}, r"holds no episodes of the name \['navigation'\]\. Give one or more of ircot, nav"),
        ({"tasks": ()}, "Give one or more of"),
        ({"metadata": {"stepps": 3}}, r"--metadata key 'stepps' is unknown .* Did you mean 'steps'\?"),
        ({"metadata": {"steps": 0}}, "steps=0 is not accepted"),
        ({"model_args": "pretrained=x,seed=3", "metadata": {}}, "would also become the 'seed'"),
    ],
)
def test_what_cannot_be_is_refused_before_a_model_is_loaded(tmp_path, monkeypatch, changes, text):
    monkeypatch.setattr(episodes, "_model", lambda run: pytest.fail("loaded"))
    with pytest.raises(InputError, match=text):
        run_episodes(run_in(tmp_path, **changes))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["[1]", "seed=3", ""])
def test_metadata_is_a_json_object(text):
    with pytest.raises(InputError, match="is no JSON object"):
        read_metadata(text)


def test_a_local_models_files_are_part_of_its_identity(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    before = episodes._weights(f"pretrained={tmp_path},dtype=float32")
    assert before == episodes._weights(f"pretrained={tmp_path}")
    weights.write_bytes(b"other")
    assert episodes._weights(f"pretrained={tmp_path}") != before
    assert episodes._weights("pretrained=some/model") is None


def command(output, *more):
    given = {"source": "generated", "n": 3, "steps": 4, "pages": 40, "seed": 1}
    model = ["--model", "hf-multimodal-ext", "--model_args", f"pretrained={ROOT / 'tests/pilot'}", "--device", "cpu"]
    what = ["--tasks", ",".join(KINDS), "--metadata", json.dumps(given), "--output_path", str(output), "--batch_size", "4"]
    return [sys.executable, "-m", "lm_eval_ext", "episodes", *model, *what, *more]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_pilot_goes_on_after_a_kill_and_ends_as_without_one(tmp_path):
    subprocess.run(command(tmp_path / "whole"), capture_output=True, check=True)
    folder = tmp_path / "killed" / str(ROOT / "tests/pilot").replace("/", "__")
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command(tmp_path / "killed"), stdout=log, stderr=log) as running:
        while not (folder / JOURNAL).exists() or (folder / JOURNAL).read_bytes().count(b'"closed"') < 2:
            assert running.poll() is None
            time.sleep(0.01)
        running.kill()
    done = subprocess.run(command(tmp_path / "killed"), capture_output=True, text=True, check=True)
    assert "Going on from" in done.stderr
    assert "navigation_content" in done.stdout
    names = {file.name.split("_20")[0]: file for file in (tmp_path / "whole" / folder.name).iterdir()}
    again = {file.name.split("_20")[0]: file for file in folder.iterdir()}
    assert set(again) == set(names)
    for name in set(names) - {"results"}:
        assert again[name].read_bytes() == names[name].read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_public_chat_model_plays(tmp_path):
    weights = models_folder() / SMOLLM2.folder
    if not weights.is_dir():
        pytest.skip("SmolLM2 is not in the cache: lm-eval-ext fetch smollm2")
    model = ["--model", "hf-ext", "--model_args", f"pretrained={weights},dtype=float32"]  # after the pilot's, and wins
    asked = [*command(tmp_path), *model, "--apply_chat_template", "--limit", "2"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert "ircot" in done.stdout
    saved = next(tmp_path.rglob("results_*.json"))
    assert json.loads(saved.read_text("utf-8"))["chat_template"]
    assert Path(saved).parent.name == str(weights).replace("/", "__")
