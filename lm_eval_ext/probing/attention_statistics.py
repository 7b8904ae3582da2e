"""Statistics of attention patterns, taken block by block so that no whole pattern is ever held.

A backend makes the pattern of some query tokens, hands it over, and forgets it. Keys are those of one row alone, without padding,
so the figures do not depend on the batch.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.sites import ATTENTION_STATISTICS, SPAN, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 128
"""Query tokens whose pattern is held at once."""


def check_statistics(names: Sequence[str]) -> None:
    """Refuse statistics that are unknown.

    Raises:
        InputError: A name is neither in ``ATTENTION_STATISTICS`` nor ``span:NAME``.
    """
    for name in names:
        if name not in ATTENTION_STATISTICS and not (name.startswith(SPAN) and name != SPAN):
            hint = did_you_mean(name, ATTENTION_STATISTICS)
            known = ", ".join(ATTENTION_STATISTICS)
            raise InputError(f"attention statistic {name!r} is unknown. Statistics: {known}, {SPAN}NAME.{hint}")


def statistics_of(
    pattern: "Float[Tensor, 'heads queries keys']",
    positions: "Int[Tensor, ' queries']",
    names: Sequence[str],
    spans: Mapping[str, Sequence[int]],
    *,
    first_key: int = 0,
) -> "Float[Tensor, 'queries heads statistics']":
    """Statistics of a block of attention rows.

    - ``entropy``: the sum of -p ln p, in nats; 0 ≤ entropy ≤ ln(keys).
    - ``maximum``: the largest weight.
    - ``sink``: weight on the row's first token.
    - ``self``, ``previous``: weight on the query's own token, and on the one before (0 for the first token).
    - ``distance``: the sum of p · (query - key), in tokens.
    - ``span:NAME``: weight on the tokens of a span; not a number where the row has an empty span of that name.

    Args:
        pattern: Weights after the softmax, float32; every row sums to 1.
        positions: Of the queries.
        names: Which statistics, in the order of the result.
        spans: Positions of each named span.
        first_key: Position of the first key; above 0 where a sliding window has dropped earlier ones.

    Raises:
        InputError: A span is not among ``spans``.

    Example:
        >>> import torch
        >>> pattern = torch.tensor([[[1.0, 0.0], [0.25, 0.75]]])
        >>> statistics_of(pattern, torch.tensor([0, 1]), ["sink", "self", "distance"], {})[:, 0].tolist()
        [[1.0, 1.0, 0.0], [0.25, 0.75, 0.25]]
    """
    import torch

    keys = torch.arange(first_key, first_key + pattern.shape[-1], device=pattern.device)
    results = {"maximum": lambda: pattern.amax(-1), "entropy": lambda: torch.special.entr(pattern).sum(-1)}
    picked = {"sink": positions.new_zeros(()).expand_as(positions), "self": positions, "previous": positions - 1}
    # one product with a narrow matrix gives all sums over keys
    sums = [name for name in names if name == "distance" or name.startswith(SPAN)]
    weighted = pattern @ _weights(sums, keys, spans) if sums else pattern

    def statistic(name: str) -> "Tensor":
        if name in results:
            return results[name]()
        if name in picked:
            return _weight_at(pattern, picked[name] - first_key)
        column = weighted[..., sums.index(name)]
        return (positions - keys[-1]) - column if name == "distance" else column

    return torch.stack([statistic(name) for name in names], -1).transpose(0, 1)


def _weights(names: Sequence[str], keys: "Tensor", spans: Mapping[str, Sequence[int]]) -> "Tensor":
    """What each key counts in each sum; shape (keys, names)."""
    import torch

    return torch.stack([_weight(name, keys, spans) for name in names], -1)


def _weight(name: str, keys: "Tensor", spans: Mapping[str, Sequence[int]]) -> "Tensor":
    import torch

    if name == "distance":
        return (keys - keys[-1]).float()  # from the last one: small numbers lose less
    span = name.removeprefix(SPAN)
    if span not in spans:
        raise InputError(f"there is no span {span!r} in this row, so no attention to it. Spans: {', '.join(spans) or 'none'}.")
    if not spans[span]:
        return torch.full(keys.shape, torch.nan, device=keys.device)
    return torch.isin(keys, torch.tensor(list(spans[span]), device=keys.device)).float()


def _weight_at(pattern: "Tensor", at: "Tensor") -> "Tensor":
    """Weight of each query on one key of its own; 0 where that key is not there."""
    there = (at >= 0) & (at < pattern.shape[-1])
    index = at.clamp(0, pattern.shape[-1] - 1).expand(pattern.shape[0], -1)[..., None]
    return pattern.gather(-1, index)[..., 0] * there
