"""Scoring: what answerers get that know all, nothing, or only the text."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from tests.conformance.leaves import Leaf, choosers, load, names

Doc = dict[str, Any]
N = 60
"""Twins for the statistical checks: enough for 3 standard errors to mean something."""


@pytest.fixture(params=names())
def leaf(request: pytest.FixtureRequest) -> Leaf:
    return load(request.param, n=N)


def within_three_standard_errors(found: float, expected: Sequence[float], twins: int) -> bool:
    """Whether a mean of outcomes with these probabilities is where it should be; twins may succeed or fail together."""
    mean = sum(expected) / len(expected)
    spread = math.sqrt(sum(p * (1 - p) for p in expected) / len(expected) / twins)
    return abs(found - mean) <= 3 * spread + 1e-9


def guess(doc: Doc) -> str:
    return stream("guess", doc["item_id"]).choice(doc["choices"])


def chances(docs: Sequence[Doc]) -> list[float]:
    return [len({doc["answer"], *doc["answer_aliases"]} & set(doc["choices"])) / len(doc["choices"]) for doc in docs]


def test_an_oracle_scores_one(leaf: Leaf) -> None:
    assert leaf.value(lambda doc: doc["answer"]) == 1.0


def test_an_oracle_may_use_any_alias(leaf: Leaf) -> None:
    assert leaf.value(lambda doc: (doc["answer_aliases"] or [doc["answer"]])[-1]) == 1.0


@pytest.mark.parametrize("said", ["", " ", "\n", "…", "I cannot see a picture.", "x" * 10_000])
def test_saying_nothing_scores_nothing(leaf: Leaf, said: str) -> None:
    if leaf.by_likelihood:
        pytest.skip("log-likelihoods always choose: see test_an_answerer_without_a_preference_scores_chance")
    assert leaf.value(lambda _: said) == 0.0


def test_a_random_answerer_scores_chance(leaf: Leaf) -> None:
    if not leaf.docs[0]["choices"]:
        pytest.skip("free answers: see test_another_documents_answer_scores_what_it_matches")
    assert within_three_standard_errors(leaf.value(guess), chances(leaf.docs), len(leaf.docs))


@pytest.mark.parametrize("place", [0, 1, -1])
def test_the_option_at_one_place_scores_chance(leaf: Leaf, place: int) -> None:
    if not leaf.docs[0]["choices"]:
        pytest.skip("free answers")
    found = leaf.value(lambda doc: doc["choices"][place])
    assert within_three_standard_errors(found, chances(leaf.docs), len(leaf.twins()))


def chosen(leaf: Leaf, likelihood: Callable[[Doc, str], float], metric: str) -> float:
    return leaf.figure([[(likelihood(doc, choice), False) for choice in doc["choices"]] for doc in leaf.docs], metric)


@pytest.mark.parametrize("metric", ["acc", "acc_norm"])
@pytest.mark.parametrize("name", choosers())
def test_an_answerer_without_a_preference_scores_chance(name: str, metric: str) -> None:
    leaf = load(name, n=N)
    found = chosen(leaf, lambda *_: -7.0 if metric == "acc" else 0.0, metric)
    assert within_three_standard_errors(found, chances(leaf.docs), len(leaf.twins()))


@pytest.mark.parametrize("name", choosers())
def test_length_decides_only_where_it_is_not_divided_out(name: str) -> None:
    """Every character costs the same: summed, the shortest option wins; per character, all are equal and the first one does."""
    leaf = load(name, n=N)
    shortest = leaf.value(lambda doc: min(doc["choices"], key=len))
    first = leaf.value(lambda doc: doc["choices"][0])
    assert chosen(leaf, lambda _, choice: -2.0 * len(choice), "acc") == shortest
    assert chosen(leaf, lambda _, choice: -2.0 * len(choice), "acc_norm") == first


@pytest.mark.parametrize("name", choosers())
def test_choices_are_scored_as_lm_eval_itself_scores_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = load(name)
    noise = stream("noise", name)
    given = [[(-noise.expovariate(0.1), False) for _ in doc["choices"]] for doc in leaf.docs]
    ours = [leaf.task.process_results(doc, result) for doc, result in zip(leaf.docs, given, strict=True)]
    monkeypatch.setattr(leaf.task.config, "process_results", None)
    theirs = [leaf.task.process_results(doc, result) for doc, result in zip(leaf.docs, given, strict=True)]
    for metric in ("acc", "acc_norm"):
        assert [row[metric] for row in ours] == [row[metric] for row in theirs]


@pytest.mark.parametrize("name", choosers())
def test_a_likelihood_that_is_no_number_is_refused(name: str) -> None:
    leaf = load(name)
    with pytest.raises(InputError, match="Its numbers overflow; give another --model_args dtype"):
        chosen(leaf, lambda doc, choice: math.nan if choice == doc["choices"][1] else -1.0, "acc")


def test_another_documents_answer_scores_what_it_matches(leaf: Leaf) -> None:
    if leaf.docs[0]["choices"]:
        pytest.skip("options")
    right = [{text.casefold() for text in (doc["answer"], *doc["answer_aliases"])} for doc in leaf.docs]
    others = [doc["answer"].casefold() for doc in leaf.docs]
    expected = [sum(answer in accepted for answer in others) / len(others) for accepted in right]
    pool = [doc["answer"] for doc in leaf.docs]
    found = leaf.value(lambda doc: stream("other", doc["item_id"]).choice(pool))
    assert within_three_standard_errors(found, expected, len(leaf.docs))


def reader_of_text(leaf: Leaf) -> Callable[[Doc], str]:
    """The answer that was right most often for a question with the same words, learnt on 200 twins of another seed."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for doc in load(leaf.name, seed=5, n=200).docs:
        seen[doc["query"]][doc["answer"]] += 1
    unseen = (lambda doc: doc["choices"][0]) if leaf.by_likelihood else (lambda _: "")
    return lambda doc: seen[doc["query"]].most_common(1)[0][0] if doc["query"] in seen else unseen(doc)


def test_a_blank_picture_leaves_an_answerer_at_its_prior(leaf: Leaf) -> None:
    """What can be answered from the words alone stays within 3 standard errors of chance or of the task's own majority figure."""
    if "majority" not in leaf.task.aggregation() or not leaf.docs[0]["choices"]:
        pytest.skip("no pictures")
    found = leaf.value(reader_of_text(leaf))
    majority = leaf.value(lambda doc: doc["answer"], "majority")
    bound = max(majority, sum(chances(leaf.docs)) / len(leaf.docs))
    assert found <= bound + 3 * math.sqrt(bound * (1 - bound) / len(leaf.twins()))


def test_chance_and_majority_are_printed_beside_the_score(leaf: Leaf) -> None:
    if not leaf.docs[0]["choices"]:
        pytest.skip("free answers have no chance level")
    expected = sum(chances(leaf.docs)) / len(leaf.docs)
    assert leaf.value(lambda doc: doc["answer"], "chance") == pytest.approx(expected)
    assert leaf.value(lambda doc: doc["answer"], "majority") >= expected - 1e-9 or leaf.name in names()
