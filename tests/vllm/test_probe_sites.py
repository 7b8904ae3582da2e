"""Every site and statistic on vLLM's CPU engine against eager transformers, for each architecture."""

from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

import torch

from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.sites import ATTENTION_STATISTICS
from tests.vllm.probe_models import HEAD_DIM, HEADS, LAYERS, Reference, build
from tests.vllm.probe_runs import LENGTHS, engine, logprobs, plain, probed, prompts, tokens_of

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

ARCHITECTURES = [
    *("llama", "gemma2", "gpt2"),
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("mistral", "qwen3", "phi3", "opt", "gpt_neox")),
]
NEW = 3
EVERY = tuple(range(LAYERS))
MARKED = (3, 4, 9)
SITES = ("resid_pre", "resid_post", "z", "neuron")
STATISTICS = (*ATTENTION_STATISTICS, "span:marked")
MEASUREMENTS = [
    *(Measurement(name=site, site=site, layers=EVERY) for site in SITES),
    Measurement(name="attn", site="attn", layers=EVERY, statistics=STATISTICS),
]
REQUESTS = [Request(key=f"row {number}", spans={"marked": MARKED}) for number in range(len(LENGTHS))]


class Case(NamedTuple):
    """One model in both libraries."""

    expected: list[dict[Any, torch.Tensor]]
    tokens: list[list[int]]
    bare: list[Any]
    outputs: list[Any]
    captures: Captures
    again: Captures


@pytest.fixture(scope="module", params=ARCHITECTURES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Prompts of 20 to 100 tokens in chunks of at most 48, and three tokens more, in one batch."""
    folder = tmp_path_factory.mktemp("models") / request.param
    build(request.param, folder)
    # before vLLM changes classes of transformers in this process
    reference = Reference(folder, request.param)
    tokens = [reference.continued(prompt, NEW) for prompt in prompts()]
    expected = [reference.run(one) for one in tokens]
    with engine(folder) as llm:
        bare = plain(llm, prompts(), NEW)
        outputs, captures = probed(llm, prompts(), REQUESTS, MEASUREMENTS, NEW)
        alone = [probed(llm, [one], [row], MEASUREMENTS, NEW)[1] for one, row in zip(prompts(), REQUESTS, strict=True)]
        for other in alone[1:]:
            alone[0].merge(other)
    return Case(expected, tokens, bare, outputs, captures, alone[0])


def statistics(pattern: torch.Tensor) -> np.ndarray:
    """(queries, heads, statistics) of a whole pattern, by their definitions."""
    weights = pattern.double()
    count = weights.shape[-1]
    at = torch.arange(count)
    before = torch.cat([torch.zeros_like(weights[:, :1, 0]), weights.diagonal(-1, 1, 2)], 1)
    found = [
        -torch.xlogy(weights, weights).sum(-1),
        weights.max(-1).values,
        weights[..., 0],
        weights.diagonal(0, 1, 2),
        before,
        (weights * (at[:, None] - at)).sum(-1),
        weights[..., list(MARKED)].sum(-1),
    ]
    return torch.stack(found, -1).transpose(0, 1).numpy()


def farthest(found: np.ndarray, expected: np.ndarray) -> float:
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max())


def test_the_model_goes_on_as_in_transformers(case: Case) -> None:
    assert [tokens_of(output) for output in case.outputs] == case.tokens


def test_log_probabilities_are_those_of_transformers_and_bitwise_those_without_a_probe(case: Case) -> None:
    for output, bare, tokens, expected in zip(case.outputs, case.bare, case.tokens, case.expected, strict=True):
        wanted = expected["logprobs"][:-1].gather(-1, torch.tensor(tokens[1:])[:, None])[:, 0]
        assert (logprobs(output) - wanted).abs().max() < 5e-6
        assert torch.equal(logprobs(output), logprobs(bare))


@pytest.mark.parametrize("site", SITES)
def test_values_are_those_of_transformers(case: Case, site: str) -> None:
    for request, expected in zip(REQUESTS, case.expected, strict=True):
        for layer in EVERY:
            found, wanted = case.captures.get(site, request.key, layer), expected[site, layer][:-1].numpy()
            bound = 5e-6 * max(1.0, np.abs(wanted).max())
            assert farthest(found.reshape(len(found), -1), wanted) < bound
            other = expected[site, (layer + 1) % LAYERS][:-1].numpy()
            assert farthest(found.reshape(len(found), -1), other) > 100 * bound


def test_heads_lie_side_by_side(case: Case) -> None:
    assert case.captures.get("z", "row 0", 0).shape[1:] == (HEADS, HEAD_DIM)


def test_attention_is_that_of_transformers(case: Case) -> None:
    for request, expected in zip(REQUESTS, case.expected, strict=True):
        for layer in EVERY:
            found = case.captures.get("attn", request.key, layer)
            wanted = statistics(expected["attn", layer])[:-1]
            # a weight may be off by 1e-6; the distance counts each by up to as many tokens as there are
            bounds = np.array(
                [1e-6 * max(1.0, wanted[..., 0].max()) if name != "distance" else 1e-6 * len(wanted) for name in STATISTICS]
            )
            assert found.shape == wanted.shape
            assert (np.abs(found - wanted) < bounds).all()
            wrong = statistics(expected["attn", (layer + 1) % LAYERS])[:-1]
            assert (np.abs(found - wrong).max((0, 1)) > 100 * bounds)[:2].all()


def test_a_batch_measures_what_single_requests_do(case: Case) -> None:
    for request in REQUESTS:
        for measurement in MEASUREMENTS:
            for layer in EVERY:
                one = case.captures.get(measurement.name, request.key, layer)
                other = case.again.get(measurement.name, request.key, layer)
                assert farthest(one, other) < 5e-6 * max(1.0, np.abs(one).max())
