"""The scorer: blocks, factors and groups in; the matrix, its summaries, intervals and nulls out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.perception.blocks import FULL, Blocks, match_rank
from lm_eval_ext.perception.controls import control_factors, null_matrices
from lm_eval_ext.perception.factors import Factor
from lm_eval_ext.perception.information import FOLDS, REPEATS, InformationMatrix, Questions
from lm_eval_ext.perception.jackknife import PARTS, Interval, jackknife_interval, refit_matrices
from lm_eval_ext.perception.scalars import block_compactness, block_modularity, leakage, separation

NULLS = 100
FEWEST_GROUPS = 30
"""Fewer groups than this get an interval marked unreliable, and no p."""


@dataclass(frozen=True)
class Score:
    """One number with its interval and its null.

    Attributes:
        value: Mean over grouped splits.
        low: Lower end of the 95 % refit jackknife interval.
        high: Upper end.
        null_mean: Mean over random subspaces; NaN where there is no such null.
        null_sd: Their standard deviation.
        z: (value - null_mean) / null_sd.
        p: Share of random subspaces, counting the value itself, that read at least as much; None below 30 groups.
    """

    value: float
    low: float
    high: float
    null_mean: float
    null_sd: float
    z: float
    p: float | None


@dataclass(frozen=True)
class Separation:
    """How far the blocks of an embedding are apart.

    Attributes:
        matrix: R[block, factor]; role blocks cut to one rank, then the whole embedding, shared and residual.
        intervals: R of (block, factor).
        scores: ``sep``, ``geo_sem`` (category and view only), ``b_info_m``, ``b_info_c`` (over role blocks), ``b_info_e``.
        leaks: LEAK of (block, factor) for blocks that are not the factor's own; absent where undefined.
        control: R[block, factor] of shuffled labels, one split.
        rank: Of the role blocks.
        nulls: Random draws behind each null.
        seed: Of splits, parts, subspaces and shuffles.
        reason: Why intervals need care; None when nothing is special.
    """

    matrix: InformationMatrix
    intervals: dict[tuple[str, str], Interval]
    scores: dict[str, Score]
    leaks: dict[tuple[str, str], Interval]
    control: Float[np.ndarray, "b f"]
    rank: int
    nulls: int
    seed: int
    reason: str | None


@dataclass(frozen=True)
class Plan:
    """How much is drawn.

    Attributes:
        repeats: Grouped splits of the matrix.
        folds: Folds of each split.
        nulls: Draws of random subspaces, at least 100 for a figure to publish.
        parts: Parts of the groups that the jackknife leaves out in turn.
        jackknife_repeats: Grouped splits that the jackknife averages over.
        seed: Of everything.
    """

    repeats: int = REPEATS
    folds: int = FOLDS
    nulls: int = NULLS
    parts: int = PARTS
    jackknife_repeats: int = 1
    seed: int = 0


def score_blocks(
    embeddings: Float[np.ndarray, "n d"],
    blocks: Blocks,
    factors: Sequence[Factor],
    groups: Int[np.ndarray, "n"],
    *,
    plan: Plan | None = None,
) -> Separation:
    """Everything about the separation of blocks that needs no picture.

    Blocks named by a factor's role compete at one rank. The interval describes new groups of the same kind under these blocks,
    probes refitted and C kept; it does not hold the error of the blocks themselves.

    Args:
        embeddings: Of every picture.
        blocks: From ``make_blocks``.
        factors: With their roles; at least two roles must be blocks.
        groups: Object, scene or picture of each row.
        plan: How much is drawn.

    Raises:
        InputError: As ``information_matrix``; or fewer than two roles, or a role that is no block.
    """
    plan = plan or Plan()
    questions = Questions.prepare(factors, groups, repeats=plan.repeats, folds=plan.folds, seed=plan.seed)
    roles = _roles(questions.factors, blocks)
    cut = match_rank({role: blocks.bases[role] for role in roles}, embeddings)
    others = {name: basis for name, basis in blocks.bases.items() if name not in roles}
    features = {name: embeddings @ basis for name, basis in (cut | others).items()} | {FULL: embeddings}
    found = np.stack([questions.ask(name, block) for name, block in features.items()], axis=1)
    names, rank, n_groups = tuple(factor.name for factor in questions.factors), cut[roles[0]].shape[1], len(np.unique(groups))
    matrix = InformationMatrix(
        found.mean(axis=0), found, tuple(features), names, questions.skipped, len(groups), n_groups, plan.seed
    )
    without = refit_matrices(features, questions, parts=plan.parts, repeats=plan.jackknife_repeats, seed=plan.seed)
    null = null_matrices(embeddings, questions, rank, len(roles), draws=plan.nulls, seed=plan.seed)
    few = n_groups < FEWEST_GROUPS
    reader = _Reader(tuple(features), roles, questions.factors)
    return Separation(
        matrix, reader.cells(matrix.values, without), reader.scores(matrix.values, without, null, few=few),
        reader.leaks(matrix.values, without), _control(features, questions, plan), rank, plan.nulls, plan.seed,
        f"{n_groups} groups, fewer than {FEWEST_GROUPS}: intervals are unreliable" if few else None,
    )  # fmt: skip


def _roles(factors: Sequence[Factor], blocks: Blocks) -> list[str]:
    roles = list(dict.fromkeys(factor.role for factor in factors if factor.role is not None))
    unknown = [role for role in roles if role not in blocks.bases]
    if unknown:
        raise InputError(f"no block is named {unknown[0]!r}, the role of a factor. Blocks: {', '.join(blocks.bases)}.")
    if len(roles) < 2:
        raise InputError(f"factors have the roles {roles}; separation needs two. Give a role to factors of two blocks.")
    return roles


def _control(features: Mapping[str, Float[np.ndarray, "n _"]], questions: Questions, plan: Plan) -> Float[np.ndarray, "b f"]:
    shuffled = control_factors(questions.factors, questions.groups, plan.seed)
    asked = Questions.prepare(shuffled, questions.groups, repeats=1, folds=plan.folds, seed=plan.seed)
    return np.stack([asked.ask(name, block)[0] for name, block in features.items()])


class _Reader:
    """Reads numbers off a matrix whose rows are role blocks first."""

    def __init__(self, blocks: tuple[str, ...], roles: list[str], factors: Sequence[Factor]) -> None:
        self.blocks, self.roles, self.factors = blocks, roles, factors
        self.with_role = [f for f, factor in enumerate(factors) if factor.role is not None]
        self.own = [roles.index(str(factors[f].role)) for f in self.with_role]

    def of_roles(self, matrix: Float[np.ndarray, "b f"]) -> dict[str, float]:
        """Numbers that random subspaces have too."""
        table = matrix[: len(self.roles)][:, self.with_role]
        read = {"sep": separation(table, self.own), "b_info_m": block_modularity(table), "b_info_c": block_compactness(table)}
        if {"semantic", "geometric"} <= set(self.roles):
            rows = [self.roles.index("semantic"), self.roles.index("geometric")]
            columns = [i for i, row in enumerate(self.own) if row in rows]
            read["geo_sem"] = separation(table[rows][:, columns], [rows.index(self.own[i]) for i in columns])
        return read

    def whole(self, matrix: Float[np.ndarray, "b f"]) -> dict[str, float]:
        """Numbers of the whole embedding."""
        return {"b_info_e": float(np.maximum(matrix[self.blocks.index(FULL)], 0.0).mean())}

    def scores(
        self,
        matrix: Float[np.ndarray, "b f"],
        without: Float[np.ndarray, "p b f"],
        null: Float[np.ndarray, "draws r f"],
        *,
        few: bool,
    ) -> dict[str, Score]:
        value = self.of_roles(matrix) | self.whole(matrix)
        parts = [self.of_roles(one) | self.whole(one) for one in without]
        drawn = [self.of_roles(one) for one in null]
        return {
            name: _score(
                value[name], np.array([one[name] for one in parts]), np.array([one.get(name, np.nan) for one in drawn]), few=few
            )
            for name in value
        }

    def cells(self, matrix: Float[np.ndarray, "b f"], without: Float[np.ndarray, "p b f"]) -> dict[tuple[str, str], Interval]:
        return {
            (block, factor.name): jackknife_interval(float(matrix[b, f]), without[:, b, f])
            for b, block in enumerate(self.blocks)
            for f, factor in enumerate(self.factors)
        }

    def leaks(self, matrix: Float[np.ndarray, "b f"], without: Float[np.ndarray, "p b f"]) -> dict[tuple[str, str], Interval]:
        full = self.blocks.index(FULL)
        value, parts = leakage(matrix, matrix[full]), np.stack([leakage(one, one[full]) for one in without])
        return {
            (block, factor.name): jackknife_interval(float(value[b, f]), parts[:, b, f])
            for b, block in enumerate(self.blocks)
            for f, factor in enumerate(self.factors)
            if block not in (FULL, factor.role) and np.isfinite(value[b, f])
        }


def _score(value: float, without: Float[np.ndarray, "p"], null: Float[np.ndarray, "draws"], *, few: bool) -> Score:
    interval = jackknife_interval(value, without)
    defined = null[np.isfinite(null)]
    if len(defined) < 2:
        return Score(value, interval.low, interval.high, float("nan"), float("nan"), float("nan"), None)
    mean, sd = float(defined.mean()), float(defined.std(ddof=1))
    p = None if few else float((1 + (defined >= value).sum()) / (1 + len(defined)))
    return Score(value, interval.low, interval.high, mean, sd, (value - mean) / sd, p)
