"""The matrix of linearly usable information: how much each block says about each factor, on groups held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.factors import Factor, usable_factors
from lm_eval_ext.perception.folds import make_folds
from lm_eval_ext.perception.logistic import fit_logistic, one_hot
from lm_eval_ext.perception.probe import HeldOutProbe, held_out_probe, ridge, scaled_design, true_log_probs
from lm_eval_ext.perception.regression import HeldOutRidge, held_out_ridge

FOLDS = 5
REPEATS = 10
Fit = HeldOutProbe | HeldOutRidge


@dataclass(frozen=True)
class InformationMatrix:
    """R[block, factor]: 1 - held-out loss over the loss of the training prior.

    Attributes:
        values: Mean over repeats; negative where the probe does worse than the prior.
        repeats: R of each grouped split.
        blocks: Names of the rows.
        factors: Names of the columns.
        skipped: Factors that were not asked -> why.
        n_rows: Pictures.
        n_groups: Groups.
        seed: Of the splits.
    """

    values: Float[np.ndarray, "b f"]
    repeats: Float[np.ndarray, "t b f"]
    blocks: tuple[str, ...]
    factors: tuple[str, ...]
    skipped: dict[str, str]
    n_rows: int
    n_groups: int
    seed: int

    @property
    def clipped(self) -> Float[np.ndarray, "b f"]:
        """Values with negative ones read as 0."""
        return np.maximum(self.values, 0.0)

    @property
    def probe_noise(self) -> Float[np.ndarray, "b f"]:
        """Standard deviation between grouped splits."""
        return self.repeats.std(axis=0, ddof=1) if len(self.repeats) > 1 else np.full(self.values.shape, np.nan)


def information_matrix(
    blocks: Mapping[str, Float[np.ndarray, "n _"]],
    factors: Sequence[Factor],
    groups: Int[np.ndarray, "n"],
    *,
    repeats: int = REPEATS,
    folds: int = FOLDS,
    seed: int = 0,
) -> InformationMatrix:
    """How much of each factor a linear probe reads from each block of features.

    Levels: L2 logistic regression, 1 - NLL/NLL of the level shares in the training folds. Angles: ridge on (cos, sin), held-out
    R². Groups never straddle a split; C is chosen inside the training folds from 1e-3 … 1. Features are scaled as a whole, so
    rotating a block changes nothing.

    Args:
        blocks: Name -> features of every row, in any basis.
        factors: What to ask.
        groups: Object, scene or picture of each row.
        repeats: Grouped splits.
        folds: Folds of each split, at least 3.
        seed: Of the splits.

    Raises:
        InputError: Embeddings that are not finite, a constant factor, wrong lengths, no factor left, or no possible split.

    Source:
        Xu et al. 2020, arXiv:2002.10689 (V-information), as a share of the prior's loss.

    Example:
        >>> groups = np.arange(200) // 2
        >>> side = groups % 2
        >>> found = information_matrix({"all": side[:, None] + 0.0}, [Factor("side", side)], groups, repeats=1)
        >>> bool(found.values[0, 0] > 0.9)
        True
    """
    questions = Questions.prepare(factors, groups, repeats=repeats, folds=folds, seed=seed)
    found = np.stack([questions.ask(name, features) for name, features in blocks.items()], axis=1)
    names = tuple(factor.name for factor in questions.factors)
    n_groups = len(np.unique(groups))
    return InformationMatrix(found.mean(axis=0), found, tuple(blocks), names, questions.skipped, len(groups), n_groups, seed)


@dataclass(frozen=True)
class Questions:
    """Factors and grouped splits, the same for every block.

    Attributes:
        factors: Those that can be asked.
        skipped: Others -> why.
        splits: Fold of each row, per repeat.
        groups: Of each row.
    """

    factors: tuple[Factor, ...]
    skipped: dict[str, str]
    splits: Int[np.ndarray, "t n"]
    groups: Int[np.ndarray, "n"]

    @staticmethod
    def prepare(
        factors: Sequence[Factor], groups: Int[np.ndarray, "n"], *, repeats: int = REPEATS, folds: int = FOLDS, seed: int = 0
    ) -> "Questions":
        """Check the factors and split the groups.

        Raises:
            InputError: As ``information_matrix``.
        """
        if folds < 3 or repeats < 1:
            raise InputError(f"folds={folds}, repeats={repeats} are not accepted. Give at least 3 folds and 1 repeat.")
        kept, skipped = usable_factors(factors, groups)
        levels = [factor.levels for factor in kept]
        splits = np.stack([make_folds(groups, folds, "information", seed, repeat, levels=levels) for repeat in range(repeats)])
        return Questions(tuple(kept), skipped, splits, groups)

    def ask(self, name: str, features: Float[np.ndarray, "n _"], repeats: slice = slice(None)) -> Float[np.ndarray, "t f"]:
        """R of every factor in every split."""
        return np.array([[fit.information for fit in row] for row in self.fits(name, features, repeats)])

    def fits(self, name: str, features: Float[np.ndarray, "n _"], repeats: slice = slice(None)) -> list[list[Fit]]:
        """Held-out fits of every factor in every split.

        Raises:
            InputError: Features are not finite or do not fit the groups.
        """
        turned = principal(name, features, len(self.groups))
        return [[fit(turned, factor, fold) for factor in self.factors] for fold in self.splits[repeats]]


def principal(name: str, features: Float[np.ndarray, "m _"], n_rows: int) -> Float[np.ndarray, "m r"]:
    """Features about their mean in their principal axes, where the solver is fastest; the probes do not notice.

    Raises:
        InputError: Features are not finite, all rows are equal, or their number is not ``n_rows``.
    """
    if len(features) != n_rows:
        raise InputError(f"block {name!r} has {len(features)} rows for {n_rows} groups. Give one row per picture.")
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise InputError(f"row {bad[0]} of block {name!r} is not finite ({len(bad)} rows like it). Embed these pictures again.")
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    moving = values > 1e-12 * max(float(values[-1]), 0.0)
    if not moving.any():
        raise InputError(f"block {name!r} is the same in every row, so nothing can be read from it. Leave it out.")
    return centred @ vectors[:, moving]


def fit(features: Float[np.ndarray, "n r"], factor: Factor, fold: Int[np.ndarray, "n"]) -> Fit:
    """Held-out fit of one factor in one split."""
    if factor.kind == "angle":
        return held_out_ridge(features, factor.circle, fold)
    return held_out_probe(features, factor.levels, fold)


def refit(
    features: Float[np.ndarray, "n r"], factor: Factor, fold: Int[np.ndarray, "n"], *, keep: Bool[np.ndarray, "n"], before: Fit
) -> float:
    """R without some rows, folds and C as before.

    Probes start from those fitted with the rows, none of which is scored, so the start tells nothing about what is.
    """
    if isinstance(before, HeldOutRidge):
        return held_out_ridge(features, factor.circle, fold, keep=keep, chosen=before.chosen).information
    levels = factor.levels
    targets = one_hot(levels, int(levels.max()) + 1)
    loss = prior = 0.0
    for k, inverse in enumerate(before.chosen):
        train, test = keep & (fold != k), keep & (fold == k)
        design = scaled_design(features, train, "overall")
        penalty, start = ridge(np.array([inverse]), features.shape[1]), before.weights[k][None]
        weights = fit_logistic(design[train], targets[:, train], penalty, start=start, tolerance=1e-7)[0]
        loss += float(true_log_probs(weights, design[test], levels[test]).sum())
        prior += float(np.log(targets[:, train].mean(axis=1))[levels[test]].sum())
    return 1.0 - loss / prior
