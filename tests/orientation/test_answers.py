"""What an answer says: the corpus of hostile answers, the speed, and the published script's way of reading."""

import json
import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

from lm_eval_ext.orientation.answers import parse_answer
from lm_eval_ext.orientation.prompts import LETTERS
from lm_eval_ext.orientation.questions import QUESTIONS, Question
from lm_eval_ext.orientation.script_answers import dori_script_answer

HEADER, *CORPUS = [json.loads(line) for line in (Path(__file__).parent / "answers_corpus.jsonl").read_text().splitlines()]
YES = ["Yes", "Cannot be determined", "No"]


def test_corpus_is_large_and_mostly_hostile() -> None:
    assert len(CORPUS) >= 200
    assert sum(case["choice"] is None for case in CORPUS) >= 200
    assert len({(case["set"], case["text"]) for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case['why']}: {case['text'][:30]!a}")
def test_corpus_answers_are_read_as_a_person_reads_them(case: dict[str, Any]) -> None:
    assert parse_answer(case["text"], HEADER["sets"][case["set"]]).choice == case["choice"]


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_every_usual_form_of_every_option_is_read(question: Question) -> None:
    for place, choice in enumerate(question.options):
        letter = LETTERS[place]
        for text in (
            choice, choice.upper(), f" {choice}.", f"**{choice}**", letter, f"{letter}.", f"({letter})", f"**{letter}**",
            f"answer: {letter.lower()}", f"Answer: {choice}", f'{{"answer": "{letter}"}}', f"\\boxed{{{letter}}}",
            f"<answer>{letter}</answer>", f"{letter}. {choice}", f"<think>hmm</think>{choice}", f"The answer is {choice}.",
        ):  # fmt: skip
            assert parse_answer(text, question.options).choice == choice, text


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_two_options_are_never_read_as_one(question: Question) -> None:
    for first in question.options:
        for second in question.options:
            if first != second:
                for text in (f"{first} or {second}", f"{first}\n{second}", f"Answer: {first} or {second}", f"{first}/{second}"):
                    assert parse_answer(text, question.options).choice is None, text


def test_unparsed_names_its_reason() -> None:
    how = {text: parse_answer(text, YES).how for text in ("", "A\nC", "Answer: C. Wait, no.", "Answer: maybe", "A car")}
    assert list(how.values()) == ["empty", "contradictory", "reversed", "unclear", "no_choice"]


HOSTILE = [
    "(", "a ", "answer: ", "not ", "<think>", "\\boxed{", "A. ", "To the left ", "\n", " ", "counter ", "B\n", "or ", "{",
    "A. Yes\n", "\u200f", "</think>", "\uff21", "cannot be ", "Object A ", '"answer":', "toward the camera and ", "n't ", "-",
    "B.\nC \nB", "[", "*", "clockwise ", "To the left. ", "A. To the left ", "(B) ", "°", "45 deg ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hundred_kilobytes_take_no_more_than_fifty_milliseconds(piece: str) -> None:
    text, choices = piece * (100_000 // len(piece)), QUESTIONS["directional_facing_granular"].options
    assert min(_seconds(text, choices) for _ in range(5)) <= 0.05


def _seconds(text: str, choices: Any) -> float:
    start = time.process_time()
    parse_answer(text, choices)
    return time.process_time() - start


def test_random_text_is_never_credited_by_accident() -> None:
    rng, words = (
        random.Random(5),
        re.findall(r"\S+", "the Object A B C is car facing a I to left right not of camera only it . , !"),
    )
    choices = QUESTIONS["directional_facing_coarse"].options
    texts = [" ".join(rng.choices(words, k=12)) for _ in range(1000)]
    read = [(text, parse_answer(text, choices)) for text in texts]
    credited = [text for text, parsed in read if parsed.choice is not None]
    assert all("to the left" in text.lower() or "to the right" in text.lower() or text[:1] in "ABC" for text in credited)


@pytest.mark.parametrize(
    ("text", "choice"),
    [("C", "Right"), ("C.", "Right"), ("The answer is C.", "Right"), ("right", "Right"), ("(C)", None), ("**C**", None),
     ("answer: c", None), ('{"answer": "C"}', None), ("<answer>C</answer>", None),
     ("Object A is a car. Object A faces us, so Object A needs C.", "Left")],
)  # fmt: skip
def test_script_variant_reads_as_the_published_script_is_described(text: str, choice: str | None) -> None:
    assert dori_script_answer(text, ["Left", "Up", "Right"]) == choice
