"""What probes cost a vLLM engine: requests per second with summaries measured, over those of the same engine without.

usage: .venv-vllm/bin/python benchmarks/probes_vllm.py   (in the environment of tests/vllm_env/setup.sh)
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(TORCH_COMPILE_DISABLE="1", VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_LOGGING_LEVEL="ERROR", HF_HUB_OFFLINE="1")

from lm_eval_ext.probing.backends.vllm.driver import architecture_of, attached
from lm_eval_ext.probing.backends.vllm.settings import engine_arguments
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.interventions import Intervention
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.sites import ATTENTION_STATISTICS, Architecture
from lm_eval_ext.seeding import stream

LIMIT = 0.7
REPEATS, REQUESTS, NEW = 5, 16, 32
SIZES = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
"""Of SmolLM2-135M, in a third of its 30 layers."""


def build(folder: Path) -> None:
    """Save a Llama of random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    LlamaForCausalLM(LlamaConfig(vocab_size=4096, num_hidden_layers=10, **SIZES)).save_pretrained(folder)


def measurements(architecture: Architecture, positions: str) -> list[Measurement]:
    """Attention and neuron summaries of every layer."""
    layers, means = tuple(range(architecture.layers)), {"positions": positions, "mean": positions != "last"}
    return [
        Measurement(name="attention", site="attn", layers=layers, statistics=ATTENTION_STATISTICS, **means),
        Measurement(name="neurons", site="neuron", layers=layers, **means),
    ]


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print the ratio for prompts that are scored and for answers that are generated."""
    from vllm import LLM, SamplingParams

    settings = {"dtype": "float32", "max_model_len": 512, "kv_cache_memory_bytes": 512 << 20, "skip_tokenizer_init": True}
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        llm = LLM(folder, **engine_arguments(settings))
    architecture = architecture_of(llm)
    numbers = stream("prompts")
    prompts: Any = [
        {"prompt_token_ids": [numbers.randrange(4, 4096) for _ in range(numbers.randrange(100, 300))]} for _ in range(REQUESTS)
    ]
    plans = {
        "last token": measurements(architecture, "last"),
        "all tokens": measurements(architecture, "all"),
        "one head taken out": [],
    }
    head = Intervention(operation="zero", site="z", layer=5, heads=(2,))
    kinds = {
        "scoring": SamplingParams(temperature=0, prompt_logprobs=1, max_tokens=1, detokenize=False),
        f"generating {NEW} tokens": SamplingParams(temperature=0, max_tokens=NEW, ignore_eos=True, detokenize=False),
    }

    def bare(params: Any) -> None:
        llm.generate(prompts, params, use_tqdm=False)

    def probed(params: Any, plan: str) -> None:
        changes = () if plans[plan] else (head,)
        requests = [Request(key=str(number), interventions=changes) for number in range(REQUESTS)]
        with attached(llm, architecture, requests, plans[plan]) as probe:
            llm.generate(prompts, probe.params(params), use_tqdm=False)

    for kind, params in kinds.items():
        bare(params)
        for plan in plans:
            ratios = [seconds(lambda: bare(params)) / seconds(lambda: probed(params, plan)) for _ in range(REPEATS)]  # noqa: B023
            print(f"{kind:22} {plan:20} {statistics.median(ratios):5.2f} of the throughput without a probe   limit {LIMIT}")


if __name__ == "__main__":
    main()
