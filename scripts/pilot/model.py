"""The pilot's parts: a Llama reads, a CLIP vision tower sees, LLaVA joins them."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from scripts.pilot.recipe import SEED, Sizes

SPECIAL = ("<pad>", "<s>", "</s>", "<image>")
CHAT = (
    "{% for message in messages %}{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>\n{% elif part['type'] == 'text' %}"
    "{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{% if not loop.last %}{{ '\n\n' }}{% endif %}{% endfor %}"
)
"""The pilot knows no roles: a chat is its texts, one after the other."""


def train_tokenizer(texts: list[str], sizes: Sizes) -> Tokenizer:
    """Byte-level BPE learnt from training texts alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=sizes.vocabulary, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def text_config(sizes: Sizes) -> LlamaConfig:
    """The language model's shape."""
    heads = sizes.text_width // sizes.head
    return LlamaConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.text_width,
        intermediate_size=sizes.text_width * 5 // 2,
        num_hidden_layers=sizes.text_layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )


def vision_config(sizes: Sizes) -> CLIPVisionConfig:
    """The vision tower's shape."""
    return CLIPVisionConfig(
        hidden_size=sizes.vision_width,
        intermediate_size=sizes.vision_width * 3,
        num_hidden_layers=sizes.vision_layers,
        num_attention_heads=sizes.vision_width // sizes.head,
        image_size=sizes.image,
        patch_size=sizes.patch,
        projection_dim=sizes.vision_width,
        hidden_act="gelu",
    )


def build_text_model(sizes: Sizes) -> LlamaForCausalLM:
    """The language model, its weights random but fixed by the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # noqa: TID251  inside fork_rng
        return LlamaForCausalLM(text_config(sizes))


def build_joint_model(sizes: Sizes) -> LlavaForConditionalGeneration:
    """The whole model, its weights still random."""
    config = LlavaConfig(
        vision_config=vision_config(sizes),
        text_config=text_config(sizes),
        image_token_index=SPECIAL.index("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=(sizes.image // sizes.patch) ** 2,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # noqa: TID251  inside fork_rng
        model = LlavaForConditionalGeneration(config)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    return model


def build_processor(tokenizer: Tokenizer, sizes: Sizes) -> LlavaProcessor:
    """Pictures are squeezed to a square, whatever their shape, and cropped to its middle, where the objects are."""
    square, middle = ({"height": side, "width": side} for side in (sizes.resized, sizes.image))
    images = CLIPImageProcessor(size=square, crop_size=middle, image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=["<image>"],
        model_max_length=1024,
        chat_template=CHAT,
    )
    return LlavaProcessor(
        image_processor=images,
        tokenizer=fast,
        patch_size=sizes.patch,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    )


def save(model: LlavaForConditionalGeneration, tokenizer: Tokenizer, sizes: Sizes, folder: Path) -> None:
    """Weights, configuration, tokenizer and processor, as ``from_pretrained`` wants them."""
    build_processor(tokenizer, sizes).save_pretrained(folder)
    model.save_pretrained(folder)
