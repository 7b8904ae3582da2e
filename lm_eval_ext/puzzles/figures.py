"""Every figure of a set of answers to puzzles, each with its interval over clusters and its nulls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_ext.puzzles.records import gap_between, score_of
from lm_eval_ext.statistics import Figure, as_figure, majority_share


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One judged answer.

    Attributes:
        twin: Name of its twin.
        cluster: What was sampled.
        variant: Value of the factor in which twins differ.
        truth: The right answer, as answers are compared.
        group: What a guesser may know beside the variant.
        guess: Share of a uniform guess among what is offered; None where nothing is.
        scores: By name, 0 to 1.
    """

    twin: str
    cluster: str
    variant: str
    truth: str
    group: str
    guess: float | None
    scores: Mapping[str, float]

    def record(self, score: str) -> list[object]:
        """As the metrics take it."""
        return [self.twin, self.cluster, self.variant, self.scores[score]]

    def values(self, of_em: Sequence[str]) -> dict[str, Any]:
        """What lm-eval gets of every sample.

        Args:
            of_em: Metrics that are formed over the records of ``em``.
        """
        return (
            dict(self.scores)
            | {name: self.record("em") for name in of_em}
            | {"majority": [self.truth, f"{self.variant} {self.group}"]}
        )


@dataclass(frozen=True)
class Contrast:
    """A paired difference between two variants.

    Attributes:
        name: Of the figure.
        one: Variant that it is counted for.
        other: Variant that is taken off.
        null: What a difference of 0 would mean.
        higher_is_better: Direction; None for what is neither.
    """

    name: str
    one: str
    other: str
    null: str
    higher_is_better: bool | None = None


def score_figures(
    judged: Sequence[Judged], scores: Mapping[str, bool], *, headline: str, variants: Sequence[str]
) -> Iterator[Figure]:
    """Every score in each variant, the variants in the given order.

    Args:
        judged: Judged answers.
        scores: Names of scores, and whether more is better.
        headline: The score that comes with the nulls.
        variants: The variants to show; those without an answer are left out.
    """
    for name, better in scores.items():
        for variant in variants:
            there = [one for one in judged if one.variant == variant]
            if there:
                found = score_of([one.record(name) for one in there])
                nulls = nulls_of(there) if name == headline else {}
                yield as_figure(name, found, case=variant, nulls=nulls, higher_is_better=better)


def nulls_of(judged: Sequence[Judged]) -> dict[str, float | None]:
    """What answerers reach that guess among what is offered, or that name the most frequent answer, known in advance."""
    guesses = [one.guess for one in judged if one.guess is not None]
    guess = sum(guesses) / len(guesses) if guesses and len(guesses) == len(judged) else None
    return {"guess": guess, "majority": majority_share([one.truth for one in judged], [one.group for one in judged])}


def contrast_figures(judged: Sequence[Judged], contrasts: Sequence[Contrast], scores: Sequence[str]) -> Iterator[Figure]:
    """Every contrast in every score, where both variants were asked."""
    asked = {one.variant for one in judged}
    for contrast in contrasts:
        if {contrast.one, contrast.other} <= asked:
            for score in scores:
                found = gap_between([one.record(score) for one in judged], [contrast.one], [contrast.other])
                yield as_figure(
                    contrast.name,
                    found,
                    case=score,
                    unit="difference",
                    nulls={contrast.null: 0.0},
                    empty="no_whole_twins",
                    higher_is_better=contrast.higher_is_better,
                )
