"""Our Hugging Face classes: log-likelihoods with pictures, mixed requests, documents known in the batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lm_eval.api.model import CachingLM
from lm_eval.models.hf_vlms import HFMultimodalLM

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.documents import Document
from lm_eval_ext.host.models import HFExt, HFMultimodalExt
from tests.host.requests import choice, generation, picture

TOLERANCE = 1e-4


def load(model: type, folder: Path, **arguments: Any) -> Any:
    return model(pretrained=str(folder), device="cpu", dtype="float32", **arguments)


@pytest.fixture(scope="module")
def llava(tiny_llava: Path) -> Any:
    return load(HFMultimodalExt, tiny_llava, batch_size=3)


@pytest.fixture(scope="module")
def llama(tiny_llama: Path) -> Any:
    return load(HFExt, tiny_llama, batch_size=3)


CHOICES = [choice(number, answer) for number in range(4) for answer in (" left", " right", " neither of the two")]


def by_hand(model: Any, prompt: str, answer: str, number: int, boundary: int) -> float:
    """Log-probability of all tokens from ``boundary`` on, computed with nothing but the processor and the model."""
    inputs = model.processor(text=[prompt + answer], images=[picture(number)], return_tensors="pt")
    with torch.no_grad():
        log_probs = model.model(**inputs).logits[0].log_softmax(-1)
    ids = inputs["input_ids"][0]
    return float(sum(log_probs[at - 1, ids[at]] for at in range(boundary, len(ids))))


def test_picture_log_likelihood_is_the_sum_over_the_answers_tokens(llava: Any) -> None:
    scored = llava.loglikelihood(CHOICES[:1], disable_tqdm=True)[0]
    prompt, answer = CHOICES[0].args[:2]
    boundary = llava.processor(text=[prompt], images=[picture(0)], return_tensors="pt")["input_ids"].shape[1]
    assert scored[0] == pytest.approx(by_hand(llava, prompt, answer, 0, boundary), abs=TOLERANCE)


@pytest.mark.parametrize("size", [2, 5, 12])
def test_picture_log_likelihoods_do_not_depend_on_the_batch(llava: Any, tiny_llava: Path, size: int) -> None:
    single = load(HFMultimodalExt, tiny_llava, batch_size=1).loglikelihood(CHOICES, disable_tqdm=True)
    batched = load(HFMultimodalExt, tiny_llava, batch_size=size).loglikelihood(CHOICES, disable_tqdm=True)
    assert [pair[0] for pair in batched] == pytest.approx([pair[0] for pair in single], abs=TOLERANCE)
    assert [pair[1] for pair in batched] == [pair[1] for pair in single]


def test_the_picture_matters(llava: Any) -> None:
    same_text = [choice(number, " left") for number in range(3)]
    scores = [pair[0] for pair in llava.loglikelihood(same_text, disable_tqdm=True)]
    assert max(scores) - min(scores) > 100 * TOLERANCE


def test_a_token_that_spans_the_boundary_is_scored_whole(llava: Any) -> None:
    # the tokenizer merges "e" + "r": the tokens of "...bett" + "er" do not begin with those of "...bette"
    request = choice(0, "r", prompt="worse or bette")
    tokens = llava.tokenizer("<image>worse or bette")["input_ids"], llava.tokenizer("<image>worse or better")["input_ids"]
    assert tokens[1][: len(tokens[0])] != tokens[0]
    whole = llava.processor(text=["<image>worse or better"], images=[picture(0)], return_tensors="pt")["input_ids"].shape[1]
    scored = llava.loglikelihood([request], disable_tqdm=True)[0][0]
    assert scored == pytest.approx(by_hand(llava, "<image>worse or bette", "r", 0, whole - 1), abs=TOLERANCE)


@pytest.mark.slow  # 13 s
def test_greedy_is_true_for_what_the_model_would_say(llava: Any) -> None:
    asked = [generation(number) for number in range(40)]
    answers = llava.generate_until(asked, disable_tqdm=True)
    said = [
        (request, answer) for request, answer in zip(asked, answers, strict=True) if answer.isascii()
    ]  # others are cut letters
    requests = [choice(request.doc_id, answer, prompt=request.args[0].removeprefix("<image>")) for request, answer in said]
    assert len(said) >= 3
    assert all(greedy for _, greedy in llava.loglikelihood(requests, disable_tqdm=True))
    assert llava.loglikelihood([choice(1, " left")], disable_tqdm=True)[0][1] is False


def test_text_log_likelihoods_are_lm_evals_own(llava: Any, tiny_llava: Path) -> None:
    requests = [choice(number, answer, with_picture=False) for number in range(3) for answer in (" left", " right")]
    theirs = load(HFMultimodalLM, tiny_llava, batch_size=3).loglikelihood(requests, disable_tqdm=True)
    assert llava.loglikelihood(requests, disable_tqdm=True) == theirs


@pytest.mark.parametrize("model", [HFMultimodalLM, HFMultimodalExt])
def test_one_run_may_mix_requests_with_and_without_pictures(tiny_llava: Path, model: type) -> None:
    lm = load(model, tiny_llava, batch_size=4)
    requests = [generation(number, with_picture=number % 3 != 0) for number in range(8)]
    mixed = lm.generate_until(requests, disable_tqdm=True)
    assert mixed == [lm.generate_until([request], disable_tqdm=True)[0] for request in requests]


def record_batches(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Document, ...], int]]:
    """Documents and rows of every batch, seen where a probe sees them: while the network runs."""
    seen: list[tuple[tuple[Document, ...], int]] = []
    generate = model.model.generate

    def spy(*args: Any, **kwargs: Any) -> Any:
        seen.append((model.current_documents, len(kwargs["input_ids"])))
        return generate(*args, **kwargs)

    monkeypatch.setattr(model.model, "generate", spy)
    return seen


@pytest.mark.parametrize("kind", ["pictures", "text"])
def test_every_row_of_a_batch_has_its_document(llava: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = record_batches(llava, monkeypatch)
    llava.generate_until(
        [generation(number, task=kind, with_picture=kind == "pictures") for number in range(8)], disable_tqdm=True
    )
    assert [len(documents) for documents, _ in seen] == [rows for _, rows in seen] == [3, 3, 2]  # batches stay lm-eval's
    assert sorted(document for documents, _ in seen for document in documents) == [Document(kind, number) for number in range(8)]
    assert llava.current_documents == ()


def test_rows_are_the_documents_they_are_said_to_be(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[tuple[Document, str]] = []
    generate = llama.model.generate

    def spy(*args: Any, **kwargs: Any) -> Any:
        texts = llama.tokenizer.batch_decode(kwargs["input_ids"], skip_special_tokens=True)
        rows.extend(zip(llama.current_documents, texts, strict=True))
        return generate(*args, **kwargs)

    monkeypatch.setattr(llama.model, "generate", spy)
    llama.generate_until([generation(number, with_picture=False) for number in range(8)], disable_tqdm=True)
    assert len(rows) == 8
    assert all(f"what is {document.doc_id}?" in text for document, text in rows)


def test_documents_are_forgotten_when_generation_fails(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(llama.model, "generate", fail)
    with pytest.raises(KeyboardInterrupt):
        llama.generate_until([generation(0, with_picture=False)], disable_tqdm=True)
    assert llama.current_documents == ()


def test_a_blind_run_never_reads_an_answer_to_a_picture_from_the_cache(tiny_llava: Path, tmp_path: Path) -> None:
    seeing, blind = generation(1), generation(1, with_picture=False)
    blind.arguments = (seeing.args[0], seeing.args[1])  # the same words
    cached = CachingLM(load(HFMultimodalExt, tiny_llava, batch_size=1), str(tmp_path / "cache.db"))
    cached.generate_until([seeing])
    assert len(cached.dbdict) == 1
    fresh = load(HFMultimodalExt, tiny_llava, batch_size=1).generate_until([blind], disable_tqdm=True)
    assert cached.generate_until([blind]) == fresh
    assert len(cached.dbdict) == 2


def test_an_interrupted_run_finds_its_picture_answers_again(
    tiny_llava: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [generation(number) for number in range(4)]
    model = load(HFMultimodalExt, tiny_llava, batch_size=2)
    cached = CachingLM(model, str(tmp_path / "cache.db"))
    generate, calls = model.model.generate, []

    def stop_at_second_batch(*args: Any, **kwargs: Any) -> Any:
        calls.append(len(kwargs["input_ids"]))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return generate(*args, **kwargs)

    monkeypatch.setattr(model.model, "generate", stop_at_second_batch)
    with pytest.raises(KeyboardInterrupt):
        cached.generate_until(requests)
    assert len(cached.generate_until(requests)) == 4
    assert calls == [2, 2, 2]  # the first batch was not asked again


def test_a_prompt_that_is_too_long_is_refused_not_cut(tiny_llava: Path) -> None:
    short = load(HFMultimodalExt, tiny_llava, batch_size=1, max_length=20)
    with pytest.raises(InputError, match=r"A prompt takes \d+ tokens with its pictures, and there is room for 15\."):
        short.generate_until([generation(3)], disable_tqdm=True)
    with pytest.raises(InputError, match="there is room for 20"):
        short.loglikelihood([choice(0, " left")], disable_tqdm=True)


@pytest.mark.parametrize(("model", "name"), [(HFExt, "hf-ext"), (HFMultimodalExt, "hf-multimodal-ext")])
def test_an_unknown_model_argument_is_refused(tiny_llama: Path, tiny_llava: Path, model: type, name: str) -> None:
    folder = tiny_llama if model is HFExt else tiny_llava
    with pytest.raises(InputError, match=f"{name} has no argument 'prob' \\(given: prob=heads\\)"):
        load(model, folder, prob="heads")


def test_vllm_models_name_the_extra_when_vllm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from lm_eval_ext.host import models

    monkeypatch.setattr(models, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"VLLMExt needs vllm, which is not installed\. Run: pip install 'lm-eval-ext\[vllm\]'"):
        _ = models.VLLMExt
