"""Reading answers: nothing wrong is credited, nothing hostile is slow, and what is plainly right is found."""

import json
import time
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from lm_eval_ext.worlds.answers import LONGEST_ANSWER, abstained, extract_answer
from lm_eval_ext.worlds.echoes import without_echo
from lm_eval_ext.worlds.facts import load_facts
from lm_eval_ext.worlds.matching import exact_match, normalise, token_f1
from lm_eval_ext.worlds.naming import real_names
from lm_eval_ext.worlds.official import official_score

CORPUS = [json.loads(line) for line in Path(__file__).with_name("answers_corpus.jsonl").read_text("utf-8").splitlines()]
QUESTION = "What is the capital of Peru?"
names = st.from_regex(r"[A-Z][a-z]{3,8}( [A-Z][a-z]{3,8})?", fullmatch=True).filter(lambda name: not name.startswith("Peru"))


def strict(case):
    return exact_match(extract_answer(case["text"], case["query"]), case["golds"])


def test_the_corpus_is_large_and_has_no_doubles():
    assert sum(case["em"] == 0 for case in CORPUS) >= 200
    assert len({(case["query"], case["text"]) for case in CORPUS}) == len(CORPUS)


def test_no_wrong_answer_is_credited():
    assert [case["text"] for case in CORPUS if case["em"] == 0 and strict(case)] == []


def test_no_right_answer_of_the_corpus_is_missed():
    assert [case["text"] for case in CORPUS if case["em"] == 1 and not strict(case)] == []


def test_the_corpus_bites_a_lenient_scorer():
    """Containment, the published rule, credits far more than it should; so does taking any mention."""
    wrong = [case for case in CORPUS if case["em"] == 0]
    assert sum(official_score(case["text"], case["golds"]).em for case in wrong) > 25
    assert sum(any(gold in case["text"] for gold in case["golds"]) for case in wrong) > 150


