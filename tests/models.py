"""Models of random weights that run in milliseconds."""

from pathlib import Path
from typing import Any

CHAT = (
    "{% for message in messages %}{{ message['role'] }}: "
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)
SPECIAL = ["<pad>", "<s>", "</s>", "<image>"]


def byte_tokenizer(merges: list[tuple[str, str]] | None = None) -> Any:
    """A byte-level tokenizer; ``merges`` join neighbours, in order."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    merges = merges or []
    pieces = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    core = Tokenizer(models.BPE(vocab={piece: number for number, piece in enumerate(pieces)}, merges=merges))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="</s>", pad_token="<pad>", additional_special_tokens=["<image>"]
    )


MERGES = [("e", "r"), ("Ġ", "l"), (":", "Ġ"), ("i", "n")]


def sharpen(model: Any) -> None:
    """Random weights larger than the usual ones, so that attention is not uniform and answers differ."""
    import torch

    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            spread = 0.6 / parameter.shape[-1] ** 0.5
            parameter.data.normal_(0.0, spread, generator=generator)


def llama_config(vocabulary: int, **changes: Any) -> Any:
    """Two layers of width 128 with heads of 32: the smallest that vLLM's CPU attention takes."""
    from transformers import LlamaConfig

    sizes = {
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    numbers = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "max_position_embeddings": 4096}
    return LlamaConfig(vocab_size=vocabulary, **{**sizes, **numbers, **changes})


def build_tiny_llama(folder: Path) -> None:
    """Save a text model."""
    from transformers import LlamaForCausalLM

    tokenizer = byte_tokenizer(MERGES)
    model = LlamaForCausalLM(llama_config(len(tokenizer)))
    sharpen(model)
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def build_tiny_llava(folder: Path) -> None:
    """Save a vision-language model: 28-pixel pictures in 14-pixel patches, four image tokens."""
    from transformers import CLIPImageProcessor, CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor

    tokenizer = byte_tokenizer(MERGES)
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        projection_dim=32,
    )
    config = LlavaConfig(
        vision_config=vision, text_config=llama_config(len(tokenizer)), image_token_index=3, vision_feature_layer=-1
    )
    model = LlavaForConditionalGeneration(config)
    sharpen(model)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    pictures = CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    processor = LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    )
    processor.save_pretrained(folder)
    model.save_pretrained(folder)
