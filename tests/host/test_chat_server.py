"""Orientation and text tasks through lm-eval's own chat client, against a server process that sees the pictures."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import ROOT
from tests.host.chat_server import pixels

PILOT = ROOT / "tests" / "pilot"
TASKS = ["dori_directional_facing_coarse", "dori_compound_rotation_granular", "synthworlds_reading"]
METADATA = {"source": "generated", "seed": 3, "n": 3}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # 60 s


class Server(NamedTuple):
    address: str
    log: Path

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    log = tmp_path_factory.mktemp("server") / "requests.jsonl"
    command = [sys.executable, "-m", "tests.host.chat_server", str(PILOT), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield Server(process.stdout.readline().strip(), log)
        process.terminate()


def command_line(server: Server, tasks: list[str], *extra: str) -> subprocess.CompletedProcess[str]:
    arguments = ["run", "--model", "local-chat-completions", "--tasks", ",".join(tasks), "--metadata", json.dumps(METADATA)]
    arguments += ["--model_args", f"model=pilot,base_url={server.address},num_concurrent=2", "--apply_chat_template", *extra]
    environment = os.environ | {"LMEVAL_LOG_LEVEL": "ERROR"}
    command = [str(Path(sys.executable).with_name("lm_eval")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def by_chat(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Logged samples of a run through the server, by task."""
    out = tmp_path_factory.mktemp("chat")
    done = command_line(server, TASKS, "--log_samples", "--output_path", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    samples: dict[str, list[dict[str, Any]]] = {}
    for task in TASKS:
        lines = next(out.rglob(f"samples_{task}_*.jsonl")).read_text(encoding="utf-8").splitlines()
        samples[task] = sorted(map(json.loads, lines), key=lambda sample: sample["doc_id"])
    return samples


@pytest.fixture(scope="module")
def by_weights() -> dict[str, list[dict[str, Any]]]:
    """Samples of lm-eval's own class on the same weights in this process."""
    import lm_eval

    arguments = {"pretrained": str(PILOT), "dtype": "float32"}
    run = lm_eval.simple_evaluate(
        model="hf-multimodal", model_args=arguments, tasks=TASKS, metadata=METADATA, device="cpu", batch_size=4, bootstrap_iters=0
    )
    return {task: sorted(run["samples"][task], key=lambda sample: sample["doc_id"]) for task in TASKS}


def said(samples: list[dict[str, Any]]) -> list[str]:
    return [sample["resps"][0][0] for sample in samples]


@pytest.mark.parametrize("task", TASKS)
def test_a_served_model_answers_as_its_weights_do(by_chat: dict[str, Any], by_weights: dict[str, Any], task: str) -> None:
    """The server strips nothing: the prompt with its place for the picture is the one that hf-multimodal makes."""
    assert len(by_chat[task]) >= 2 * METADATA["n"]
    assert [sample["doc"]["item_id"] for sample in by_chat[task]] == [sample["doc"]["item_id"] for sample in by_weights[task]]
    assert said(by_chat[task]) == said(by_weights[task])
    assert len(set(said(by_chat[task]))) > 1


@pytest.mark.parametrize("task", TASKS[:2])
def test_its_answers_are_read(by_chat: dict[str, Any], task: str) -> None:
    assert [sample["unparsed"] for sample in by_chat[task]] == [0.0] * len(by_chat[task])


def test_every_picture_arrives_pixel_by_pixel_with_its_question(server: Server, by_chat: dict[str, Any]) -> None:
    from lm_eval_ext.orientation.task import doc_to_image, doc_to_text

    docs = [sample["doc"] for task in TASKS[:2] for sample in by_chat[task]]
    drawn = sorted((doc_to_text(doc), [pixels(picture) for picture in doc_to_image(doc)]) for doc in docs)
    arrived = sorted((request["prompt"], request["pictures"]) for request in server.requests() if request["pictures"])
    assert arrived == drawn
    assert len({picture for _, pictures in drawn for picture in pictures}) > METADATA["n"]


def test_log_likelihoods_are_refused_before_anything_is_asked(server: Server) -> None:
    before = len(server.requests()) if server.log.exists() else 0
    done = command_line(server, ["dori_mcq"])
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "local-chat-completions gives no log-likelihoods of answers to pictures, which dori_mcq_canonical_orientation_coarse and "
        "13 more need. Give a task that generates its answers, such as dori."
    )
    assert len(server.requests() if server.log.exists() else []) == before
