"""How each family of tasks reads an answer and works out its figures. A new family is one entry in ``FAMILIES``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lm_eval_ext.host.records import Answer
from lm_eval_ext.statistics import Figure

Doc = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Two functions of a family.

    Attributes:
        judge: From a document and what came back for it to what ``figures`` takes.
        figures: All figures that apply to some judged documents, the headline first; its second argument holds those of the
            controls of the same run, by name.
    """

    judge: Callable[[Doc, Answer], Any]
    figures: Callable[[Sequence[Any], Mapping[str, Sequence[Any]]], list[Figure]]


def _dori() -> Family:
    from lm_eval_ext.orientation.scoring import figures, judge, judge_likelihoods

    def judge_answer(doc: Doc, answer: Answer) -> Any:
        return judge(doc, answer) if isinstance(answer, str) else judge_likelihoods(doc, answer)

    return Family(judge=judge_answer, figures=figures)


def _synthworlds() -> Family:
    from lm_eval_ext.episodes.figures import judge
    from lm_eval_ext.worlds.figures import figures

    return Family(judge=judge, figures=figures)


def _recall_reasoning() -> Family:
    from lm_eval_ext.puzzles.recall_reasoning.scoring import figures, judge

    return Family(judge=_of_text(judge), figures=figures)


def _knights() -> Family:
    from lm_eval_ext.puzzles.knights.scoring import figures, judge

    return Family(judge=_of_text(judge), figures=figures)


def _rosetta() -> Family:
    from lm_eval_ext.puzzles.rosetta.scoring import figures, judge

    return Family(judge=_of_text(judge), figures=figures)


def _of_text(judge: Callable[[Doc, str], Any]) -> Callable[[Doc, Answer], Any]:
    """A judge of texts, for tasks that ask for nothing else."""

    def judge_answer(doc: Doc, answer: Answer) -> Any:
        if not isinstance(answer, str):
            raise TypeError(f"{doc['item_id']} asks for a text and was answered with log-likelihoods")
        return judge(doc, answer)

    return judge_answer


CONTROLS = ("blind", "blank", "closed_book")
"""Settings of items that are asked without what is to be seen or read; their leaves are called ``FAMILY_SETTING``."""

FAMILIES: Mapping[str, Callable[[], Family]] = MappingProxyType(
    {"dori": _dori, "synthworlds": _synthworlds, "recall_reasoning": _recall_reasoning, "rosetta": _rosetta, "knights": _knights}
)
"""By the ``family`` of an item; imported when it is needed."""
