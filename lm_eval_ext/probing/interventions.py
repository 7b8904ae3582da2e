"""What a probe changes in a run, and how one change acts on one slice of activations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.sites import WRITABLE_SITES, Architecture, Site, did_you_mean
from lm_eval_ext.probing.spans import Positions, Selection

if TYPE_CHECKING:
    from torch import Tensor

Operation = Literal["zero", "mean", "resample", "set", "scale", "add", "patch", "project"]
"""x := 0; := a stored mean; := the value of another item; := a given value; := c·x; := x + c·v (steering); := the value of a
stored run or of another place in the same run; := x with one subspace's part removed, replaced, or kept alone."""

OPERATIONS: tuple[Operation, ...] = get_args(Operation)

_NEED_VALUES = ("mean", "resample", "set", "add")
_ORTHONORMAL = 1e-4

Phase = Literal["prefill", "decode", "both"]
"""Tokens that were given to the model, tokens that it made itself, or all."""


class Place(NamedTuple):
    """A site of one layer."""

    site: Site
    layer: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervention:
    """One change at one place.

    Attributes:
        operation: What is done.
        site: Where: ``resid_pre``, ``resid_post``, ``z`` or ``neuron``.
        layer: Of the site.
        heads: Which heads of ``z``; None for all.
        neurons: Which neurons of ``neuron``; None for all.
        positions: At which tokens.
        phase: Whether at tokens that were given, at those that the model makes, or at both.
        factor: c of ``scale`` and ``add``.
        values: What ``mean``, ``resample``, ``set`` and ``patch`` write, v of ``add``, or what ``project`` puts into the
            subspace. Shape (width), or (positions, width) with a row for each position that is meant, in their order. Width
            counts the entries that are selected: ``hidden``, ``len(heads) * head_dim`` or ``len(neurons)``.
        same_run: Where in the same run ``patch`` or ``project`` takes its values from, at the same heads or neurons and tokens;
            instead of ``values``. A layer is taken out by patching ``resid_post`` from its own ``resid_pre``.
        basis: U of ``project``, orthonormal columns; shape (width, directions).
        keep: Of ``project``: True keeps the subspace's part of x and removes all else, False removes or replaces it.
    """

    operation: Operation
    site: Site
    layer: int
    heads: tuple[int, ...] | None = None
    neurons: tuple[int, ...] | None = None
    positions: Positions = "all"
    phase: Phase = "both"
    factor: float = 1.0
    values: np.ndarray | None = None
    same_run: Place | None = None
    basis: np.ndarray | None = None
    keep: bool = False

    def __post_init__(self) -> None:
        self._check_names()
        self._check_operands()
        for numbers in (self.values, self.basis):
            if numbers is not None and not np.isfinite(numbers).all():
                raise InputError(f"{self.operation} of {self.site}: the numbers to write must be finite.")

    @property
    def place(self) -> Place:
        """Where it writes."""
        return Place(self.site, self.layer)

    def _check_names(self) -> None:
        if self.operation not in OPERATIONS:
            hint = did_you_mean(self.operation, OPERATIONS)
            raise InputError(f"operation {self.operation!r} is unknown. Operations: {', '.join(OPERATIONS)}.{hint}")
        if self.site not in WRITABLE_SITES:
            raise InputError(f"site {self.site!r} cannot be written. Sites for interventions: {', '.join(WRITABLE_SITES)}.")
        if (self.heads is not None and self.site != "z") or (self.neurons is not None and self.site != "neuron"):
            raise InputError(f"site {self.site!r} has no such components: heads belong to 'z', neurons to 'neuron'.")
        for numbers in (self.heads, self.neurons):
            if numbers is not None and (not numbers or len(set(numbers)) < len(numbers)):
                raise InputError(f"components {list(numbers)} of {self.site}: give at least one, and none twice.")

    def _check_operands(self) -> None:
        given = {"values": self.values is not None, "same_run": self.same_run is not None, "basis": self.basis is not None}
        wanted = {"patch": "one of values and same_run", "project": "basis"}.get(
            self.operation, "values" if self.operation in _NEED_VALUES else "no operands"
        )
        right = {
            "patch": not given["basis"] and given["values"] != given["same_run"],
            "project": given["basis"] and not (given["values"] and given["same_run"]),
        }.get(self.operation, given == {"values": self.operation in _NEED_VALUES, "same_run": False, "basis": False})
        if not right:
            stated = ", ".join(name for name, there in given.items() if there) or "none"
            raise InputError(f"{self.operation} of {self.site} takes {wanted}; given: {stated}.")
        if self.keep and (self.operation != "project" or given["values"] or given["same_run"]):
            raise InputError("keep belongs to project without values: it leaves nothing but the subspace's part.")
        if self.same_run is not None and not precedes(self.same_run, self.place):
            raise InputError(f"{self.place} comes before {self.same_run} in a run, so it cannot be patched from there.")


def precedes(one: Place, other: Place) -> bool:
    """Whether a run passes ``one`` before it passes ``other``.

    Example:
        >>> precedes(Place("resid_pre", 2), Place("resid_post", 2)), precedes(Place("resid_post", 2), Place("z", 2))
        (True, False)
    """
    order = WRITABLE_SITES.index
    return (one.layer, order(one.site)) < (other.layer, order(other.site))


