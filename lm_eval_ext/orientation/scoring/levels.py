"""What the coarse and the granular answer about one picture have to do with each other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lm_eval_ext.orientation.levels import implied_coarse, picture_key
from lm_eval_ext.orientation.scoring.items import mean
from lm_eval_ext.orientation.scoring.judging import Judged
from lm_eval_ext.orientation.scoring.twins import agree
from lm_eval_ext.orientation.wording import same_words
from lm_eval_ext.statistics import Figure, as_figure, estimate


@dataclass(frozen=True, kw_only=True)
class LevelPair:
    """The two questions of one type about one picture."""

    coarse: Judged
    granular: Judged

    @property
    def implied(self) -> str | None:
        """Key of the coarse answer that the granular one implies; None where it implies none, or nothing was said."""
        said = self.granular.choice
        implied = None if said is None else implied_coarse(self.granular.question, said)
        return None if implied is None else same_words(implied)

    @property
    def said(self) -> str | None:
        """Key of the coarse answer."""
        return None if self.coarse.choice is None else same_words(self.coarse.choice)


def level_pairs(judged: Sequence[Judged]) -> list[LevelPair]:
    """Items of the two levels about one picture, both plain or both mirrored.

    A picture that is asked about more than once at a level (published images are) leaves open which items belong together, and
    counts in no pair.
    """
    found: defaultdict[tuple[str, str, str], dict[str, list[Judged]]] = defaultdict(dict)
    for one in judged:
        if one.in_headline:
            key = (one.question.type, picture_key(one.doc), one.twin)
            found[key].setdefault(one.question.level, []).append(one)
    whole = (levels for levels in found.values() if [len(levels.get(level, ())) for level in ("coarse", "granular")] == [1, 1])
    return [LevelPair(coarse=levels["coarse"][0], granular=levels["granular"][0]) for levels in whole]


def levels(judged: Sequence[Judged]) -> Iterator[Figure]:
    """Whether the levels agree, and how often both are right; nothing where no picture is asked about at both.

    A granular answer between two coarse options (45 degrees off) implies none and does not count in ``levels_agree``; an
    unparsed answer agrees with nothing. The null is what two answerers reach that know nothing of each other and give each
    answer as often as was seen.
    """
    pairs = level_pairs(judged)
    if not pairs:
        return
    telling = [pair for pair in pairs if pair.granular.choice is None or pair.implied is not None]
    yield as_figure(
        "levels_agree",
        estimate([agree(pair.said, pair.implied) for pair in telling], [pair.coarse.cluster for pair in telling]),
        nulls={"independent": _expected_agreement(telling)},
        empty="nothing_implied",
    )
    coarse, granular = mean([pair.coarse.right for pair in pairs]), mean([pair.granular.right for pair in pairs])
    yield as_figure(
        "both_levels",
        estimate([pair.coarse.right * pair.granular.right for pair in pairs], [pair.coarse.cluster for pair in pairs]),
        nulls={"independent": None if coarse is None or granular is None else coarse * granular},
    )


def _expected_agreement(pairs: Sequence[LevelPair]) -> float | None:
    """Chance agreement within each question type, as in Cohen's kappa, weighed by the pairs of the type."""
    types: defaultdict[str, list[LevelPair]] = defaultdict(list)
    for pair in pairs:
        types[pair.coarse.question.type].append(pair)
    expected = 0.0
    for same in types.values():
        for answer in {pair.said for pair in same} - {None}:
            said, implied = (sum(value == answer for value in values) for values in _answers(same))
            expected += said * implied / len(same)
    return expected / len(pairs) if pairs else None


def _answers(pairs: Sequence[LevelPair]) -> tuple[list[str | None], list[str | None]]:
    return [pair.said for pair in pairs], [pair.implied for pair in pairs]
