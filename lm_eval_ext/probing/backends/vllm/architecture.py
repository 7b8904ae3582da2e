"""What a model, as vLLM builds it, has to measure."""

from collections.abc import Sequence
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm.locate import Seam, without_pattern
from lm_eval_ext.probing.sites import Architecture, Site


def describe(name: str, config: Any, seams: Sequence[Seam], processes: int) -> Architecture:
    """The architecture behind some layers.

    Args:
        name: The model's class.
        config: vLLM's ``ModelConfig``.
        seams: The model's layers, in one process.
        processes: How many share each layer.

    Raises:
        InputError: The layers differ in their heads or neurons.
    """
    attentions: list[Any] = [seam.attention for seam in seams]
    shapes = {(one.num_heads, one.num_kv_heads, one.head_size, one.head_size_v) for one in attentions}
    downs: list[Any] = [seam.down for seam in seams if seam.down is not None]
    widths = {down.input_size for down in downs}
    if len(shapes) > 1 or len(widths) > 1:
        raise InputError(f"{name} has layers with different heads or neurons; probes on vLLM do not cover it.")
    missing: dict[Site, str] = {}
    if len(downs) < len(seams):
        missing["neuron"] = "not every layer has one MLP whose neurons could be told apart (mixtures of experts have none)"
    reason = next(filter(None, map(without_pattern, attentions)), None)
    if reason is not None:
        missing["attn"] = reason
    return Architecture(
        name=name,
        layers=len(seams),
        heads=attentions[0].num_heads * processes,
        kv_heads=config.get_total_num_kv_heads(),
        head_dim=attentions[0].head_size_v,
        hidden=config.get_hidden_size(),
        neurons=0 if "neuron" in missing else widths.pop(),
        missing=missing,
    )
