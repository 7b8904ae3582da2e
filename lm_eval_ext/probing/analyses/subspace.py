"""Whether a subspace patch works through what the model uses, or wakes up a direction that it never uses."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.statistics import Ratio, Sample, ratio_of_means


@dataclass(frozen=True, kw_only=True)
class SubspacePatch:
    """Logit differences of the items under a patch of a direction and of its two parts.

    Attributes:
        clean: Logit of the base answer less that of the source answer, nothing patched.
        whole: With the direction patched.
        row: With its part patched that the readout's rows see.
        null: With the rest patched, which the readout cannot see.
        held_out: With the direction patched, on items of templates that it was not fitted on.
        held_out_clean: Of those items, nothing patched.
        cluster: Number of the sampled unit behind each item.
        held_out_cluster: Of the held-out items.
        along_row: Projection of natural activations on the row part.
        label: Which of the two classes each of these activations belongs to.
        percentile: Mahalanobis percentile of the patched activations among natural ones, 0 to 100.
        readout_rank: Rank of the weights that read the site.
    """

    clean: Float[np.ndarray, "n"]
    whole: Float[np.ndarray, "n"]
    row: Float[np.ndarray, "n"]
    null: Float[np.ndarray, "n"]
    held_out: Float[np.ndarray, "m"]
    held_out_clean: Float[np.ndarray, "m"]
    cluster: Int[np.ndarray, "n"]
    held_out_cluster: Int[np.ndarray, "m"]
    along_row: Float[np.ndarray, "a"]
    label: Bool[np.ndarray, "a"]
    percentile: float
    readout_rank: int


@dataclass(frozen=True, kw_only=True)
class SubspaceCheck:
    """The figures that the verdict needs.

    Attributes:
        whole: FLDD of the direction, 1 - patched / clean logit difference, with its clustered interval.
        row: FLDD of its row part.
        null: FLDD of the rest.
        held_out: FLDD on held-out templates.
        separation: d' of the classes along the row part in natural activations; small: the model does not use it.
        percentile: Of the patched activations among natural ones.
        failed: Which conditions of a genuine subspace fail; empty where it is genuine.
    """

    whole: Ratio
    row: Ratio
    null: Ratio
    held_out: Ratio
    separation: float | None
    percentile: float
    failed: tuple[str, ...]

    @property
    def genuine(self) -> bool:
        """No condition fails."""
        return not self.failed


def check_subspace(
    patch: SubspacePatch,
    *,
    row_share: float = 0.8,
    null_share: float = 0.1,
    separation: float = 1.0,
    percentile: float = 99.0,
    alpha: float = 0.05,
) -> SubspaceCheck:
    """Judge a subspace patch by all its conditions at once.

    Args:
        patch: Outcomes.
        row_share: Least share of the effect that the row part has alone.
        null_share: Largest share of the effect that the rest has alone.
        separation: Least d' along the row part.
        percentile: Largest Mahalanobis percentile that is still natural.
        alpha: Two-sided error rate in (0, 1).

    Raises:
        InputError: The readout has rank 1, where the row part of any direction is the causal one; or a class has fewer than two
            natural activations.

    Source:
        Makelov, Lange & Nanda 2024, arXiv:2311.17030; the thresholds are this package's.
    """
    if patch.readout_rank < 2:
        raise InputError(
            f"the readout has rank {patch.readout_rank}; the row part of any direction then has the whole effect. "
            "Test a site that is read by more than one direction."
        )
    parts = {
        name: _fldd(patch.clean, outcome, patch.cluster, alpha)
        for name, outcome in (("whole", patch.whole), ("row", patch.row), ("null", patch.null))
    }
    held_out = _fldd(patch.held_out_clean, patch.held_out, patch.held_out_cluster, alpha)
    apart = _separation(patch.along_row, patch.label)
    whole, row, null = (parts[name].value for name in ("whole", "row", "null"))
    conditions = {
        "no_effect": parts["whole"].low is not None and parts["whole"].low > 0.0,
        "row_part_too_weak": whole is not None and row is not None and whole > 0.0 and row / whole >= row_share,
        "null_part_works": whole is not None and null is not None and abs(null) <= null_share * abs(whole),
        "row_part_dormant": apart is not None and apart >= separation,
        "not_on_held_out_templates": held_out.low is not None and held_out.low > 0.0,
        "out_of_distribution": patch.percentile <= percentile,
    }
    failed = tuple(name for name, holds in conditions.items() if not holds)
    return SubspaceCheck(**parts, held_out=held_out, separation=apart, percentile=patch.percentile, failed=failed)


def _fldd(clean: Float[np.ndarray, "n"], patched: Float[np.ndarray, "n"], cluster: Int[np.ndarray, "n"], alpha: float) -> Ratio:
    return ratio_of_means(Sample(clean - patched, cluster), Sample(clean, cluster), alpha=alpha)


def _separation(values: Float[np.ndarray, "a"], label: Bool[np.ndarray, "a"]) -> float | None:
    arms = [values[label], values[~label]]
    if min(len(arm) for arm in arms) < 2:
        raise InputError(f"classes of {[len(arm) for arm in arms]} activations have no spread. Give at least 2 of each.")
    spread = float(np.sqrt(np.mean([arm.var(ddof=1) for arm in arms])))
    return abs(float(arms[0].mean() - arms[1].mean())) / spread if spread > 0.0 else None
