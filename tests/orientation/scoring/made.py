"""Judged answers made by hand, without pictures."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from lm_eval_ext.orientation.questions import QUESTIONS
from lm_eval_ext.orientation.scoring import Judged
from lm_eval_ext.statistics import Figure

_COUNT = itertools.count()


def made(
    question: str,
    truth: str,
    choice: str | None,
    *,
    twin_id: str | None = None,
    cluster: str | None = None,
    choices: Sequence[str] | None = None,
    said: str | None = "",
    **factors: Any,
) -> Judged:
    """One answer; every call is a cluster and a twin of its own unless told otherwise."""
    asked, number = QUESTIONS[question], next(_COUNT)
    named = {"twin": "plain", "question": asked.type, "level": asked.level, "dataset": "generated"} | factors
    doc = {
        "item_id": f"item-{number}",
        "twin_id": twin_id or f"twin-{number}",
        "cluster_id": cluster or f"cluster-{number}",
        "factors": json.dumps(named),
        "source": "generated",
        "choices": list(choices or asked.options),
        "answer": truth,
    }
    return Judged(doc=doc, factors=named, said=said, choice=choice)


def by_name(found: Sequence[Figure]) -> dict[str, Figure]:
    """Figures by name and case; each occurs once."""
    named = {f"{one.name} {one.case}".strip(): one for one in found}
    assert len(named) == len(found)
    return named
