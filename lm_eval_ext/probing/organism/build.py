"""The organism on disk: a checkpoint that transformers and vLLM load, its tokenizer, and the answer key."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from lm_eval_ext.files import write_atomic
from lm_eval_ext.probing.organism import components as key
from lm_eval_ext.probing.organism.circuits import build_layers
from lm_eval_ext.probing.organism.layers import (
    ALWAYS,
    ANSWER,
    ASKS,
    ENTITY,
    KNOWN,
    PLACE,
    ROTATION_BASE,
    SINK_FLAG,
    SINKS,
    TOKEN,
    UNKNOWN,
)
from lm_eval_ext.probing.organism.words import ASK, CODE, SINK, SPECIAL, Vocabulary, vocabulary

LONGEST = 128
"""Most words of a prompt: beyond some 40 words' distance the standing pairs have turned too far."""
CONFIDENCE = 0.6
"""Weight of the read-out: an answer stands some 9 nats above the next place and 6 above "?"."""


def build_organism(folder: Path) -> key.Planted:
    """Write the model, its tokenizer and ``truth.json`` into a folder: 2 MB, the same bytes each time.

    It is a Llama of 4 layers of 8 heads and 48 neurons whose weights are written, not trained. It knows the capitals of 32
    entities by heart and works out others from statements in its prompt; ``planted()`` says by which components.

    Args:
        folder: Where to write; made when missing.

    Returns:
        Planted: The components of each kind.

    Raises:
        OSError: The folder cannot be written.
    """
    import safetensors.numpy

    folder = Path(folder)
    words = vocabulary()
    weights = {name: array.astype(np.float32) for name, array in _weights(words).items()}
    write_atomic(folder / "model.safetensors", safetensors.numpy.save(weights, metadata={"format": "pt"}))
    write_atomic(folder / "config.json", _json(_config(words)))
    write_atomic(folder / "generation_config.json", _json({"do_sample": False, "eos_token_id": 1, "pad_token_id": 0}))
    write_atomic(folder / "tokenizer.json", _tokenizer(words))
    write_atomic(folder / "tokenizer_config.json", _json(_tokenizer_config()))
    write_atomic(folder / "truth.json", _json(asdict(key.planted()) | {"facts": words.facts, "unknown": words.unknown}))
    return key.planted()


def _weights(words: Vocabulary) -> dict[str, Float[np.ndarray, "..."]]:
    """All parameters under their names in transformers."""
    embedding, readout = _embedding(words), _readout(words)
    weights = {"model.embed_tokens.weight": embedding, "lm_head.weight": readout, "model.norm.weight": np.ones(key.WIDTH)}
    inner = key.HEADS * key.HEAD_SIZE
    for number, layer in enumerate(build_layers()):
        parts = {
            "self_attn.q_proj": layer.query.reshape(inner, key.WIDTH),
            "self_attn.k_proj": layer.key.reshape(inner, key.WIDTH),
            "self_attn.v_proj": layer.value.reshape(inner, key.WIDTH),
            "self_attn.o_proj": layer.out.reshape(key.WIDTH, inner),
            "mlp.gate_proj": layer.gate,
            "mlp.up_proj": layer.up,
            "mlp.down_proj": layer.down,
            "input_layernorm": np.ones(key.WIDTH),
            "post_attention_layernorm": np.ones(key.WIDTH),
        }
        weights |= {f"model.layers.{number}.{name}.weight": array for name, array in parts.items()}
    return weights


def _embedding(words: Vocabulary) -> Float[np.ndarray, "words width"]:
    """A word's code in the token slot, and what kind of word it is."""
    rows = np.zeros((len(words.words), key.WIDTH))
    rows[:, ALWAYS] = 1.0
    kinds: dict[str, tuple[int, ...]] = {SINK: (SINKS,), ASK: (ASKS,)}
    kinds |= dict.fromkeys(words.known, (ENTITY, KNOWN)) | dict.fromkeys(words.unknown, (ENTITY, UNKNOWN))
    kinds |= dict.fromkeys(words.places, (PLACE,))
    for row, word in zip(rows, words.words, strict=True):
        if word in words.codes:
            row[TOKEN] = words.codes[word]
        row[list(kinds.get(word, ()))] = SINK_FLAG if word == SINK else 1.0
    return rows


def _readout(words: Vocabulary) -> Float[np.ndarray, "words width"]:
    """A place is said by its code in the answer slot, "?" at a question's end without an answer, and nothing else ever."""
    rows = np.zeros((len(words.words), key.WIDTH))
    for row, word in zip(rows, words.words, strict=True):
        if word in words.places:
            row[ANSWER] = CONFIDENCE * words.codes[word]
        elif word == "?":
            row[ASKS] = CONFIDENCE * CODE / 2
        else:
            row[ALWAYS] = -CONFIDENCE * CODE
    return rows


def _config(words: Vocabulary) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "vocab_size": len(words.words),
        "hidden_size": key.WIDTH,
        "intermediate_size": key.NEURONS,
        "num_hidden_layers": key.LAYERS,
        "num_attention_heads": key.HEADS,
        "num_key_value_heads": key.HEADS,
        "head_dim": key.HEAD_SIZE,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "max_position_embeddings": LONGEST,
        "rope_parameters": {"rope_type": "default", "rope_theta": ROTATION_BASE},
        "tie_word_embeddings": False,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": None,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }


def _tokenizer(words: Vocabulary) -> str:
    """Words between blanks; one that is not in the vocabulary reads as "?"."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

    numbers = {word: number for number, word in enumerate(words.words)}
    core = Tokenizer(models.WordLevel(vocab=numbers, unk_token="?"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in SPECIAL[:2]])
    return core.to_str(pretty=True)


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": LONGEST,
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, sort_keys=True) + "\n"
