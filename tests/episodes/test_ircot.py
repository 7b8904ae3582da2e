"""IRCoT: when it retrieves, when it ends, what it is scored by."""

import json

import pytest

from lm_eval_ext.episodes.ircot import CUE, Ircot
from lm_eval_ext.episodes.rules import Transcript, Turn
from lm_eval_ext.episodes.scoring import process_ircot
from lm_eval_ext.episodes.task import episode_items, open_ircot
from lm_eval_ext.items import to_columns
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import scoring
from lm_eval_ext.worlds.publish import write_world
from lm_eval_ext.worlds.retrieval import Bm25

PAGES = {"lima": "Lima lies in Peru.", "peru": "Peru pays in sol.", "oslo": "Oslo lies in Norway.", "sol": "The sol is money."}
SHARED = {"source": "generated", "seed": 3, "n": 12, "pages": 100}


def episode(steps=3, top_k=1):
    return Ircot("What does the country of Lima pay in?", PAGES, Bm25(PAGES), steps=steps, top_k=top_k)


def docs_of(**options):
    columns = to_columns(list(episode_items("ircot", Options(**SHARED | options))))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def transcript_of(played, outputs):
    transcript = Transcript()
    for output in outputs:
        transcript.turns.append(Turn(played.request().prompt, output))
        played.advance(output)
    return transcript.dump()


def test_a_thought_finds_further_pages_and_the_better_score_counts():
    played = episode(top_k=2)
    assert played.shown[0] == "lima"
    played.advance(" Peru pays in sol, so I look there.")
    assert "peru" in played.shown
    assert len(played.shown) == 2
    assert PAGES["peru"] in played.request().prompt
    assert played.request().prompt.endswith(
        "Question: What does the country of Lima pay in?\nThought: Peru pays in sol, so I look there.\nThought:"
    )


@pytest.mark.parametrize("output", [f"{CUE} sol", f"In Peru. {CUE.lower()} sol", "So the answer is sol", "The answer is: sol"])
def test_an_answer_ends_the_episode(output):
    played = episode()
    played.advance(output)
    assert played.finished
    assert played.answer is not None
    assert played.answer.strip() == "sol"


def test_spent_thoughts_lead_to_one_question_over_the_pages():
    played = episode(steps=2)
    played.advance("One.")
    played.advance("Two.")
    assert (played.asked_outright, played.finished) == (True, False)
    request = played.request()
    assert request.prompt.startswith("Read the text and answer the question with a name only.\n\n")
    assert request.max_tokens == 32
    played.advance("sol")
    assert (played.finished, played.answer) == (True, "sol")


def test_wondering_what_the_answer_is_is_a_thought():
    played = episode()
    played.advance("I do not know yet what the answer is.")
    assert not played.finished


def test_an_empty_thought_finds_nothing_new():
    played = episode()
    before = played.shown
    played.advance("\n")
    assert played.shown == before
    assert played.thoughts == [""]


def test_right_answers_score_and_recall_is_that_of_the_pages_shown_last():
    for doc in docs_of(top_k=3):
        played = open_ircot(doc)
        first = scoring.recall_of(doc)
        outputs = [f"The answer has to do with {doc['answer']}.", f"{CUE} {doc['answer']}"]
        row = process_ircot(doc, [transcript_of(played, outputs)])
        assert (row["em"], row["f1"], row["thoughts"], row["asked_outright"]) == (1.0, 1.0, 1.0, 0.0)
        gold = json.loads(doc["spec"])["gold"]
        assert row["recall_rm"][-1] == len(set(gold) & set(played.shown)) / len(gold)
        assert 0.0 <= first <= 1.0


def test_a_wrong_answer_in_the_other_world_is_the_gap():
    rows = []
    for doc in docs_of():
        said = doc["answer"] if "-rm" in doc["item_id"] else "Zland"
        rows.append(process_ircot(doc, [transcript_of(open_ircot(doc), [f"{CUE} {said}"])]))
    assert scoring.knowledge_advantage([row["knowledge_advantage"] for row in rows]) == 1.0


def test_the_questions_are_those_of_rag():
    ours, theirs = docs_of(), list(episode_items("ircot", Options(**SHARED)))
    assert [doc["item_id"] for doc in ours] == [item.item_id for item in theirs]
    assert all(doc["item_id"].startswith("ircot-") for doc in ours)


def test_a_written_world_gives_the_same_episodes(tmp_path):
    write_world(tmp_path / "world", Options(**SHARED))
    for made, read in zip(docs_of(), docs_of(source="local", root=tmp_path / "world"), strict=True):
        one, other = open_ircot(made), open_ircot(read)
        for played in (one, other):
            played.advance("It has to do with a country.")
        assert one.request() == other.request()
