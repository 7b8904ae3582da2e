"""What a probe measures at a site, and the reductions that keep it small."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jaxtyping import Float

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.attention_statistics import check_statistics
from lm_eval_ext.probing.interventions import Phase
from lm_eval_ext.probing.sites import SPAN, VALUE_STATISTICS, Architecture, Site, did_you_mean
from lm_eval_ext.probing.spans import Positions

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One thing to measure in every measured row.

    What comes of one row and layer has shape (positions, …): heads and statistics for ``attn``; heads and head_dim or
    statistics for ``z``; entries or statistics for the others. With ``mean`` there is one position, or none where nothing was
    selected.

    Attributes:
        name: Of the result; unique among the measurements of a run.
        site: Where.
        layers: Of the site.
        statistics: Of the pattern (``attn``; at least one) or of each vector; none for the values themselves.
        heads: Of ``attn`` and ``z``; None for all.
        neurons: Of ``neuron``, whose values are kept; None for all.
        positions: At which tokens; for ``attn``, of the query.
        phase: Whether at tokens that were given, at those that the model makes, or at both.
        mean: Whether the mean over the positions is kept in place of each.
    """

    name: str
    site: Site
    layers: tuple[int, ...]
    statistics: tuple[str, ...] = ()
    heads: tuple[int, ...] | None = None
    neurons: tuple[int, ...] | None = None
    positions: Positions = "all"
    phase: Phase = "both"
    mean: bool = False

    @property
    def spans(self) -> list[str]:
        """Marked spans whose share of the attention is measured."""
        return [name.removeprefix(SPAN) for name in self.statistics if name.startswith(SPAN)]

    def check(self, architecture: Architecture) -> None:
        """Refuse what a model does not have.

        Raises:
            InputError: A site, layer, head, neuron or statistic does not exist.
        """
        architecture.require(self.site)
        architecture.require_layers(self.layers)
        if (self.heads is not None and self.site not in {"attn", "z"}) or (self.neurons is not None and self.site != "neuron"):
            raise InputError(f"measurement {self.name}: heads belong to sites 'attn' and 'z', neurons to 'neuron'.")
        architecture.require_heads(self.heads or ())
        architecture.require_neurons(self.neurons or ())
        if self.site == "attn":
            if not self.statistics:
                raise InputError(f"measurement {self.name}: site 'attn' has statistics only. Name some of them.")
            check_statistics(self.statistics)
            return
        unknown = [name for name in self.statistics if name not in VALUE_STATISTICS]
        if unknown:
            hint = did_you_mean(unknown[0], VALUE_STATISTICS)
            raise InputError(
                f"statistic {unknown[0]!r} is unknown at {self.site}. Statistics: {', '.join(VALUE_STATISTICS)}.{hint}"
            )


def reduce_values(
    x: "Float[Tensor, 'positions *components width']", statistics: Sequence[str]
) -> "Float[Tensor, 'positions ...']":
    """Values as they are kept: in float32, or statistics of each vector in place of its entries.

    Args:
        x: Vectors.
        statistics: Names out of ``VALUE_STATISTICS``; none keeps the values.

    Example:
        >>> import torch
        >>> reduce_values(torch.tensor([[3.0, -4.0]]), ["norm", "mean_absolute", "active"]).tolist()
        [[5.0, 3.5, 0.5]]
    """
    import torch

    values = x.float()
    if not statistics:
        return values
    ways = {
        "norm": lambda: values.norm(dim=-1),
        "mean": lambda: values.mean(-1),
        "std": lambda: values.std(-1, correction=0),
        "mean_absolute": lambda: values.abs().mean(-1),
        "active": lambda: (values > 0).float().mean(-1),
    }
    return torch.stack([ways[name]() for name in statistics], -1)
