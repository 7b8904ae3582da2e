"""InfoMEC: modularity, compactness and explicitness in units of information."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lm_eval_ext.perception.folds import make_folds
from lm_eval_ext.perception.metrics._inputs import as_levels, check_latents
from lm_eval_ext.perception.metrics.information import factor_information
from lm_eval_ext.perception.metrics.variables import active_latents
from lm_eval_ext.perception.probe import held_out_probe

FOLDS = 5
GRID = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
"""Inverse penalties C among which the inner split chooses: few latents may carry a factor whole, many may carry nothing."""


@dataclass(frozen=True)
class Scores:
    """The three scores.

    Attributes:
        modularity: InfoM; may dip below 0 on finite samples; NaN when undefined.
        compactness: InfoC; counts dimensions when blocks are distributed, and is not 0 on noise: read it with the null.
        explicitness: InfoE; held out it may be negative.
    """

    modularity: float
    compactness: float
    explicitness: float


@dataclass(frozen=True)
class InfoMEC:
    """InfoMEC of latents, and of the same latents with permuted rows.

    Attributes:
        scores: Of the latents.
        null: Of the same latents with permuted rows, in the same form.
        explicitness_clipped: Explicitness with negative factors read as 0, as a user of the latents would.
        per_factor: Explicitness of each factor, raw.
        information: I(factor; latent) / H(factor).
        active: Latents that move.
        n_dropped: Active latents without information on any factor, left out of M and C (not in the published form).
        held_out: Whether explicitness was scored on rows that its model had not seen.
        n_neighbors: Of the information estimate.
        seed: Of estimate, folds and permutation.
        reason: Why a score is undefined; None when all are defined.
    """

    scores: Scores
    null: Scores
    explicitness_clipped: float
    per_factor: Float[np.ndarray, "f"]
    information: Float[np.ndarray, "f d"]
    active: Bool[np.ndarray, "d"]
    n_dropped: int
    held_out: bool
    n_neighbors: int
    seed: int
    reason: str | None


def infomec(
    sources: Int[np.ndarray, "n f"],
    latents: Float[np.ndarray, "n d"],
    *,
    discrete: bool,
    held_out: bool = True,
    groups: Int[np.ndarray, "n"] | None = None,
    legacy: bool = False,
    n_neighbors: int = 10,
    seed: int = 0,
) -> InfoMEC:
    """InfoM, InfoC and InfoE, with what they read on noise of the same shape.

    All three depend on the basis or the dimension of the latents: rotating them lowers M and C. For spans of an embedding use
    ``lm_eval_ext.perception.separation``.

    Args:
        sources: Integer levels of at least two factors.
        latents: Continuous values, or codes when ``discrete``.
        discrete: Whether the latents are codes.
        held_out: Score explicitness on held-out groups with an L2 penalty; False scores the rows it was fitted on.
        groups: Rows held out together; each row alone by default.
        legacy: The published form, for comparison only: in-sample, unpenalised, balanced classes, latents without information
            kept (then M is NaN). Excludes ``groups``.
        n_neighbors: Of the information estimate of continuous latents. The published value is 10.
        seed: Of estimate, folds and permutation.

    Raises:
        InputError: A constant source, latents that are not finite, or too few groups for the folds.

    Source:
        Hsu et al. 2023, arXiv:2305.18378; held-out form, dropped latents and null by this package.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> sources = rng.integers(0, 4, (200, 2))
        >>> found = infomec(sources, sources.astype(float), discrete=True)
        >>> found.scores.modularity > 0.9, abs(found.null.explicitness) < 0.1
        (True, True)
    """
    check_latents(latents)
    levels = as_levels(sources, len(latents))
    held_out = held_out and not legacy
    fold = None
    if held_out:
        fold = make_folds(np.arange(len(latents)) if groups is None else groups, FOLDS, "infomec", seed, levels=list(levels.T))
    active = active_latents(latents, discrete=discrete)

    def measure(values: Float[np.ndarray, "n d"]) -> tuple[Scores, Float[np.ndarray, "f"], Float[np.ndarray, "f d"]]:
        information = factor_information(levels, values, discrete=discrete, n_neighbors=n_neighbors, seed=seed)
        per_factor = _explicitness(levels, values, discrete=discrete, fold=fold)
        kept = information[:, active] if legacy else _informative(information[:, active])
        return Scores(_peak(kept), _peak(kept.T), float(per_factor.mean())), per_factor, information

    scores, per_factor, information = measure(latents)
    null = measure(latents[np.random.default_rng(seed).permutation(len(latents))])[0]
    n_dropped = int((information[:, active].sum(axis=0) <= 0.0).sum())
    return InfoMEC(
        scores, null, float(np.maximum(per_factor, 0.0).mean()), per_factor, information, active,
        n_dropped, held_out, n_neighbors, seed, _reason(scores, int(active.sum()), n_dropped, legacy),
    )  # fmt: skip


def _informative(information: Float[np.ndarray, "f d"]) -> Float[np.ndarray, "f kept"]:
    return information[:, information.sum(axis=0) > 0.0]


def _peak(information: Float[np.ndarray, "rows columns"]) -> float:
    """Mean over columns of max/sum, scaled so that an even column is 0 and a single entry is 1."""
    rows, columns = information.shape
    total = information.sum(axis=0)
    if rows < 2 or columns == 0 or (total <= 0.0).any():
        return float("nan")
    return float(((information.max(axis=0) / total).mean() - 1.0 / rows) / (1.0 - 1.0 / rows))


def _reason(scores: Scores, n_active: int, n_dropped: int, legacy: bool) -> str | None:
    if np.isfinite([scores.modularity, scores.compactness]).all():
        return None
    if n_dropped and legacy:
        return f"{n_dropped} of {n_active} active latents carry no information and the published form divides by it"
    left = n_active - n_dropped
    return f"{left} of {n_active} active latents carry information; modularity needs 1 and two factors, compactness 2"


def _explicitness(
    levels: Int[np.ndarray, "n f"], latents: Float[np.ndarray, "n d"], *, discrete: bool, fold: Int[np.ndarray, "n"] | None
) -> Float[np.ndarray, "f"]:
    features = _indicators(latents) if discrete else latents
    if fold is None:
        return np.array([_in_sample(features, s, standardise=not discrete) for s in levels.T])
    return np.array([held_out_probe(features, s, fold, scale="columns", grid=GRID).information for s in levels.T])


def _indicators(codes: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
    return np.concatenate([(c[:, None] == np.unique(c)[None, :]).astype(np.float64) for c in codes.T], axis=1)


def _in_sample(features: Float[np.ndarray, "n d"], levels: Int[np.ndarray, "n"], *, standardise: bool) -> float:
    """The published explicitness of one factor."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(features) if standardise else features

    def loss(design: Float[np.ndarray, "n d"]) -> float:
        model = LogisticRegression(C=np.inf, class_weight="balanced", tol=1e-4, max_iter=100)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the published form stops after 100 iterations
            return float(log_loss(levels, model.fit(design, levels).predict_proba(design)))

    null = loss(np.zeros_like(scaled))
    return (null - loss(scaled)) / null
