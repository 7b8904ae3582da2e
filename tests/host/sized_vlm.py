"""A Qwen2-VL of random weights: unlike LLaVA's, its pictures take as many tokens as their size asks for."""

from pathlib import Path
from typing import Any

from tests.models import MERGES, byte_tokenizer, sharpen

CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
SPECIAL = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]


def build_sized_vlm(folder: Path) -> None:
    """Save a model whose pictures are cut into patches of 14 pixels, four of which make a token."""
    from transformers import Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor, Qwen2VLProcessor, Qwen2VLVideoProcessor

    tokenizer = byte_tokenizer(MERGES)
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    tokenizer.chat_template = CHAT
    model = Qwen2VLForConditionalGeneration(_config(tokenizer))
    sharpen(model)
    sizes = {"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16}
    Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=sizes),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=sizes),
        chat_template=CHAT,
    ).save_pretrained(folder)
    model.save_pretrained(folder)


def _config(tokenizer: Any) -> Any:
    from transformers import Qwen2VLConfig

    start, end, image, video = tokenizer.convert_tokens_to_ids(SPECIAL)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]},
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2}
    numbers = {"vision_start_token_id": start, "vision_end_token_id": end, "image_token_id": image, "video_token_id": video}
    return Qwen2VLConfig(text_config=text, vision_config=vision, **numbers)