FORMATS = [
    "{}", " {}.", "**{}**", "Answer: {}", "The answer is {}.", "The answer is:\n{}", "\\boxed{{{}}}", "<think>Lima?</think>{}",
    "“{}”",
    "The capital of Peru is {}.", "{} is the capital of Peru.", "It is {}.", "{}\n\nQuestion: And of Chile?\nAnswer: Santiago",
    "Sure! The final answer is **{}**.", "Thought: I recall it. Answer: {}", "{}. It is a large city.",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@given(name=names)
def test_a_formatted_name_is_read_back(form, name):
    assert exact_match(extract_answer(form.format(name), QUESTION), [name])


@given(names, names.filter(str), st.sampled_from(["{} or {}", "not {}, {}", "{}, {}", "{} and {}", "{}\n- {}", "- {}\n- {}"]))
def test_two_names_are_none(one, other, form):
    said = extract_answer(form.format(one, other), QUESTION)
    first_line = form == "{}\n- {}"  # a line of its own is an answer of its own
    assert exact_match(said, [one]) == float(first_line)
    assert not exact_match(said, [other]) or (first_line and normalise(one) == normalise(other))


@given(st.text(max_size=300))
def test_any_text_can_be_read(text):
    said = extract_answer(text, QUESTION)
    assert len(said) <= LONGEST_ANSWER
    assert 0.0 <= exact_match(said, ["Lima"]) <= token_f1(said, ["Lima"]) <= 1.0
    assert isinstance(abstained(text), bool)
    official_score(text, ["1896"], is_time=True)


HOSTILE = {
    "one letter": "a" * 100_000, "stars": "*" * 100_000, "blanks": " " * 100_000, "lines": "\n" * 100_000,
    "quotes": '"' * 100_000,
    "open boxes": "\\boxed{" * 15_000, "open braces": "\\boxed{" + "{" * 100_000, "LaTeX": "\\text{" * 16_000,
    "dollars": "$" * 100_000,
    "open thoughts": "<think>" * 14_000, "closed thoughts": "</think>" * 12_000, "answers": "Answer: " * 12_500,
    "is": "The " + "is " * 33_000, "so": "so " * 33_000, "sentences": ". A" * 33_000, "questions": "\nQuestion:" * 10_000,
    "aloud": "Thought: " + ". the answer is " * 6_000, "aloud, lines": "Thought:" + "\n" * 99_000, "list": "- a\n" * 25_000,
    "I can": "I " + "can " * 25_000, "numbers": "1," * 50_000, "digits": "9" * 100_000, "marks": "e" + "\u0301" * 50_000,
    "writing marks": "\u200f" * 33_000, "Chinese": "".join(chr(0x4E00 + i % 20_000) for i in range(33_000)),
    "dashes": "- " * 50_000,
    "repetition": "Paris " * 16_000, "brackets": "(" * 100_000, "answer is": "answer " * 7_000 + "is" * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hundred_kilobytes_take_at_most_50_ms(kind):  # of processor time, whatever else the machine does
    def read():
        start = time.thread_time()
        said = extract_answer(HOSTILE[kind], QUESTION)
        abstained(HOSTILE[kind])
        assert exact_match(said, ["Paris"]) == 0.0
        token_f1(said, ["Paris"])
        official_score(HOSTILE[kind], ["Paris"], is_time=True)
        return time.thread_time() - start

    assert min(read() for _ in range(3)) <= 0.05


ABSTENTIONS = [
    "I don't know.", "Unknown", "Not mentioned in the text.", "I'm sorry, I can't help with that.", "N/A", "None",
    "I\u2019m not sure",
    "As an AI language model, I cannot answer.", "The text does not say.", "It cannot be determined.",
    "There is no information on that.", "The answer is unknown.",
]  # fmt: skip
NAMES = ["Lima", "Unknownville", "Nonove", "Not-in-Name", "The capital of Peru is Lima.", "Cannes", "Sorrento", ""]


@pytest.mark.parametrize("text", ABSTENTIONS)
def test_abstentions_are_recognised(text):
    assert abstained(text)


@pytest.mark.parametrize("text", NAMES)
def test_names_are_no_abstentions(text):
    assert not abstained(text)


DIFFERENT = [
    ("5", "-5"), ("5", ".5"), ("5", "5%"), ("102", "10²"), ("35", "3.5"), ("35", "3,5"), ("1.000", "1,000"), ("C", "C#"),
    ("A", "A+"),
    ("Vitamin A", "Vitamin"), ("Cl", "Cl-"), ("й", "и"), ("กี่", "กา"),
]  # fmt: skip
SAME = [
    ("São Tomé", "Sao Tome"), ("1,234,567", "1234567"), ("THE HAGUE", "Hague"), ("Straße", "Strasse"), ("İzmir", "izmir"),
    ("Ｌｉｍａ", "lima"), ("Guinea-Bissau", "guinea bissau"), ("Côte d\u2019Ivoire", "cote d'ivoire"), ("U.S.A.", "USA"),  # noqa: RUF001
    ("Tromsø", "Tromso"), ("a  b", "B"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_matters_is_kept(one, other):
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_does_not_matter_is_dropped(one, other):
    assert normalise(one) == normalise(other)


@given(st.text(max_size=40))
def test_a_text_matches_itself(text):
    assert exact_match(text, [text]) == float(bool(text.strip()))
    assert token_f1(text, [text]) == float(bool(text.strip()))


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), min_size=1, max_size=6))
def test_f1_is_symmetric_and_knows_no_order(one, other):
    left, right = " ".join(["x", *one]), " ".join(["x", *other])
    assert token_f1(left, [right]) == token_f1(right, [left]) == token_f1(" ".join(["x", *sorted(one)]), [right])


def test_f1_by_hand():
    assert token_f1("Lake Como Italy", ["Lake Como"]) == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert token_f1("x", ["y", "x z"]) == pytest.approx(2 / 3)


def test_a_sentence_without_its_question_stays_whole():
    assert without_echo("The capital of Peru is Lima", "") == "The capital of Peru is Lima"
    assert extract_answer("The capital of Peru is Lima.") == "The capital of Peru is Lima"


@pytest.mark.parametrize("form", [" {}", "Answer: {}", "The answer is **{}**.", "{}\n\nQuestion: x", "\\boxed{{{}}}"])
def test_every_name_of_the_fact_table_can_be_given_as_an_answer(form):
    table = load_facts()
    names = {*real_names(table).values(), *(name for entity in table.entities.values() for name in entity.aliases)}
    assert len(names) > 1_000
    assert [name for name in names if not exact_match(extract_answer(form.format(name), "Which is it?"), [name])] == []
    assert [name for name in names if abstained(name)] == []


def test_no_two_entities_of_a_type_are_one_answer():
    table, seen = load_facts(), {}
    real = real_names(table)
    for entity in table.entities.values():
        for name in {normalise(name) for name in (real[entity.id], *entity.aliases)}:
            assert seen.setdefault((entity.type, name), entity.id) == entity.id
