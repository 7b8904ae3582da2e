"""Tiny models of many architectures, with random weights large enough that attention is far from uniform."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

VOCABULARY, LAYERS, HEADS, PAD = 64, 3, 4, 0
IMAGE = 63
WITH_PICTURES = ("llava", "idefics3")
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": None,
    "pad_token_id": PAD,
}


def llama() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**SIZES))


def qwen3() -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=16))


def gpt2() -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {"n_embd": 32, "n_inner": 48, "n_layer": LAYERS, "n_head": HEADS, "n_positions": 128, "vocab_size": VOCABULARY}
    return GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=1, eos_token_id=None, pad_token_id=PAD))


def gemma2() -> Any:
    from transformers import Gemma2Config, Gemma2ForCausalLM

    return Gemma2ForCausalLM(Gemma2Config(**SIZES, head_dim=16, sliding_window=4, query_pre_attn_scalar=16))


def mistral() -> Any:
    from transformers import MistralConfig, MistralForCausalLM

    return MistralForCausalLM(MistralConfig(**SIZES, sliding_window=4))


def opt() -> Any:
    from transformers import OPTConfig, OPTForCausalLM

    sizes = {
        "hidden_size": 32,
        "word_embed_proj_dim": 32,
        "ffn_dim": 48,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
    }
    numbers = {"bos_token_id": 1, "eos_token_id": None, "pad_token_id": PAD, "max_position_embeddings": 128}
    return OPTForCausalLM(OPTConfig(vocab_size=VOCABULARY, **sizes, **numbers))


def phi3() -> Any:
    from transformers import Phi3Config, Phi3ForCausalLM

    return Phi3ForCausalLM(Phi3Config(**SIZES))


def qwen3_moe() -> Any:
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24, "head_dim": 8}
    return Qwen3MoeForCausalLM(Qwen3MoeConfig(**SIZES, **experts))


def llava() -> Any:
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    vision = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 5, "num_attention_heads": 2, "projection_dim": 32}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**vision, image_size=28, patch_size=14),
        text_config=LlamaConfig(**SIZES),
        image_token_index=IMAGE,
        vision_feature_layer=-1,
    )
    return LlavaForConditionalGeneration(config)


def idefics3() -> Any:
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    vision = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 5, "num_attention_heads": 2}
    config = Idefics3Config(
        vision_config={**vision, "image_size": 28, "patch_size": 7},
        text_config={"model_type": "llama", **SIZES},
        image_token_id=IMAGE,
        scale_factor=2,
        pad_token_id=PAD,
    )
    return Idefics3ForConditionalGeneration(config)


MODELS: dict[str, Callable[[], Any]] = {
    make.__name__: make for make in (llama, qwen3, gpt2, gemma2, mistral, opt, phi3, qwen3_moe, llava, idefics3)
}


def build(name: str, implementation: str | None = None) -> Any:
    """A model in evaluation mode; the same weights at each call."""
    with torch.random.fork_rng():
        model = MODELS[name]()
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(0.0, 1.2 / parameter.shape[-1] ** 0.5, generator=generator)
    if implementation is not None:
        model.set_attn_implementation(implementation)
    model.generation_config.eos_token_id = None
    return model.eval()


def pictures(name: str, rows: Sequence[int]) -> dict[str, Any]:
    """Model inputs for the pictures of some rows, one each; none for text models."""
    if name not in WITH_PICTURES:
        return {}
    noise = torch.randn(8, 3, 28, 28, generator=torch.Generator().manual_seed(2))[list(rows)]
    return {"pixel_values": noise if name == "llava" else noise[:, None]}
