"""Engines for probe tests, one at a time, and runs of a batch in them."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lm_eval_ext.probing.backends.vllm.driver import architecture_of, attached
from lm_eval_ext.probing.backends.vllm.settings import engine_arguments
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.seeding import stream

ENGINE = {"dtype": "float32", "max_model_len": 256, "kv_cache_memory_bytes": 64 << 20, "max_num_batched_tokens": 48}
"""Prompts of more than 48 tokens run in chunks."""
LENGTHS = (100, 70, 20, 33, 93)


def prompts(lengths: Sequence[int] = LENGTHS) -> list[list[int]]:
    """Random tokens."""
    numbers = stream("prompts")
    return [[numbers.randrange(4, 250) for _ in range(length)] for length in lengths]


@contextmanager
def engine(folder: Path, unchecked: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[Any]:
    """An engine that can be probed (unless ``unchecked`` settings spoil it), and is shut down afterwards."""
    from vllm import LLM

    llm = LLM(str(folder), **{**engine_arguments({**ENGINE, **settings}), **(unchecked or {})})
    try:
        yield llm
    finally:
        shut_down(llm)
        del llm
        gc.collect()


def shut_down(llm: Any) -> None:
    """End an engine now: one that is left to the garbage collector takes the groups of the next one with it."""
    llm.llm_engine.engine_core.shutdown()
    gc.collect()


def plain(llm: Any, tokens: Sequence[Sequence[int]], new: int = 1) -> list[Any]:
    """Outputs without a probe, with the log-probabilities of all prompt tokens."""
    return llm.generate([{"prompt_token_ids": list(one)} for one in tokens], sampling(new), use_tqdm=False)


def sampling(new: int = 1) -> Any:
    from vllm import SamplingParams

    return SamplingParams(temperature=0, prompt_logprobs=0, logprobs=0, max_tokens=new, ignore_eos=True, detokenize=False)


def probed(
    llm: Any, tokens: Sequence[Sequence[int]], requests: Sequence[Request], measurements: Sequence[Measurement] = (), new: int = 1
) -> tuple[list[Any], Captures]:
    """Outputs and measurements under a probe."""
    with attached(llm, architecture_of(llm), requests, measurements) as probe:
        outputs = llm.generate([{"prompt_token_ids": list(one)} for one in tokens], probe.params(sampling(new)), use_tqdm=False)
        probe.answered(outputs)
    return outputs, probe.captures


def logprobs(output: Any) -> torch.Tensor:
    """Log-probability of each token but the first, those that were made included."""
    given = zip(output.prompt_token_ids[1:], output.prompt_logprobs[1:], strict=True)
    made = zip(output.outputs[0].token_ids, output.outputs[0].logprobs, strict=True)
    return torch.tensor([place[token].logprob for token, place in (*given, *made)])


def tokens_of(output: Any) -> list[int]:
    """Tokens that the model was given or has made."""
    return [*output.prompt_token_ids, *output.outputs[0].token_ids]
