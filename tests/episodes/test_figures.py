"""Episodes in the breakdown: the same figures as in lm-eval's table."""

import pytest

from lm_eval_ext.episodes.figures import judge
from lm_eval_ext.episodes.scoring import process_navigation
from lm_eval_ext.episodes.task import open_ircot, open_navigation
from lm_eval_ext.worlds import scoring
from lm_eval_ext.worlds.figures import figures
from tests.episodes.players import clicks_at_random
from tests.episodes.test_ircot import docs_of as questions
from tests.episodes.test_ircot import transcript_of
from tests.episodes.test_navigation import docs_of as trips
from tests.episodes.test_navigation import play_through


def named(found):
    return {f"{one.name} {one.case}".strip(): one for one in found}


def test_navigation_has_success_its_walk_and_its_gap():
    docs = trips(seed=2, n=20, pages=30, steps=15)
    said = [play_through(open_navigation(doc), clicks_at_random("figures")) for doc in docs]
    rows = [process_navigation(doc, [text]) for doc, text in zip(docs, said, strict=True)]
    found = named(figures([judge(doc, text) for doc, text in zip(docs, said, strict=True)]))
    assert found["success"].value == scoring.average([row["success"] for row in rows]) > 0
    assert found["success"].nulls["guess"] == pytest.approx(scoring.average([row["random_walk"] for row in rows]))
    gap = found["knowledge_advantage success"]
    assert gap.value == scoring.knowledge_advantage([row["knowledge_advantage"] for row in rows])
    assert "knowledge_advantage success above chance" in found


def test_ircot_has_the_figures_of_a_question():
    docs = questions(n=6)
    said = [transcript_of(open_ircot(doc), [f"So the answer is: {doc['answer']}"]) for doc in docs]
    found = named(figures([judge(doc, text) for doc, text in zip(docs, said, strict=True)]))
    assert found["em"].value == 1.0
    assert found["knowledge_advantage em"].value == 0.0
