"""Keys of requests that are under way, and the attention pattern computed from them."""

from typing import TYPE_CHECKING, Any

from jaxtyping import Float, Int

if TYPE_CHECKING:
    from torch import Tensor


class Keys:
    """Keys of one request in one layer, filled as its tokens come; storing a position again replaces it."""

    def __init__(self) -> None:
        self._stored: Any = None

    def store(self, first: int, keys: "Float[Tensor, 'n kv_heads head_dim']") -> None:
        """Keep a copy of the keys of positions ``first`` and on; all before have been stored."""
        stop = first + keys.shape[0]
        if self._stored is None:
            self._stored = keys.clone()
        elif self._stored.shape[0] < stop:
            grown = keys.new_empty(max(stop, 2 * self._stored.shape[0]), *keys.shape[1:])
            grown[:first] = self._stored[:first]
            self._stored = grown
        self._stored[first:stop] = keys

    def between(self, first: int, stop: int) -> "Float[Tensor, 'm kv_heads head_dim']":
        """Keys of positions ``first`` to ``stop - 1``."""
        return self._stored[first:stop]


def pattern(
    queries: "Float[Tensor, 'n heads head_dim']",
    keys: "Float[Tensor, 'm kv_heads head_dim']",
    positions: "Int[Tensor, ' n']",
    *,
    scale: float,
    softcap: float = 0.0,
    window: int | None = None,
    first_key: int = 0,
) -> "Float[Tensor, 'heads n m']":
    """Attention weights of some positions over all earlier ones, as the model computes them.

    Args:
        queries: After rotary embedding.
        keys: Of positions ``first_key`` and on, after rotary embedding; each serves the same number of neighbouring heads.
        positions: Of the queries; there is a key for each.
        scale: Factor of the scores.
        softcap: Scores s become ``softcap * tanh(s / softcap)``; 0 for none.
        window: How many positions back, itself included, a query sees; None for all.
        first_key: Position of the first key.

    Returns:
        Rows that sum to 1, in float32.

    Source:
        Equal to the eager attention of Hugging Face transformers (``eager_attention_forward``) within 1e-6 in float32.
    """
    import torch

    (count, heads, width), shared = queries.shape, keys.shape[1]
    together = heads // shared
    grouped = queries.float().view(count, shared, together, width).permute(1, 2, 0, 3).reshape(shared, together * count, width)
    scores = (grouped @ keys.float().permute(1, 2, 0)).mul_(scale).view(heads, count, keys.shape[0])
    if softcap:
        scores = scores.div_(softcap).tanh_().mul_(softcap)
    at = torch.arange(first_key, first_key + keys.shape[0], device=keys.device)
    hidden = at > positions[:, None]
    if window is not None:
        hidden |= at <= positions[:, None] - window
    return scores.masked_fill_(hidden, float("-inf")).softmax(-1)
