"""Random text models for probe tests, and a plain Hugging Face reference of every site, made of hooks on named modules."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from tests.models import MERGES, byte_tokenizer, sharpen

LAYERS, HIDDEN, NEURONS, HEADS, HEAD_DIM = 4, 128, 192, 4, 32
GROUPED = {"num_key_value_heads": 2}
OTHERS: dict[str, dict[str, Any]] = {
    "llama": GROUPED,
    "mistral": {**GROUPED, "sliding_window": 16},
    "qwen3": {**GROUPED, "head_dim": HEAD_DIM},
    "gemma2": {**GROUPED, "head_dim": HEAD_DIM, "sliding_window": 16, "query_pre_attn_scalar": 32},
    "phi3": {**GROUPED, "sliding_window": None},
    "mixtral": {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2},
    "gpt_neox": {},
    "opt": {"ffn_dim": NEURONS, "word_embed_proj_dim": HIDDEN},
    "gpt2": {"n_embd": HIDDEN, "n_inner": NEURONS, "n_layer": LAYERS, "n_head": HEADS, "n_positions": 512},
}


class Names(NamedTuple):
    """Where an architecture keeps its layers, and in a layer its two output projections."""

    layers: str
    down: str
    out: str


_USUAL = Names("model.layers", "mlp.down_proj", "self_attn.o_proj")
NAMES = {
    "gpt2": Names("transformer.h", "mlp.c_proj", "attn.c_proj"),
    "opt": Names("model.decoder.layers", "fc2", "self_attn.out_proj"),
    "gpt_neox": Names("gpt_neox.layers", "mlp.dense_4h_to_h", "attention.dense"),
}


def build(architecture: str, folder: Path) -> None:
    """Save four layers of width 128 with four heads of 32 and random weights."""
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = byte_tokenizer(MERGES)
    numbers = {
        "vocab_size": len(tokenizer),
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "max_position_embeddings": 512,
    }
    sizes = {
        "hidden_size": HIDDEN,
        "intermediate_size": NEURONS,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
    }
    config = AutoConfig.for_model(architecture, **{**numbers, **sizes, **OTHERS[architecture]})
    model = AutoModelForCausalLM.from_config(config)
    sharpen(model)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


Edit = Callable[[torch.Tensor], torch.Tensor]
"""Takes a site's value of all positions, (positions, width), and gives what it shall be."""


class Reference:
    """A model in transformers' eager attention, one unpadded prompt at a time."""

    def __init__(self, folder: Path, architecture: str, *, neurons: bool = True) -> None:
        from transformers import AutoModelForCausalLM

        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.names = NAMES.get(architecture, _USUAL)
        self.neurons = neurons

    def modules(self, layer: int) -> tuple[Any, Any, Any]:
        """The layer, its MLP's output projection, its attention's output projection."""
        block = self.model.get_submodule(self.names.layers)[layer]
        down = block.get_submodule(self.names.down) if self.neurons else None
        return block, down, block.get_submodule(self.names.out)

    def run(self, tokens: Sequence[int], edits: dict[tuple[str, int], Edit] | None = None) -> dict[Any, torch.Tensor]:
        """Every site of every layer, the attention patterns and the log-probabilities.

        ``edits`` change sites on the way; what is recorded there is the changed value.
        """
        found: dict[Any, torch.Tensor] = {}
        with torch.inference_mode(), self._attached(found, edits or {}):
            output = self.model(torch.tensor([list(tokens)]), output_attentions=True, use_cache=False)
        found.update({("attn", layer): weights[0] for layer, weights in enumerate(output.attentions)})
        found["logprobs"] = output.logits[0].float().log_softmax(-1)
        return found

    def continued(self, tokens: Sequence[int], new: int, edits: dict[tuple[str, int], Edit] | None = None) -> list[int]:
        """The tokens and the ``new`` likeliest ones after them."""
        found = list(tokens)
        for _ in range(new):
            found.append(int(self.run(found, edits)["logprobs"][-1].argmax()))
        return found

    @contextmanager
    def _attached(self, found: dict[Any, torch.Tensor], edits: dict[tuple[str, int], Edit]) -> Iterator[None]:
        def visit(site: str, layer: int, value: torch.Tensor) -> torch.Tensor:
            flat = value.reshape(-1, value.shape[-1])  # some have a batch dimension of one, some have none
            changed = edits[site, layer](flat.clone()) if (site, layer) in edits else flat
            found[site, layer] = changed.clone()
            return changed.view(value.shape)

        def before(site: str, layer: int) -> Any:
            return lambda module, args: (visit(site, layer, args[0]), *args[1:])

        def after(layer: int) -> Any:
            def hook(module: Any, args: Any, output: Any) -> Any:
                first = output[0] if isinstance(output, tuple) else output
                changed = visit("resid_post", layer, first)
                return (changed, *output[1:]) if isinstance(output, tuple) else changed

            return hook

        handles: list[Any] = []
        for layer in range(LAYERS):
            block, down, out = self.modules(layer)
            handles += [
                block.register_forward_pre_hook(before("resid_pre", layer)),
                block.register_forward_hook(after(layer)),
                out.register_forward_pre_hook(before("z", layer)),
            ]
            if down is not None:
                handles.append(down.register_forward_pre_hook(before("neuron", layer)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
