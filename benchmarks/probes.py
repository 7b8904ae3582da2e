"""What probes cost: attention and neuron summaries, their memory, and a sweep over all heads of a model in batches.

usage: python benchmarks/probes.py [summaries] [memory] [sweep]
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch

from lm_eval_ext.probing.backends.hf.attach import Probe, attached
from lm_eval_ext.probing.interventions import zero_each
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.sites import ATTENTION_STATISTICS

LAYERS, HEADS, TOKENS = 8, 16, 1024
SWEEP = 28  # layers and heads of the model whose heads are taken out one by one
SWEEP_TOKENS, SWEEP_ROWS = 16, 112
EACH = 14  # every 14th head is also taken out in a pass of its own
REPEATS = 3


def model(layers: int, heads: int, *, head_dim: int = 16, implementation: str = "sdpa") -> Any:
    """A Llama of random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    hidden = heads * head_dim
    sizes = {"hidden_size": hidden, "intermediate_size": 3 * hidden, "num_hidden_layers": layers, "vocab_size": 256}
    config = LlamaConfig(**sizes, num_attention_heads=heads, num_key_value_heads=heads, max_position_embeddings=8192)
    made = LlamaForCausalLM(config).eval()
    made.set_attn_implementation(implementation)
    return made


def ids(rows: int, tokens: int) -> torch.Tensor:
    """Token numbers."""
    return torch.randint(0, 256, (rows, tokens), generator=torch.Generator().manual_seed(0))


def summaries(layers: int) -> list[Measurement]:
    """Every statistic of every head and MLP at every token, kept as means over the tokens."""
    every = tuple(range(layers))
    return [
        Measurement(name="attention", site="attn", layers=every, statistics=ATTENTION_STATISTICS, mean=True),
        Measurement(name="neurons", site="neuron", layers=every, statistics=("mean_absolute", "std", "active"), mean=True),
    ]


def run(network: Any, inputs: torch.Tensor, probe: Probe | None = None, measurements: Sequence[Measurement] = ()) -> None:
    """One forward pass, measured or not."""
    with torch.inference_mode():
        if probe is None:
            network(inputs, use_cache=False)
            return
        with probe.batch([Row(key="row", given=inputs.shape[1], prompt=inputs.shape[1])], measurements):
            network(inputs, use_cache=False)


def in_turn(*ways: Callable[[], None]) -> list[float]:
    """Median processor seconds of each, taken in turn so that a busy machine slows all alike."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(REPEATS):
        for way, taken in zip(ways, times, strict=True):
            start = time.process_time()
            way()
            taken.append(time.process_time() - start)
    return [median(taken) for taken in times]


def cost_of_summaries() -> None:
    """Time beside that of the same model without a probe."""
    plain, eager, inputs = model(LAYERS, HEADS), model(LAYERS, HEADS, implementation="eager"), ids(1, TOKENS)
    with attached(plain, ["attn", "neuron"]) as probe:
        sdpa, own, probed = in_turn(
            lambda: run(plain, inputs), lambda: run(eager, inputs), lambda: run(plain, inputs, probe, summaries(LAYERS))
        )
    print(f"{LAYERS} layers, {HEADS} heads, {TOKENS} tokens: sdpa {sdpa:.2f} s, eager {own:.2f} s, with summaries {probed:.2f} s")
    print(f"summaries against eager attention   {probed / own:5.2f} times   limit  1.15")
    print(f"summaries against sdpa attention    {probed / sdpa:5.2f} times")


def peak_memory(layers: int, tokens: int, probed: bool) -> float:
    """Megabytes that a forward pass adds, in a process of its own."""
    command = [sys.executable, __file__, "child", str(layers), str(tokens), str(int(probed))]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def child(layers: int, tokens: int, probed: bool) -> None:
    """Print what a forward pass adds to the peak of this process."""
    network, before = model(layers, 8), 0.0
    run(network, ids(1, 32))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if probed:
        with attached(network, ["attn", "neuron"]) as probe:
            run(network, ids(1, tokens), probe, summaries(layers))
    else:
        run(network, ids(1, tokens))
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def growth_of_memory() -> None:
    """Peak of one pass, for more layers and more tokens, beside what whole patterns would take."""
    for layers, tokens in ((4, 1024), (16, 1024), (4, 2048)):
        bare, probed = peak_memory(layers, tokens, False), peak_memory(layers, tokens, True)
        whole = layers * 8 * tokens**2 * 4 / 2**20
        print(
            f"{layers:2} layers, 8 heads, {tokens} tokens: {probed:5.0f} MB with summaries, {bare:5.0f} MB without "
            f"(whole patterns: {whole:5.0f} MB)"
        )


def sweep_over_heads() -> None:
    """Each head of the model taken out once: many rows of a batch at a time, and one pass per head."""
    network, prompt = model(SWEEP, SWEEP, head_dim=8), ids(1, SWEEP_TOKENS)
    components = [(layer, head) for layer in range(SWEEP) for head in range(SWEEP)]
    rows = [
        Row(key=f"{layer}.{head}", given=SWEEP_TOKENS, prompt=SWEEP_TOKENS, interventions=done)
        for (layer, head), done in zip(components, zero_each("z", components), strict=True)
    ]

    def ablate(probe: Probe, size: int, chosen: Sequence[Row]) -> torch.Tensor:
        logits = []
        with torch.inference_mode():
            for start in range(0, len(chosen), size):
                batch = chosen[start : start + size]
                with probe.batch(batch):
                    logits.append(network(prompt.expand(len(batch), -1), use_cache=False).logits[:, -1])
        return torch.cat(logits)

    with attached(network, ["z"]) as probe:
        results: dict[int, torch.Tensor] = {}
        single, batched = in_turn(
            lambda: results.update({1: ablate(probe, 1, rows[::EACH])}),
            lambda: results.update({SWEEP_ROWS: ablate(probe, SWEEP_ROWS, rows)}),
        )
    single *= EACH
    difference = float((results[1] - results[SWEEP_ROWS][::EACH]).abs().max())
    print(f"{len(rows)} heads: one pass each {single:.1f} s (from every {EACH}th), batches of {SWEEP_ROWS} {batched:.1f} s")
    effect = float((results[SWEEP_ROWS] - results[SWEEP_ROWS].mean(0)).abs().max())
    print(f"largest difference of their logits  {difference:.0e}, where heads differ by up to {effect:.0e}")
    print(f"a sweep in batches is faster        {single / batched:5.1f} times   limit  3")


def main() -> None:
    """Print each figure beside its limit."""
    parts = {"summaries": cost_of_summaries, "memory": growth_of_memory, "sweep": sweep_over_heads}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1")
    else:
        main()
