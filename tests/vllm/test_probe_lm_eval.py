"""`probe=RECIPE` on `vllm-ext` and `vllm-vlm-ext`: scores as without, values joined to their documents and as of transformers."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.captures import Measured, read_captures
from tests.host.requests import choice, generation
from tests.vllm.probe_runs import shut_down
from tests.vllm.weights import give_vision_tower_its_official_names

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

ENGINE = {"dtype": "float32", "max_model_len": 256, "kv_cache_memory_bytes": 64 << 20, "max_num_batched_tokens": 256}
MEASURE = """
about: Every site, for a test.
measure:
  attention: {{site: attn, statistics: [entropy, maximum, sink, "span:{span}"], positions: all}}
  patterns: {{site: attn, layers: [1], statistics: [distance], positions: continuation, mean: true}}
  stream: {{site: resid_post, layers: [0, -1], positions: last}}
  neurons: {{site: neuron, statistics: [mean_absolute, active], positions: continuation}}
  heads: {{site: z, statistics: [norm], positions: {span}}}
spans:
  {span}: {{{mark}}}
"""
STEER = """
about: Takes out a head.
interventions:
  - {operation: zero, site: z, layers: [1], heads: [0, 2]}
"""


class Ran(NamedTuple):
    """What a class has answered and measured."""

    answers: dict[str, list[Any]]
    measured: Measured | None


def texts() -> dict[str, list[Any]]:
    """Equal options, and prompts that sorting moves."""
    answers = (" left", " right", " left", " r")
    prompts = [f"is it {number}?" + " so" * (number % 3) for number in range(4)]
    scored = [choice(at, answer, with_picture=False, prompt=prompts[at]) for at in range(4) for answer in answers]
    for number, request in enumerate(scored):
        request.idx = number % len(answers)
    return {"loglikelihood": scored, "generate_until": [generation(number, with_picture=False) for number in range(6)]}


def pictures() -> dict[str, list[Any]]:
    """Answers are asked with and without pictures."""
    scored = [choice(number, answer) for number in range(3) for answer in (" left", " right")]
    for number, request in enumerate(scored):
        request.idx = number % 2
    return {"loglikelihood": scored, "generate_until": [generation(number, with_picture=number != 2) for number in range(4)]}


def ask(model: Any, requests: dict[str, list[Any]], folder: Path | None = None) -> Ran:
    answers = {kind: getattr(model, kind)(asked, disable_tqdm=True) for kind, asked in requests.items()}
    written = sorted(folder.glob("*.json")) if folder else []
    return Ran(answers, read_captures(written[-1]) if written else None)


@pytest.fixture(scope="module", params=["text", "pictures"])
def runs(request: pytest.FixtureRequest, tiny_llama: Path, tiny_llava: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(requests, by transformers, by vLLM without a probe, by vLLM, maker of vLLM's class, its folder)."""
    from lm_eval_ext.host import models

    folder = tmp_path_factory.mktemp("probes")
    recipe = folder / "recipe.yaml"
    if request.param == "text":
        recipe.write_text(MEASURE.format(span="word", mark="text: is"))
        requests, weights, classes = texts(), tiny_llama, (models.HFExt, models.VLLMExt)
        settings: dict[str, Any] = ENGINE
    else:
        recipe.write_text(MEASURE.format(span="picture", mark="picture: true"))
        requests, weights, classes = pictures(), tiny_llava, (models.HFMultimodalExt, models.VLLMVLMExt)
        settings = {**ENGINE, "max_images": 1}
    probe = {"probe": str(recipe), "batch_size": 3}
    reference = classes[0](str(weights), device="cpu", dtype="float32", probe_output=str(folder / "hf"), **probe)
    expected = ask(reference, requests, folder / "hf")
    if request.param == "pictures":
        give_vision_tower_its_official_names(tiny_llava)
    plain = classes[1](str(weights), batch_size=3, enforce_eager=True, enable_prefix_caching=False, **settings)
    bare = ask(plain, requests)
    shut_down(plain.model)
    model = classes[1](str(weights), probe_output=str(folder / "vllm"), **probe, **settings)
    yield requests, expected, bare, ask(model, requests, folder / "vllm"), model
    shut_down(model.model)


def test_answers_are_bitwise_those_without_the_probe(runs: Any) -> None:
    _, _, bare, found, _ = runs
    assert found.answers == bare.answers


def test_every_request_is_joined_to_its_document_and_measured_as_by_transformers(runs: Any) -> None:
    requests, expected, _, found, _ = runs
    assert len(found.measured.rows) == sum(map(len, requests.values()))
    assert found.measured.rows == expected.measured.rows
    assert found.measured.arrays.keys() == expected.measured.arrays.keys()
    for name, wanted in expected.measured.arrays.items():
        array = found.measured.arrays[name]
        assert array.shape == wanted.shape, name
        assert np.array_equal(np.isnan(array), np.isnan(wanted)), name
        assert np.nanmax(np.abs(array - wanted), initial=0) <= 5e-6 * max(1.0, np.nanmax(np.abs(wanted), initial=0)), name


def test_attention_to_the_span_is_measured(runs: Any) -> None:
    _, _, _, found, _ = runs
    span = found.measured.arrays["attention.0"][..., 3]
    assert np.nanmax(span) > 0.05
    assert found.measured.arrays["heads.offsets"][-1] > 0


def test_what_probes_cannot_do_is_refused(runs: Any) -> None:
    *_, model = runs
    with pytest.raises(InputError, match="--use_cache answers without running the model"):
        model.set_cache_hook(type("Hook", (), {"dbdict": {}})())
    with pytest.raises(InputError, match="loglikelihood_rolling"):
        model.loglikelihood_rolling([])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_parallel_size": 2}, "data_parallel_size=2 does not go with a probe"),
        ({"enable_prefix_caching": True}, "enable_prefix_caching=True does not go with a probe"),
        ({"probe": "no_such_recipe"}, "probe recipe 'no_such_recipe' is unknown"),
    ],
)
def test_settings_and_recipes_are_refused_before_an_engine_starts(
    changes: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lm_eval_ext.host.models import VLLMExt

    monkeypatch.setattr("lm_eval.models.vllm_causallms.LLM", lambda **_: pytest.fail("an engine was started"))
    with pytest.raises(InputError, match=message):
        VLLMExt("nowhere", **{"probe": "attention_and_neurons", "probe_output": str(tmp_path), **changes})


def test_a_recipe_that_changes_the_model_changes_scores_as_in_transformers(tiny_llama: Path, tmp_path: Path) -> None:
    from lm_eval_ext.host.models import HFExt, VLLMExt

    recipe = tmp_path / "steer.yaml"
    recipe.write_text(STEER)
    scored = texts()["loglikelihood"]
    plain = HFExt(str(tiny_llama), device="cpu", dtype="float32").loglikelihood(scored, disable_tqdm=True)
    common = {"probe": str(recipe), "probe_output": str(tmp_path)}
    expected = HFExt(str(tiny_llama), device="cpu", dtype="float32", **common).loglikelihood(scored, disable_tqdm=True)
    found = VLLMExt(str(tiny_llama), batch_size="auto", **common, **ENGINE).loglikelihood(scored, disable_tqdm=True)
    assert [pair[0] for pair in found] == pytest.approx([pair[0] for pair in expected], abs=2e-5)
    assert max(abs(one[0] - other[0]) for one, other in zip(found, plain, strict=True)) > 0.01
