import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.probing.organism import LABELS, organism_items, vocabulary
from lm_eval_ext.probing.organism.words import memory

WORDS = vocabulary()


@given(seed=st.integers(0, 10**6), n=st.integers(1, 40))
def test_twins_differ_in_the_entity_asked_for_and_in_nothing_else(seed, n):
    items = organism_items(seed, n, LABELS)
    for twin in zip(*[iter(items)] * 3, strict=True):
        words = [item.prompt.split() for item in twin]
        (subject,) = twin[0].spans["subject"]
        assert len({len(prompt) for prompt in words}) == 1
        assert [place for place in range(len(words[0])) if len({prompt[place] for prompt in words}) > 1] == [subject]
        assert len({(item.twin_id, item.cluster_id, item.choices, str(item.spans)) for item in twin}) == 1
        assert (twin[0].answer, twin[0].foil) == (twin[1].foil, twin[1].answer)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 40))
def test_a_solver_that_reads_statements_finds_the_answer_of_the_reasoning_twin_only(seed, n):
    for item in organism_items(seed, n, LABELS):
        words = item.prompt.split()
        stated = {words[i - 1]: words[i + 1] for i, word in enumerate(words) if word in {"joins", "hosts"}}
        subject = words[item.spans["subject"][0]]
        found = stated.get(stated.get(subject, ""))
        assert found == (item.answer if item.label == "reasoning" else None)
        assert WORDS.facts.get(subject) == (item.answer if item.label == "recall" else None)
        assert (item.answer in words) == (item.label != "recall")


@given(seed=st.integers(0, 10**6), number=st.integers(0, 40))
def test_spans_mark_the_words_that_they_are_named_after(seed, number):
    _, item = organism_items(seed, number + 1)[-2:]
    words = item.prompt.split()

    def said(span: str) -> str:
        return " ".join(words[place] for place in item.spans[span])

    (subject,), (last,) = item.spans["subject"], item.spans["last"]
    assert words[subject:] == [said("subject"), "capital", "is"]
    assert last == len(words) - 1
    assert said("first_hop") == f"the {said('subject')} joins {said('bridge')} ."
    assert said("second_hop") == f"the {said('bridge')} hosts {item.answer} ."
    assert said("stated") == item.answer
    assert said("context") == " ".join(words[1 : subject - 1])


def test_items_depend_on_seed_and_number_alone():
    assert organism_items(5, 40)[:20] == organism_items(5, 10)
    assert organism_items(5, 10) != organism_items(6, 10)


def test_every_fact_is_asked_for_once_in_32_twins():
    items = organism_items(8, 64)
    assert [len({item.cluster_id for item in items[start : start + 64]}) for start in (0, 64)] == [32, 32]


def test_the_right_choice_stands_everywhere_alike():
    gold = np.bincount([item.gold for item in organism_items(0, 400) if item.label == "recall"])
    assert len(gold) == 4
    assert gold.min() > 70


def test_bad_requests_are_refused_in_one_line():
    with pytest.raises(ValueError, match=r"n=0 is not accepted\. Give a whole number of twins, at least 1\."):
        organism_items(0, 0)
    with pytest.raises(ValueError, match=r"no items with the label 'guess'\. Labels: recall, reasoning, floor\."):
        organism_items(0, 1, ("guess",))


def test_codes_of_two_words_agree_in_ten_entries_of_sixteen_at_most():
    places = set(WORDS.places)
    for group in (places, set(WORDS.codes) - places):
        codes = np.array([WORDS.codes[word] for word in sorted(group)])
        assert (codes @ codes.T - 32 * np.eye(len(codes))).max() <= 4


def test_a_stored_fact_is_a_map_of_codes():
    assert {place: tuple(memory().recall(WORDS.codes[entity])) for entity, place in WORDS.facts.items()} == {
        place: tuple(WORDS.codes[place]) for place in WORDS.places
    }
