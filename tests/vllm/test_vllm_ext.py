"""`vllm-ext` and `vllm-vlm-ext` on vLLM's CPU engine, against the Hugging Face classes on the same weights.

Run in `.venv-vllm` (tests/vllm_env/setup.sh); `make test` does.
"""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.documents import Document
from tests.host.requests import choice, generation
from tests.vllm.weights import give_vision_tower_its_official_names

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

TOLERANCE = 1e-4
ENGINE = {
    "dtype": "float32",
    "enforce_eager": True,
    "max_model_len": 256,
    "kv_cache_memory_bytes": 256 << 20,
    "enable_prefix_caching": False,
}
TEXTS = [choice(number, answer, with_picture=False) for number in range(3) for answer in (" left", " right", " neither of both")]
CHOICES = [choice(number, answer) for number in range(3) for answer in (" left", " right", " neither of both")]


@pytest.fixture(scope="session")
def references(tiny_llama: Path, tiny_llava: Path) -> dict[str, list[tuple[float, bool]]]:
    """Log-likelihoods of the Hugging Face classes, computed before vLLM changes anything in this process."""
    from lm_eval_ext.host.models import HFExt, HFMultimodalExt

    text = HFExt(str(tiny_llama), device="cpu", dtype="float32", batch_size=1)
    pictures = HFMultimodalExt(str(tiny_llava), device="cpu", dtype="float32", batch_size=1)
    return {
        "text": text.loglikelihood(TEXTS, disable_tqdm=True),
        "pictures": pictures.loglikelihood(CHOICES, disable_tqdm=True),
    }


@pytest.fixture(scope="session")
def text_model(tiny_llama: Path, references: object) -> Any:
    from lm_eval_ext.host.models import VLLMExt

    return VLLMExt(str(tiny_llama), batch_size=4, **ENGINE)


@pytest.fixture(scope="session")
def picture_model(tiny_llava: Path, references: object) -> Any:
    from lm_eval_ext.host.models import VLLMVLMExt

    give_vision_tower_its_official_names(tiny_llava)
    return VLLMVLMExt(str(tiny_llava), batch_size=4, max_images=1, **ENGINE)


def assert_same_scores(found: list[tuple[float, bool]], expected: list[tuple[float, bool]]) -> None:
    assert [pair[0] for pair in found] == pytest.approx([pair[0] for pair in expected], abs=TOLERANCE)
    assert [pair[1] for pair in found] == [pair[1] for pair in expected]


def record_batches(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Document, ...]]:
    """Documents of every batch, seen while the engine runs it."""
    seen: list[tuple[Document, ...]] = []
    generate = model.model.generate

    def spy(prompts: Any, **kwargs: Any) -> Any:
        assert len(model.current_documents) == len(prompts)
        seen.append(model.current_documents)
        return generate(prompts, **kwargs)

    monkeypatch.setattr(model.model, "generate", spy)
    return seen


def test_text_log_likelihoods_agree_with_hugging_face(text_model: Any, references: dict[str, Any]) -> None:
    assert_same_scores(text_model.loglikelihood(TEXTS, disable_tqdm=True), references["text"])


def test_every_row_of_a_text_batch_has_its_document(text_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = record_batches(text_model, monkeypatch)
    requests = [generation(number, with_picture=False) for number in range(6)]
    assert len(text_model.generate_until(requests, disable_tqdm=True)) == 6
    assert [len(documents) for documents in seen] == [4, 2]
    assert sorted(document for documents in seen for document in documents) == [Document("pictures", n) for n in range(6)]
    assert text_model.current_documents == ()


@pytest.mark.parametrize("side", ["left", "middle", "right"])
def test_a_shortened_prompt_keeps_its_document(text_model: Any, side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = record_batches(text_model, monkeypatch)
    monkeypatch.setattr(text_model, "truncation_side", side)
    long = generation(5, with_picture=False)
    long.arguments = ("x" * 400, long.args[1])
    text_model.generate_until([long], disable_tqdm=True)
    assert seen == [(Document("pictures", 5),)]


def test_an_unknown_model_argument_is_refused(tiny_llama: Path, text_model: Any) -> None:
    with pytest.raises(InputError, match=r"vllm-ext has no argument 'brobe' \(given: brobe=heads\)"):
        type(text_model)(str(tiny_llama), brobe="heads", **ENGINE)


def test_picture_log_likelihoods_agree_with_hugging_face(picture_model: Any, references: dict[str, Any]) -> None:
    assert_same_scores(picture_model.loglikelihood(CHOICES, disable_tqdm=True), references["pictures"])


def test_every_row_of_a_picture_batch_has_its_document(picture_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = record_batches(picture_model, monkeypatch)
    assert len(picture_model.generate_until([generation(number) for number in range(6)], disable_tqdm=True)) == 6
    assert sorted(document for documents in seen for document in documents) == [Document("pictures", n) for n in range(6)]


def test_one_run_may_mix_requests_with_and_without_pictures(picture_model: Any) -> None:
    requests = [generation(number, with_picture=number % 2 == 0) for number in range(4)]
    mixed = picture_model.generate_until(requests, disable_tqdm=True)
    assert mixed == [picture_model.generate_until([request], disable_tqdm=True)[0] for request in requests]
