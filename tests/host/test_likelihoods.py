"""Log-likelihoods of answers to pictures: batches, boundaries and sizes change nothing, against plain transformers row by row."""

import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lm_eval_ext.host.models import HFMultimodalExt
from lm_eval_ext.likelihoods import answer_tokens
from lm_eval_ext.orientation.questions import QUESTIONS
from tests.conftest import ROOT
from tests.host.requests import choice, picture

TOLERANCE = 1e-4
PILOT = ROOT / "tests" / "pilot"
SIZES = [(40, 32), (256, 256), (28, 120), (90, 91), (512, 256)]
OPTIONS = sorted({option for question in QUESTIONS.values() for option in question.options})
WORDS = st.text("".join(sorted(set("".join(OPTIONS)))) + "\n:", min_size=1, max_size=12) | st.sampled_from(OPTIONS)


class Plain(NamedTuple):
    """A model as transformers loads it, asked one row at a time, without padding."""

    processor: Any
    model: Any
    place: str

    def log_likelihood(self, prompt: str, answer: str, seen: Image.Image) -> float:
        """Summed over every token that holds a letter of the answer; where those begin comes from the letters' places."""
        text = (prompt + answer).replace("<image>", self.place)
        tokens = self.processor.tokenizer(text, return_offsets_mapping=True)
        start = len(text) - len(answer)
        count = sum(end > start for _, end in tokens["offset_mapping"])
        inputs = self.processor(text=[text], images=[seen], return_tensors="pt")
        with torch.no_grad():
            log_probs = self.model(**inputs).logits[0].double().log_softmax(-1)
        ids = inputs["input_ids"][0]
        return float(sum(log_probs[at - 1, ids[at]] for at in range(len(ids) - count, len(ids))))


def load_plain(folder: Path, place: str) -> Plain:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    return Plain(AutoProcessor.from_pretrained(folder), model, place)


class Subject(NamedTuple):
    """Our class, and the same weights in plain transformers."""

    ours: Any
    plain: Plain

    def scores(self, requests: list[Any], batch_size: int) -> list[float]:
        self.ours.batch_size_per_gpu = batch_size
        return [pair[0] for pair in self.ours.loglikelihood(requests, disable_tqdm=True)]


@pytest.fixture(scope="module", params=["pilot", "sized"])
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """The pilot, whose pictures take 64 tokens each, and a model whose pictures take as many as their size asks for."""
    if request.param == "pilot":
        return Subject(HFMultimodalExt(str(PILOT), device="cpu", dtype="float32"), load_plain(PILOT, "<image>"))
    from tests.host.sized_vlm import build_sized_vlm

    folder = tmp_path_factory.mktemp("models") / "sized"
    build_sized_vlm(folder)
    return Subject(HFMultimodalExt(str(folder), device="cpu", dtype="float32"), load_plain(folder, "<|image_pad|>"))


def seen(number: int) -> Image.Image:
    return picture(number).resize(SIZES[number % len(SIZES)])


def asked(number: int, prompt: str, answer: str) -> Any:
    made = choice(number, answer, prompt=prompt)
    made.arguments = (*made.args[:2], {"visual": [seen(number)]})
    return made


QUESTIONS_ASKED = [
    asked(number, "\nlook at this" * (3 * number % 7) + "\nIs the front turned to the camera?\nAnswer:", f" {answer}")
    for number in range(6)
    for answer in ("Yes", "Away from the camera and to the left", "Cannot be determined")
]
BOUNDARIES = [
    ("\nTo the cam", "era"),  # "ca", "m" against "camera": two tokens of the context become part of one of the answer
    ("\nAnswer: To", "ward the camera"),
    ("\nCounter-clock", "wise"),
    ("\nperpen", "dicular directions"),
    ("\n4", "5 degrees"),
]


@pytest.mark.parametrize("size", [8, 18])
def test_batches_give_what_single_requests_give(subject: Subject, size: int) -> None:
    single = subject.scores(QUESTIONS_ASKED, 1)
    assert subject.scores(QUESTIONS_ASKED, size) == pytest.approx(single, abs=TOLERANCE)
    assert max(single) - min(single) > 1


def test_scores_are_those_of_plain_transformers(subject: Subject) -> None:
    expected = [subject.plain.log_likelihood(*request.args[:2], request.args[2]["visual"][0]) for request in QUESTIONS_ASKED]
    assert subject.scores(QUESTIONS_ASKED, 8) == pytest.approx(expected, abs=TOLERANCE)


def test_the_order_of_requests_changes_nothing(subject: Subject) -> None:
    places = list(range(len(QUESTIONS_ASKED)))
    random.Random(5).shuffle(places)
    shuffled = subject.scores([QUESTIONS_ASKED[place] for place in places], 8)
    in_order = subject.scores(QUESTIONS_ASKED, 8)
    assert shuffled == pytest.approx([in_order[place] for place in places], abs=TOLERANCE)


def test_an_answer_that_merges_with_its_context_is_scored_with_the_merged_token() -> None:
    subject = Subject(HFMultimodalExt(str(PILOT), device="cpu", dtype="float32"), load_plain(PILOT, "<image>"))
    for prompt, answer in BOUNDARIES:
        tokens = [subject.ours.tokenizer(text)["input_ids"] for text in (f"<image>{prompt}", f"<image>{prompt}{answer}")]
        assert tokens[1][: len(tokens[0])] != tokens[0]  # the context's tokens are no prefix
    requests = [asked(number, *boundary) for number, boundary in enumerate(BOUNDARIES)]
    expected = [subject.plain.log_likelihood(*request.args[:2], request.args[2]["visual"][0]) for request in requests]
    assert subject.scores(requests, 8) == pytest.approx(expected, abs=TOLERANCE)
    assert subject.scores(requests, 1) == pytest.approx(expected, abs=TOLERANCE)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(PILOT)


@settings(max_examples=300)
@given(context=WORDS.map("<image>\nAnswer:".__add__), answer=WORDS)
def test_every_letter_of_an_answer_is_scored(tokenizer: Any, context: str, answer: str) -> None:
    whole = tokenizer(context + answer, return_offsets_mapping=True)
    tail = answer_tokens(lambda text: tokenizer(text)["input_ids"], context, answer)
    start = len(context + answer) - len(answer)
    held = sum(end > start for _, end in whole["offset_mapping"])
    assert len(tail) >= held  # every token with a letter of the answer
    assert whole["input_ids"][-len(tail) :] == tail
    kept = len(whole["input_ids"]) - len(tail)
    assert whole["input_ids"][:kept] == tokenizer(context)["input_ids"][:kept]  # and what is conditioned on is the context
