"""Attention patterns of single rows, computed again from queries and keys, block by block."""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from lm_eval_ext.probing.backends.hf.attention import Call


class Block(NamedTuple):
    """Pattern of some query tokens.

    Attributes:
        weights: Shape (heads, queries, keys), float32; every row sums to 1.
        first_key: Position of the first key.
    """

    weights: "Tensor"
    first_key: int


def pattern(call: "Call", row: int, index: "Tensor", *, padding: int, next_slot: int) -> Block:
    """Attention weights of some queries of one row over its own tokens.

    Args:
        call: Of the layer's attention.
        row: Number in the batch.
        index: Of the queries in ``call.query``, ascending; int64.
        padding: Tokens before the row's first one.
        next_slot: Tokens of the batch, padding included, that have run when this step is over.

    Source:
        Equal to ``eager_attention_forward`` of transformers within 1e-6 in float32.
    """
    tokens, keys = call.query.shape[2], call.key.shape[2]
    dropped = next_slot - keys  # by a sliding window; slot s is key s - dropped
    low = max(padding - dropped, 0)
    high = int(index[-1]) + keys - tokens + 1
    if call.mask is not None and bool(_visible(call.mask, row, index)[..., high:keys].any()):
        high = keys  # some models let tokens of a picture see later ones
    heads, shared = call.query.shape[1], call.key.shape[1]
    queries = call.query[row, :, index].float().mul(call.scaling).reshape(shared, -1, call.query.shape[-1])
    scores = (queries @ call.key[row, :, low:high].float().transpose(-1, -2)).view(heads, len(index), high - low)
    if call.softcap is not None:
        scores.div_(call.softcap).tanh_().mul_(call.softcap)
    hidden = ~_visible(call.mask, row, index)[..., low:high] if call.mask is not None else _later(index, keys - tokens, low, high)
    return Block(scores.masked_fill_(hidden, float("-inf")).softmax(-1), low + dropped - padding)


def _visible(mask: "Tensor", row: int, index: "Tensor") -> "Tensor":
    """Where each query may look; shape (1 or heads, queries, keys)."""
    import torch

    chosen = mask[row if mask.shape[0] > 1 else 0][:, index]
    # transformers hides with the lowest number that there is
    return chosen if chosen.dtype == torch.bool else chosen > torch.finfo(chosen.dtype).min / 2


def _later(index: "Tensor", before: int, low: int, high: int) -> Any:
    import torch

    return torch.arange(low, high, device=index.device) > (index + before)[:, None]
