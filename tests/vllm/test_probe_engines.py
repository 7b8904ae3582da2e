"""Engines in other processes and with other settings, and what must be refused of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm import driver
from lm_eval_ext.probing.backends.vllm.driver import architecture_of
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.interventions import Intervention
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.sites import Architecture
from tests.conftest import ROOT
from tests.vllm.probe_models import HEAD_DIM, HEADS, HIDDEN, LAYERS, NEURONS, Reference, build
from tests.vllm.probe_runs import engine, logprobs, probed, prompts

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

STEER = Intervention(operation="add", site="resid_post", layer=0, values=np.linspace(-3, 3, HIDDEN, dtype=np.float32))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "llama"
    build("llama", folder)
    return folder


def first_answer(llm: Any, tokens: list[int]) -> float:
    """Log-probability of the likeliest next token, in a request that reads cached prefixes."""
    from vllm import SamplingParams

    params = SamplingParams(temperature=0, logprobs=0, max_tokens=1, ignore_eos=True, detokenize=False)
    (output,) = llm.generate([{"prompt_token_ids": tokens}], params, use_tqdm=False)
    return output.outputs[0].cumulative_logprob


@pytest.mark.parametrize("cached", [False, True])
def test_cached_prefixes_would_hand_changes_to_other_requests(llama: Path, cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    (tokens,) = prompts([200])
    with engine(llama, {"enable_prefix_caching": cached, "block_size": 32}) as llm:
        clean = first_answer(llm, tokens)
        if cached:
            llm.reset_prefix_cache()
            with pytest.raises(InputError, match="enable_prefix_caching=True does not go with a probe"):
                architecture_of(llm)
            monkeypatch.setattr(driver, "check_engine", lambda llm: None)
        probed(llm, [tokens], [Request(key="steered", interventions=(STEER,))])
        assert (abs(first_answer(llm, tokens) - clean) > 1e-3) is cached


def test_an_architecture_is_told(llama: Path) -> None:
    with engine(llama) as llm:
        found = architecture_of(llm)
    assert found == Architecture(
        name="LlamaForCausalLM", layers=LAYERS, heads=HEADS, kv_heads=2, head_dim=HEAD_DIM, hidden=HIDDEN, neurons=NEURONS
    )


def test_without_the_extension_an_engine_is_refused(llama: Path) -> None:
    with (
        engine(llama, {"worker_extension_cls": ""}) as llm,
        pytest.raises(InputError, match="worker_extension_cls= does not go with a probe"),
    ):
        architecture_of(llm)


def test_a_probe_that_is_never_called_is_no_silent_success(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What compiled graphs would do: the model runs, and no hook fires."""
    with engine(llama) as llm:
        monkeypatch.setattr("lm_eval_ext.probing.backends.vllm.session.Session.begin", lambda session: None)
        with pytest.raises(InputError, match=r"the probe has not seen request 'one'.* enforce_eager=True"):
            probed(llm, prompts([20]), [Request(key="one", interventions=(STEER,))])
        monkeypatch.undo()
        monkeypatch.setattr("lm_eval_ext.probing.backends.vllm.hooks._after", lambda place, visitor: lambda *_: None)
        with pytest.raises(InputError, match="site 'resid_post' of layer 0 was never reached"):
            probed(llm, prompts([20]), [Request(key="one", interventions=(STEER,))])


@pytest.mark.slow
def test_mixtures_of_experts_have_no_neurons_and_all_else(tmp_path: Path) -> None:
    build("mixtral", tmp_path)
    reference = Reference(tmp_path, "mixtral", neurons=False)
    with engine(tmp_path) as llm:
        found = architecture_of(llm)
        assert found.missing.keys() == {"neuron"}
        with pytest.raises(InputError, match="MixtralForCausalLM has no site 'neuron' to probe: not every layer has one MLP"):
            probed(llm, prompts([20]), [Request(key="one")], [Measurement(name="n", site="neuron", layers=(0,))])
        tokens = prompts([60])
        head = Intervention(operation="zero", site="z", layer=1, heads=(2,))
        _, captures = probed(
            llm, tokens, [Request(key="one", interventions=(head,))], [Measurement(name="r", site="resid_post", layers=(3,))]
        )

    def without_head(value: Any) -> Any:
        value[:, 2 * HEAD_DIM : 3 * HEAD_DIM] = 0
        return value

    wanted = reference.run(tokens[0], {("z", 1): without_head})["resid_post", 3].numpy()
    assert np.abs(captures.get("r", "one", 3) - wanted).max() < 5e-6 * max(1.0, np.abs(wanted).max())


PROGRAM = """
import json, sys
from pathlib import Path
from tests.vllm.test_probe_engines import everything
from tests.vllm.probe_runs import engine

if __name__ == "__main__":
    with engine(Path(sys.argv[1]), **json.loads(sys.argv[2])) as llm:
        everything(llm, Path(sys.argv[3]))
"""
REQUESTS = [
    Request(key="plain"),
    Request(key="steered", interventions=(STEER,)),
    Request(key="heads", interventions=(Intervention(operation="zero", site="z", layer=1, heads=(0, 3)),)),
    Request(key="neurons", interventions=(Intervention(operation="zero", site="neuron", layer=2, neurons=(0, 100, 191)),)),
    Request(
        key="subspace",
        interventions=(
            Intervention(
                operation="project",
                site="z",
                layer=2,
                basis=np.linalg.qr(np.random.default_rng(0).normal(size=(HEADS * HEAD_DIM, 3)))[0].astype(np.float32),
            ),
        ),
    ),
]
MEASUREMENTS = [
    *(Measurement(name=site, site=site, layers=(1, 3)) for site in ("resid_pre", "resid_post", "z", "neuron")),
    Measurement(name="reduced", site="neuron", layers=(3,), statistics=("norm", "active"), positions="last"),
    Measurement(name="attn", site="attn", layers=(0, 3), statistics=("entropy", "sink"), heads=(3, 1)),
]


def everything(llm: Any, path: Path) -> None:
    """Write what all requests have measured and answered."""
    outputs, captures = probed(llm, prompts([60] * len(REQUESTS)), REQUESTS, MEASUREMENTS, 3)
    arrays = dict(captures.arrays([request.key for request in REQUESTS]))
    np.savez(path, answers=np.array([logprobs(output).numpy() for output in outputs]), **arrays)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"tensor_parallel_size": 2}], ids=["another process", "two processes"])
def test_engines_in_other_processes_measure_and_change_the_same(llama: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    with engine(llama) as llm:
        everything(llm, tmp_path / "here.npz")
    environment = os.environ | {"VLLM_ENABLE_V1_MULTIPROCESSING": "1", "PYTHONPATH": str(ROOT)}
    if settings:
        environment["VLLM_CPU_OMP_THREADS_BIND"] = "0|1"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(llama), json.dumps(settings), str(tmp_path / "there.npz")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(tmp_path / "here.npz") as here, np.load(tmp_path / "there.npz") as there:
        assert sorted(here.files) == sorted(there.files)
        for name in here.files:
            assert here[name].shape == there[name].shape
            assert np.abs(here[name] - there[name]).max() <= 5e-6 * max(1.0, np.abs(here[name]).max())
