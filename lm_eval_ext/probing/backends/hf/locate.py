"""Where the sites of a Hugging Face model are, found by structure and not by names of classes."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lm_eval_ext.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

_NOT_TEXT = re.compile(r"vision|visual|audio|image|expert|perceiver|resampler|connector")
_NOT_MLP = re.compile(r"attn|attention|expert")


class Located(NamedTuple):
    """The text decoder of a model.

    Attributes:
        decoder: The model that owns the layers; its attention implementation is set apart from that of a vision tower.
        layers: In order.
        downs: Down projection of each layer's MLP, whose input are the neurons; empty where a layer has none.
    """

    decoder: Any
    layers: "list[Module]"
    downs: "list[Module]"

    def layer_of(self) -> "dict[Module, int]":
        """Number of the layer that each module belongs to."""
        return {module: number for number, layer in enumerate(self.layers) for module in layer.modules()}


def locate(model: Any) -> Located:
    """Find the layers of a model's text decoder and their parts.

    Raises:
        InputError: It is no decoder, or its layers are not found.
    """
    name = type(model).__name__
    if getattr(model.config, "is_encoder_decoder", False):
        raise InputError(f"{name} is an encoder with a decoder; probes attach to models that are decoders alone.")
    path, layers = _layers(model)
    if not layers:
        raise InputError(f"{name} has no list of equal layers that probes can attach to. Give a transformer with a text decoder.")
    downs = [down for layer in layers if (down := _down_projection(layer, model.config)) is not None]
    return Located(_owner(model, path), layers, downs if len(downs) == len(layers) else [])


def _layers(model: Any) -> "tuple[str, list[Module]]":
    """The longest list of modules of one class that is part of no vision tower and no mixture of experts."""
    import torch

    found: dict[str, list[Module]] = {
        name: list(module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList) and not _NOT_TEXT.search(name) and len({type(one) for one in module}) == 1
    }
    path = max(found, key=lambda name: len(found[name]), default="")
    return path, found.get(path, [])


def _owner(model: Any, path: str) -> Any:
    """The innermost model around a module."""
    from transformers import PreTrainedModel

    modules = dict(model.named_modules())
    while not isinstance(modules[path], PreTrainedModel):
        path = path.rpartition(".")[0]
    return modules[path]


def _down_projection(layer: "Module", config: Any) -> "Module | None":
    """The last linear map from the intermediate to the hidden size that is part of no attention."""
    text = config.get_text_config(decoder=True)
    hidden = text.hidden_size
    named = (getattr(text, name, None) for name in ("intermediate_size", "ffn_dim", "n_inner"))
    wanted = (next((size for size in named if size), 4 * hidden), hidden)
    fitting = [module for name, module in layer.named_modules() if not _NOT_MLP.search(name) and _sizes(module) == wanted]
    return fitting[-1] if fitting else None


def _sizes(module: Any) -> "tuple[int, int] | None":
    """Entries that a linear map takes and gives; None when it is none."""
    if hasattr(module, "in_features"):
        return module.in_features, module.out_features
    if type(module).__name__ == "Conv1D":  # GPT-2's linear map, with its weight transposed
        return module.nx, module.nf
    return None
