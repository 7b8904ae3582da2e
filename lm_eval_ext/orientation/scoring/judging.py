"""One document with its answer, as every figure sees it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lm_eval_ext.orientation.answers import parse_answer
from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question
from lm_eval_ext.orientation.script_answers import dori_script_answer
from lm_eval_ext.orientation.twins import MIRRORED, PLAIN
from lm_eval_ext.orientation.wording import same_words

Scalar: TypeAlias = str | float | int | bool | None

_CANNOT = same_words(CANNOT)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One document with its answer.

    Attributes:
        doc: The document.
        factors: What the item varies.
        said: What the model wrote; None when it chose among the options by their likelihood.
        choice: The option that it names; None when it names none, or several.
    """

    doc: Mapping[str, Any]
    factors: Mapping[str, Scalar]
    said: str | None
    choice: str | None

    @property
    def truth(self) -> str:
        """The right option."""
        return str(self.doc["answer"])

    @property
    def right(self) -> float:
        """1.0 for the right option, else 0.0."""
        return float(self.choice == self.truth)

    @property
    def chance(self) -> float:
        """What a uniform guess gets on average: 1/k."""
        return 1 / len(self.doc["choices"])

    @property
    def cluster(self) -> str:
        """The unit that was sampled: the object, or the image of published items."""
        return str(self.doc["cluster_id"])

    @property
    def twin(self) -> str:
        """Kind of twin; published items, which have none, are plain."""
        return str(self.factors.get("twin", PLAIN))

    @property
    def in_headline(self) -> bool:
        """Whether the item counts in ``acc`` and what stands beside it: plain and mirrored ones do, other twins don't."""
        return self.twin in (PLAIN, MIRRORED)

    @property
    def name(self) -> str:
        """Type and level of the question."""
        return f"{self.factors.get('question')}_{self.factors.get('level')}"

    @property
    def question(self) -> Question:
        """What was asked."""
        return QUESTIONS[self.name]

    @property
    def by_script(self) -> str | None:
        """The option that the published script would read."""
        return None if self.said is None else dori_script_answer(self.said, self.doc["choices"])


def judge(doc: Mapping[str, Any], said: str) -> Judged:
    """Read an answer to a document."""
    choice = parse_answer(said, doc["choices"]).choice
    return Judged(doc=doc, factors=json.loads(doc["factors"]), said=said, choice=choice)


def judge_choice(doc: Mapping[str, Any], choice: str) -> Judged:
    """Judge an option that was chosen, not written: no text is read, and nothing is unparsed.

    Args:
        doc: A document of a task.
        choice: One of ``doc["choices"]``.

    Raises:
        ValueError: The choice is not among the options.
    """
    if choice not in doc["choices"]:
        raise ValueError(f"{choice!r} is no option of {doc['item_id']}; its options are {list(doc['choices'])}.")
    return Judged(doc=doc, factors=json.loads(doc["factors"]), said=None, choice=choice)


def judge_likelihoods(doc: Mapping[str, Any], likelihoods: Sequence[float]) -> Judged:
    """Judge by log-likelihoods: the likeliest option is chosen, the first of equals.

    Args:
        doc: A document of a task.
        likelihoods: One log-likelihood per option, in the order of ``doc["choices"]``.

    Raises:
        ValueError: There is not one number per option.
    """
    if len(likelihoods) != len(doc["choices"]):
        given = f"{len(likelihoods)} log-likelihoods for {len(doc['choices'])} options"
        raise ValueError(f"{doc['item_id']} has {given}. Give one per option, in their order.")
    return judge_choice(doc, doc["choices"][max(range(len(likelihoods)), key=lambda place: likelihoods[place])])


def is_abstention(choice: str | None) -> bool:
    """Whether an option says that the answer cannot be determined, in whatever spelling.

    Example:
        >>> is_abstention("Can not be determined"), is_abstention("Yes"), is_abstention(None)
        (True, False, False)
    """
    return choice is not None and same_words(choice) == _CANNOT
