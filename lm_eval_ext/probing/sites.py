"""Where in a transformer a probe can measure or intervene, by names that hold for every model and backend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, get_args

from lm_eval_ext.errors import InputError

Site = Literal["resid_pre", "resid_post", "z", "attn", "neuron"]
"""The residual stream entering and leaving a layer; the output of each attention head before the output projection; the pattern
of each head after the softmax; the input of the MLP's down projection, after the nonlinearity."""

SITES: tuple[Site, ...] = get_args(Site)

WRITABLE_SITES: tuple[Site, ...] = ("resid_pre", "z", "neuron", "resid_post")
"""Where an intervention can write, in the order in which a layer passes them. Of ``attn`` there are statistics only."""

ATTENTION_STATISTICS = ("entropy", "maximum", "sink", "self", "previous", "distance")
"""Of one head's pattern at one query token; see ``attention_statistics``. ``span:NAME`` is the mass on a marked span."""

VALUE_STATISTICS = ("norm", "mean", "std", "mean_absolute", "active")
"""Of the entries of one vector: Euclidean norm, mean, standard deviation, mean absolute value, share of entries above 0."""

SPAN = "span:"
"""Begins the name of the statistic "mass on a marked span"."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a model has to measure, as a backend found it.

    Attributes:
        name: The model's class, for messages.
        layers: Number of layers.
        heads: Query heads of each layer, counted over all devices.
        kv_heads: Key and value heads of each layer.
        head_dim: Entries of ``z`` per head.
        hidden: Entries of the residual stream.
        neurons: Neurons of each layer's MLP; 0 where ``neuron`` is missing.
        missing: Sites that this model or backend does not offer, and why.
    """

    name: str
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    neurons: int
    missing: Mapping[Site, str] = field(default_factory=dict[Site, str])

    def require(self, site: str) -> None:
        """Refuse a site that does not exist here.

        Raises:
            InputError: There is no such site, or this model lacks it.
        """
        if site not in SITES:
            raise InputError(f"site {site!r} is unknown. Sites: {', '.join(SITES)}.{did_you_mean(site, SITES)}")
        if site in self.missing:
            offered = ", ".join(one for one in SITES if one not in self.missing) or "none"
            raise InputError(f"{self.name} has no site {site!r} to probe: {self.missing[site]}. Sites it has: {offered}.")

    def require_layers(self, layers: Sequence[int]) -> None:
        """Refuse layers that do not exist here."""
        _within("layer", layers, self.layers, self.name)

    def require_heads(self, heads: Sequence[int]) -> None:
        """Refuse heads that do not exist here."""
        _within("head", heads, self.heads, self.name)

    def require_neurons(self, neurons: Sequence[int]) -> None:
        """Refuse neurons that do not exist here."""
        _within("neuron", neurons, self.neurons, self.name)

    def width(self, site: Site) -> int:
        """Entries per token at a site that can be written; heads lie side by side.

        Example:
            >>> tiny = Architecture(name="Tiny", layers=2, heads=4, kv_heads=2, head_dim=8, hidden=32, neurons=64)
            >>> tiny.width("z"), tiny.width("neuron")
            (32, 64)
        """
        if site == "attn":
            raise InputError("site 'attn' has statistics only, no values. Take site 'z' for the outputs of heads.")
        return {"z": self.heads * self.head_dim, "neuron": self.neurons}.get(site, self.hidden)


def did_you_mean(given: str, known: Sequence[str]) -> str:
    """A hint that names the closest of the known words, with a blank before it; empty when none is close.

    Example:
        >>> did_you_mean("resid_pots", SITES)
        " Did you mean 'resid_post'?"
    """
    close = get_close_matches(given, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _within(what: str, numbers: Sequence[int], count: int, model: str) -> None:
    beyond = [number for number in numbers if not 0 <= number < count]
    if beyond:
        raise InputError(f"{what} {beyond[0]} does not exist in {model}. Its {what}s are 0 to {count - 1}.")
