"""The record of a mediator: what lies between input and output, how it was searched for, and what it carries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses.patching import open_mean
from lm_eval_ext.probing.analyses.record import as_json
from lm_eval_ext.statistics import Estimate, Ratio, Sample, ratio_of_means

Mediator = Literal["layer", "head", "neuron", "subspace"]
Search = Literal["exhaustive", "supervised", "unsupervised", "alignment"]


@dataclass(frozen=True)
class Effects:
    """Outcomes of the four runs of each item, on one scale (logit difference, score).

    Attributes:
        clean: Of the clean run.
        corrupted: Of the corrupted run.
        restored: Of the corrupted run with the mediator as in the clean run.
        removed: Of the clean run with the mediator as in the corrupted run; None where it was not run.
        cluster: Number of the sampled unit behind each item.
    """

    clean: Float[np.ndarray, "n"]
    corrupted: Float[np.ndarray, "n"]
    restored: Float[np.ndarray, "n"]
    removed: Float[np.ndarray, "n"] | None
    cluster: Int[np.ndarray, "n"]

    @property
    def total(self) -> Sample:
        """Clean less corrupted."""
        return Sample(self.clean - self.corrupted, self.cluster)

    @property
    def indirect(self) -> Sample:
        """What the mediator alone restores."""
        return Sample(self.restored - self.corrupted, self.cluster)

    @property
    def direct(self) -> Sample | None:
        """What is left of the clean run's excess when the mediator is taken out of it."""
        return None if self.removed is None else Sample(self.removed - self.corrupted, self.cluster)


@dataclass(frozen=True, kw_only=True)
class MediatorRecord:
    """What every causal result states.

    Attributes:
        mediator: What kind of component.
        search: How it was found.
        intervention: Operation that measured it, such as ``patch``.
        total_effect: TE, mean of clean less corrupted.
        indirect_effect: NIE, mean of restored less corrupted. It holds the mediator's interactions with others too.
        direct_effect: NDE, mean of removed less corrupted; None where it was not measured.
        sparsity: Share of all components that the mediator takes.
        selectivity: NIE over the sum of the NIEs on suites that it should leave alone.
        faithfulness: NIE over TE.
        generality: NIE on held-out items over NIE on the items that it was found on.
        note: What the figures do not say.
    """

    mediator: Mediator
    search: Search
    intervention: str
    total_effect: Estimate
    indirect_effect: Estimate
    direct_effect: Estimate | None
    sparsity: float
    selectivity: Ratio
    faithfulness: Ratio
    generality: Ratio
    note: str = "An indirect effect measured by patching includes interactions with other mediators."

    def to_json(self) -> dict[str, Any]:
        """The record under the short names of the literature."""
        short = {"total_effect": "TE", "indirect_effect": "NIE", "direct_effect": "NDE"}
        record: dict[str, Any] = as_json(self)
        return {short.get(name, name): value for name, value in record.items()}


def mediator_record(
    held_out: Effects,
    *,
    mediator: Mediator,
    search: Search,
    intervention: str,
    n_chosen: int,
    n_all: int,
    found_on: Effects | None = None,
    off_target: Sequence[Effects] = (),
) -> MediatorRecord:
    """Effects on held-out items and the ratios made of them.

    All ratios are None where the interval of the total effect holds 0: there is nothing to mediate.

    Args:
        held_out: Items that had no part in the search.
        mediator: What kind of component.
        search: How it was found.
        intervention: Operation that measured it.
        n_chosen: Components of the mediator.
        n_all: Components there are of its kind.
        found_on: Items of the search; None where there was none (``exhaustive`` over all, or a mediator from elsewhere).
        off_target: Suites that the mediator should leave alone.

    Raises:
        InputError: The numbers of components make no share.
        ValueError: Lengths differ, or an outcome is not finite.

    Source:
        Mueller et al. 2024, arXiv:2408.01416 (criteria); Pearl 2001, arXiv:1301.2300 (direct and indirect effects).
    """
    if not 0 < n_chosen <= n_all:
        raise InputError(f"{n_chosen} of {n_all} components make no share. Give at least one, and no more than there are.")
    total = open_mean(*held_out.total)
    nothing = total.low is None or total.high is None or total.low <= 0.0 <= total.high
    target = held_out.indirect
    return MediatorRecord(
        mediator=mediator,
        search=search,
        intervention=intervention,
        total_effect=total,
        indirect_effect=open_mean(*target),
        direct_effect=None if held_out.direct is None else open_mean(*held_out.direct),
        sparsity=n_chosen / n_all,
        selectivity=_ratio(target, [one.indirect for one in off_target], "no_off_target_suite", nothing),
        faithfulness=_ratio(target, [held_out.total], "", nothing),
        generality=_ratio(target, [found_on.indirect] if found_on else [], "no_search_items", nothing),
    )


def _ratio(numerator: Sample, denominators: list[Sample], absent: str, nothing: bool) -> Ratio:
    if not denominators:
        return Ratio(None, None, None, None, None, len(numerator.values), 0, absent)
    found = ratio_of_means(numerator, *denominators)
    return replace(found, value=None, low=None, high=None, reason="total_effect_near_zero") if nothing else found