def check(intervention: Intervention, architecture: Architecture) -> None:
    """Refuse an intervention that does not fit a model.

    Raises:
        InputError: A site, layer, head or neuron does not exist, a width does not fit, or a basis is not orthonormal.
    """
    for place in filter(None, (intervention.place, intervention.same_run)):
        architecture.require(place.site)
        architecture.require_layers([place.layer])
    architecture.require_heads(intervention.heads or ())
    architecture.require_neurons(intervention.neurons or ())
    source = intervention.same_run
    if source is not None and architecture.width(source.site) != architecture.width(intervention.site):
        raise InputError(f"{intervention.place} cannot be patched from {source}: they have different widths.")
    chosen = columns(intervention, architecture)
    width = architecture.width(intervention.site) if chosen is None else len(chosen)
    _check_shapes(intervention, width)


def _check_shapes(intervention: Intervention, width: int) -> None:
    what = f"{intervention.operation} of {intervention.site} in layer {intervention.layer}"
    values, basis = intervention.values, intervention.basis
    if values is not None and (len(values.shape) not in {1, 2} or values.shape[-1] != width):
        raise InputError(f"{what}: values have shape {tuple(values.shape)}. Give ({width}) or (positions, {width}).")
    if basis is not None:
        array = basis.astype(np.float64)
        if array.ndim != 2 or array.shape[0] != width:
            raise InputError(f"{what}: the basis has shape {array.shape}. Give ({width}, directions).")
        if np.abs(array.T @ array - np.eye(array.shape[1])).max() > _ORTHONORMAL:
            raise InputError(f"{what}: the basis is not orthonormal. Give the Q of its QR decomposition.")


def columns(intervention: Intervention, architecture: Architecture) -> np.ndarray | None:
    """Entries per token that are changed; None for all.

    Example:
        >>> tiny = Architecture(name="Tiny", layers=2, heads=4, kv_heads=2, head_dim=2, hidden=8, neurons=16)
        >>> columns(Intervention(operation="zero", site="z", layer=0, heads=(3, 0)), tiny).tolist()
        [6, 7, 0, 1]
    """
    if intervention.heads is not None:
        within = np.arange(architecture.head_dim)
        return (np.asarray(intervention.heads)[:, None] * architecture.head_dim + within).ravel()
    return None if intervention.neurons is None else np.asarray(intervention.neurons)


def changed(intervention: Intervention, x: "Tensor", selection: Selection, source: "Tensor | None" = None) -> "Tensor":
    """What takes the place of ``x``.

    Args:
        intervention: What is done.
        x: The selected entries at the selected positions; shape (positions, width). It is left as it is.
        selection: The positions, for values that differ by position.
        source: The same entries at ``intervention.same_run``; needed where that is set.

    Returns:
        Shape, dtype and device of ``x``.

    Raises:
        InputError: There are values for fewer positions than are selected.
    """
    values = _values(intervention, x, selection) if source is None else source
    match intervention.operation:
        case "zero":
            return x.new_zeros(x.shape)
        case "scale":
            return x * intervention.factor
        case "project":
            return _project(intervention, x, values)
        case "add":
            return x + intervention.factor * _given(values)
        case _:
            return _given(values)


def _given(values: "Tensor | None") -> "Tensor":
    assert values is not None  # noqa: S101  # checked when the intervention was made
    return values


def _values(intervention: Intervention, x: "Tensor", selection: Selection) -> "Tensor | None":
    import torch

    if intervention.values is None:
        return None
    values = torch.as_tensor(intervention.values, dtype=x.dtype, device=x.device)
    if values.dim() == 1:
        return values.expand_as(x)
    if len(selection) and selection.ordinals.max() >= len(values):
        what = f"{intervention.operation} of {intervention.site} in layer {intervention.layer}"
        reached = int(selection.ordinals.max())
        raise InputError(
            f"{what} has values for {len(values)} positions; number {reached} (from 0) is reached. "
            "Give runs of equal length, or other positions."
        )
    return values[torch.as_tensor(selection.ordinals, device=x.device)]


def _project(intervention: Intervention, x: "Tensor", values: "Tensor | None") -> "Tensor":
    import torch

    basis = torch.as_tensor(intervention.basis, dtype=x.dtype, device=x.device)
    if intervention.keep:
        return (x @ basis) @ basis.T
    return x + (((x.new_zeros(()) if values is None else values) - x) @ basis) @ basis.T


def zero_each(site: Site, components: Sequence[tuple[int, int]]) -> list[tuple[Intervention, ...]]:
    """One intervention per component, for a sweep in which every row of a batch takes out another one.

    Args:
        site: ``z`` for heads, ``neuron`` for neurons.
        components: Layer and number of each.

    Example:
        >>> sweep = zero_each("z", [(0, 3), (1, 2)])
        >>> [(one.layer, one.heads) for (one,) in sweep]
        [(0, (3,)), (1, (2,))]
    """
    return [
        (
            Intervention(
                operation="zero",
                site=site,
                layer=layer,
                heads=(number,) if site == "z" else None,
                neurons=(number,) if site == "neuron" else None,
            ),
        )
        for layer, number in components
    ]
