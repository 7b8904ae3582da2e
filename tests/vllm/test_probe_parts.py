"""Parts of the vLLM backend of probes that need no engine."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

import torch

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm.keys import Keys, pattern
from lm_eval_ext.probing.backends.vllm.residual import entering, leaving, with_entering, with_leaving
from lm_eval_ext.probing.backends.vllm.settings import EXTENSION, V2_RUNNER, check_engine, engine_arguments

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default")]


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def brute(
    queries: torch.Tensor, keys: torch.Tensor, positions: list[int], *, scale: float, cap: float, window: int | None
) -> Any:
    """Weights by loops over single numbers."""
    rows = torch.zeros(queries.shape[1], len(positions), keys.shape[0], dtype=torch.float64)
    share = queries.shape[1] // keys.shape[1]
    for head in range(queries.shape[1]):
        for row, position in enumerate(positions):
            first = 0 if window is None else max(0, position - window + 1)
            scores = torch.stack(
                [queries[row, head].double() @ keys[k, head // share].double() for k in range(first, position + 1)]
            )
            scores = scores * scale
            scores = torch.tanh(scores / cap) * cap if cap else scores
            rows[head, row, first : position + 1] = scores.softmax(-1)
    return rows


@pytest.mark.parametrize("window", [None, 1, 3])
@pytest.mark.parametrize("cap", [0.0, 2.0])
def test_pattern_is_masked_softmax_of_scores(window: int | None, cap: float) -> None:
    queries, keys, positions = 3 * noise(3, 4, 8), noise(7, 2, 8), [2, 4, 6]
    found = pattern(queries, keys, torch.tensor(positions), scale=0.5, softcap=cap, window=window)
    assert torch.allclose(found.double(), brute(queries, keys, positions, scale=0.5, cap=cap, window=window), atol=1e-6)


def test_keys_grow_and_are_replaced_when_computed_again() -> None:
    keys, every = Keys(), noise(40, 2, 4)
    keys.store(0, every[:10])
    for position in range(10, 39):
        keys.store(position, every[position : position + 1])
        assert torch.equal(keys.between(0, position + 1), every[: position + 1])
    keys.store(0, -every[:5])  # a preempted request begins again
    keys.store(5, -every[5:40])
    assert torch.equal(keys.between(3, 40), -every[3:])


CALLS: dict[str, Callable[[torch.Tensor, Any], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "positions first": lambda hidden, residual: ((torch.arange(3), hidden, residual), {}),
    "by name": lambda hidden, residual: ((), {"positions": torch.arange(3), "hidden_states": hidden, "residual": residual}),
    "hidden alone": lambda hidden, residual: ((hidden,), {"attention_mask": None}),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("split", [False, True])
def test_what_enters_a_layer_is_read_and_exchanged(call: str, split: bool) -> None:
    split = split and call != "hidden alone"
    hidden, residual = noise(3, 4), noise(4, 3).T.contiguous() if split else None
    args, kwargs = CALLS[call](hidden, residual)
    stream = entering(args, kwargs)
    assert torch.equal(stream.value(), hidden + residual if split else hidden)
    wanted = noise(3, 4) * 100
    new = entering(*with_entering(args, kwargs, stream, stream.replaced(wanted, torch.tensor([1]))))
    assert torch.equal(new.value()[1], wanted[1])
    assert torch.equal(new.value()[[0, 2]], stream.value()[[0, 2]])


@pytest.mark.parametrize("output", [noise(1, 3, 4), (noise(3, 4),), (noise(3, 4), None), (noise(3, 4), noise(3, 4) + 1)])
def test_what_leaves_a_layer_is_read_and_exchanged(output: Any) -> None:
    stream = leaving(output)
    before = stream.value().clone()
    wanted = noise(3, 4) * 100
    changed = with_leaving(output, stream.replaced(wanted, torch.tensor([0, 2])))
    assert type(changed) is type(output)
    assert torch.equal(leaving(changed).value()[[0, 2]], wanted[[0, 2]])
    assert torch.equal(leaving(changed).value()[1], before[1])
    assert torch.equal(stream.value(), before)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"enforce_eager": False}, "enforce_eager=False does not go with a probe: .* Give enforce_eager=True, or leave it out"),
        (
            {"enable_prefix_caching": True},
            "enable_prefix_caching=True .* would reach other requests. Give enable_prefix_caching=False",
        ),
        ({"kv_cache_dtype": "fp8"}, "kv_cache_dtype=fp8 .* Give kv_cache_dtype=auto"),
        ({"data_parallel_size": 2}, "data_parallel_size=2 .* do not come back. Give data_parallel_size=1"),
        ({"pipeline_parallel_size": 2}, "pipeline_parallel_size=2 .* use tensor_parallel_size"),
        ({"enable_dbo": True}, "enable_dbo=True "),
        ({"async_scheduling": True}, "async_scheduling=True .* Give async_scheduling=False"),
        ({"speculative_config": {"method": "ngram"}}, "speculative_config=.* Give speculative_config=None"),
        ({"worker_extension_cls": "vllm_lens.Worker"}, "worker_extension_cls=vllm_lens.Worker .* takes one .* Leave it out"),
    ],
)
def test_settings_are_refused_before_an_engine_is_started(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        engine_arguments(given)


def test_settings_that_nobody_gave_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(V2_RUNNER, raising=False)
    found = engine_arguments({"max_model_len": 5, "data_parallel_size": 1})
    assert found == {
        "max_model_len": 5,
        "data_parallel_size": 1,
        "enforce_eager": True,
        "enable_prefix_caching": False,
        "async_scheduling": False,
        "worker_extension_cls": EXTENSION,
    }


def test_the_second_runner_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(V2_RUNNER, "1")
    with pytest.raises(InputError, match=rf"{V2_RUNNER}=1 does not go with a probe.* Set {V2_RUNNER}=0"):
        engine_arguments({})


def engine(*, v2: bool = False, mla: bool = False, **changes: Any) -> Any:
    """As much of an engine as says how it is set."""
    settings = {
        "enforce_eager": True,
        "enable_prefix_caching": False,
        "async_scheduling": False,
        "cache_dtype": "auto",
        "data_parallel_size": 1,
        "pipeline_parallel_size": 1,
        "worker_extension_cls": EXTENSION,
        **changes,
    }
    part = SimpleNamespace(**settings, use_mla=mla, model="tiny")
    parts = dict.fromkeys(("parallel_config", "cache_config", "model_config", "scheduler_config"), part)
    whole = SimpleNamespace(**parts, speculative_config=None, use_v2_model_runner=v2)
    return SimpleNamespace(llm_engine=SimpleNamespace(vllm_config=whole))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"enforce_eager": False}, "enforce_eager=False"),
        ({"enable_prefix_caching": True}, "enable_prefix_caching=True"),
        ({"async_scheduling": True}, "async_scheduling=True"),
        ({"cache_dtype": "fp8"}, "kv_cache_dtype=fp8"),
        ({"worker_extension_cls": ""}, "worker_extension_cls= does not go"),
        ({"v2": True}, "V2 model runner does not go"),
        ({"mla": True}, "tiny uses multi-head latent attention"),
    ],
)
def test_a_started_engine_is_checked(changes: dict[str, Any], message: str) -> None:
    check_engine(engine())
    with pytest.raises(InputError, match=message):
        check_engine(engine(**changes))


def test_the_examples_hold() -> None:
    import doctest

    from lm_eval_ext.probing.backends.vllm import settings

    found = doctest.testmod(settings, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted
    assert not found.failed
