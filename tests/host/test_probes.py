"""``probe=RECIPE`` on our Hugging Face classes: scores as without, values joined to the right documents, refusals in time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from lm_eval.api.instance import Instance
from lm_eval.api.model import CachingLM

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.models import HFExt, HFMultimodalExt
from lm_eval_ext.probing.captures import Measured, read_captures
from tests.host.requests import generation, picture

ATTENTION = {"site": "attn", "statistics": ["entropy", "sink"], "positions": "last"}
STREAM = {"site": "resid_post"}
RECIPE: dict[str, Any] = {"about": "a test", "measure": {"attention": ATTENTION, "stream": STREAM}}
TOLERANCE = 1e-5


def choices(number: int, *, with_picture: bool = False) -> list[Instance]:
    """A question with answers of one and of several tokens; two end in equal tokens but the last."""
    prompt = "<image>" * with_picture + f"is it {number}" + "?" * (number % 3) + " Answer:"
    visual = ({"visual": [picture(number)]},) if with_picture else ()
    answers = (" A", " B", " Alpha", " Alphb")
    return [
        Instance("loglikelihood", {"query": f"is it {number}"}, (prompt, answer, *visual), idx, metadata=("choices", number, 1))
        for idx, answer in enumerate(answers)
    ]


CHOICES = [one for number in range(5) for one in choices(number)]
PICTURED = [one for number in range(3) for one in choices(number, with_picture=True)]
ASKED: dict[str, tuple[type, str, list[Instance]]] = {
    "choices": (HFExt, "loglikelihood", CHOICES),
    "answers": (HFExt, "generate_until", [generation(number, with_picture=False) for number in range(5)]),
    "pictured choices": (HFMultimodalExt, "loglikelihood", [*PICTURED, *CHOICES[-4:]]),
    "pictured answers": (
        HFMultimodalExt,
        "generate_until",
        [generation(number, with_picture=number != 2) for number in range(4)],
    ),
}


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., Path]:
    def write(**sections: Any) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump({**RECIPE, **sections}))
        return path

    return write


@pytest.fixture(scope="module")
def load(tiny_llama: Path, tiny_llava: Path) -> Callable[..., Any]:
    folders = {HFExt: tiny_llama, HFMultimodalExt: tiny_llava}
    return lambda model, **options: model(
        pretrained=str(folders[model]), device="cpu", dtype="float32", **{"batch_size": 3, **options}
    )


def measured(folder: Path) -> Measured:
    (file,) = folder.glob("probes_*.json")
    return read_captures(file)


@pytest.mark.parametrize("name", list(ASKED))
def test_answers_are_those_without_the_probe_bit_by_bit(load: Any, recipe: Any, tmp_path: Path, name: str) -> None:
    model, method, requests = ASKED[name]
    plain = getattr(load(model), method)(requests, disable_tqdm=True)
    probed = load(model, probe=str(recipe()), probe_output=str(tmp_path / "out"))
    assert getattr(probed, method)(requests, disable_tqdm=True) == plain
    found = measured(tmp_path / "out")
    expected = sorted((one.task_name, one.doc_id, one.idx) for one in requests)
    assert sorted((row["task_name"], row["doc_id"], row["index"]) for row in found.rows) == expected
    assert not any(module._forward_pre_hooks for module in probed.model.modules())
    assert probed.probe is None


def alone(model: Any, ids: list[int]) -> np.ndarray:
    """Residual stream after the first layer, by transformers' own record."""
    with torch.no_grad():
        return model.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[1][0].numpy()


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("size", [1, 4, "auto"])
def test_values_of_choices_belong_to_their_documents(load: Any, recipe: Any, tmp_path: Path, grouped: bool, size: Any) -> None:
    options = {"logits_cache": grouped, "batch_size": size, "max_batch_size": 4, "max_length": 64}
    model = load(HFExt, probe=str(recipe()), probe_output=str(tmp_path / "out"), **options)
    model.loglikelihood(CHOICES[::-1], disable_tqdm=True)
    found = measured(tmp_path / "out")
    by_request = {(one.doc_id, one.idx): one for one in CHOICES}
    assert len(found.rows) == len(CHOICES)
    for at, row in enumerate(found.rows):
        prompt, answer = by_request[row["doc_id"], row["index"]].args
        context, continuation = model._encode_pair(prompt, answer)
        expected = alone(model, (context + continuation)[:-1])
        np.testing.assert_allclose(found.of_row("stream", 0, at), expected, atol=TOLERANCE)
        assert row["prompt_tokens"] == len(context)
        assert found.of_row("attention", 1, at).shape == (1, 4, 2)


@pytest.mark.parametrize("size", [1, 5])
def test_values_of_answers_end_where_the_answer_ends(load: Any, recipe: Any, tmp_path: Path, size: int) -> None:
    model = load(HFExt, probe=str(recipe()), probe_output=str(tmp_path / "out"), batch_size=size)
    prompts = [f"say {number}" + "!" * number for number in range(5)]
    with torch.no_grad():
        first = model.model.generate(torch.tensor([model.tok_encode(prompts[0])]), max_new_tokens=4, do_sample=False)
    stops = [model.tokenizer.decode(first[0, -1])]
    settings = {"until": stops, "max_gen_toks": 12, "do_sample": False}
    requests = [
        Instance("generate_until", {}, (prompt, settings), 0, metadata=("answers", number, 1))
        for number, prompt in enumerate(prompts)
    ]
    answers = model.generate_until(requests, disable_tqdm=True)
    found = measured(tmp_path / "out")
    lengths = set()
    for at, (row, request, answer) in enumerate(zip(found.rows, requests, answers, strict=True)):
        assert row["doc_id"] == request.doc_id
        ids = model.tok_encode(request.args[0])
        with torch.no_grad():
            whole = model.model.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False, eos_token_id=2)[0].tolist()
        made = whole[len(ids) :]
        decoded = [model.tokenizer.decode(made[:count]) for count in range(13)]
        count = next((n for n, text in enumerate(decoded) if any(stop in text for stop in stops)), len(made))
        assert decoded[count].startswith(answer)
        values = found.of_row("stream", 0, at)
        np.testing.assert_allclose(values, alone(model, whole[: len(ids) + count - 1]), atol=TOLERANCE)
        lengths.add(count)
    assert len(lengths) > 1, "some answers must end before others"


def test_attention_to_the_picture_is_measured_where_there_is_one(load: Any, recipe: Any, tmp_path: Path) -> None:
    looks = {"site": "attn", "statistics": ["span:picture", "span:question"], "positions": "last"}
    path = recipe(measure={"looks": looks}, spans={"picture": {"picture": True}, "question": {"field": "query"}})
    model = load(HFMultimodalExt, probe=str(path), probe_output=str(tmp_path / "out"))
    model.loglikelihood(PICTURED, disable_tqdm=True)
    found = measured(tmp_path / "out")
    request = next(one for one in PICTURED if (one.doc_id, one.idx) == (1, 2))
    at = next(at for at, row in enumerate(found.rows) if (row["doc_id"], row["index"]) == (1, 2))
    model.model.set_attn_implementation("eager")
    inputs = model.processor(text=[request.args[0] + request.args[1]], images=[picture(1)], return_tensors="pt")
    with torch.no_grad():
        pattern = model.model(**inputs, output_attentions=True).attentions[1][0]
    ids = inputs["input_ids"][0]
    expected = pattern[:, found.rows[at]["prompt_tokens"] - 1][:, ids == 3].sum(-1).numpy()
    np.testing.assert_allclose(found.of_row("looks", 1, at)[0, :, 0], expected, atol=TOLERANCE)
    asked = model.tokenizer.convert_ids_to_tokens(ids)
    assert "".join(asked).count("is") == 1
    assert 0 < found.of_row("looks", 1, at)[0, :, 1].max() < 1


def test_interventions_change_scores_and_are_recorded(load: Any, recipe: Any, tmp_path: Path) -> None:
    path = recipe(interventions=[{"operation": "zero", "site": "z", "layers": [0], "heads": [1]}])
    plain = load(HFExt).loglikelihood(CHOICES, disable_tqdm=True)
    model = load(HFExt, probe=str(path), probe_output=str(tmp_path / "out"))
    changed = model.loglikelihood(CHOICES, disable_tqdm=True)
    width = model.model.model.layers[0].self_attn.head_dim
    hook = model.model.model.layers[0].self_attn.o_proj.register_forward_pre_hook(
        lambda _, args: (torch.cat([args[0][..., :width], 0 * args[0][..., width : 2 * width], args[0][..., 2 * width :]], -1),)
    )
    expected = load(HFExt)
    expected._model = model.model
    by_hook = expected.loglikelihood(CHOICES, disable_tqdm=True)
    hook.remove()
    assert [one[0] for one in changed] == pytest.approx([one[0] for one in by_hook], abs=1e-4)
    assert max(abs(one[0] - two[0]) for one, two in zip(plain, changed, strict=True)) > 0.01
    assert measured(tmp_path / "out").about["recipe"]["interventions"][0]["heads"] == [1]


def test_a_repeated_request_is_measured_as_often_as_lm_eval_wants_answers(load: Any, recipe: Any, tmp_path: Path) -> None:
    twice = Instance("generate_until", {}, ("say it", {"until": ["\n"], "max_gen_toks": 2}), 0, metadata=("answers", 0, 2))
    model = load(HFExt, probe=str(recipe()), probe_output=str(tmp_path / "out"))
    model.generate_until([twice, twice, twice], disable_tqdm=True)
    assert [row["repeat"] for row in measured(tmp_path / "out").rows] == [0, 1]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"measure": {"x": {"site": "z", "layers": [7]}}}, "layer 7 does not exist in LlamaForCausalLM. Its layers are 0 to 1"),
    ({"measure": {"x": {"site": "z", "heads": [4]}}}, "head 4 does not exist in LlamaForCausalLM"),
    ({"measure": {"x": {"site": "attn_out"}}}, "recipe recipe.yaml: measure.x.site"),
    ({"spans": {"picture": {"picture": True}}}, "marks pictures, and this model has no token"),
    ({"spans": {"mark": {"tokens": ["<none>"]}}}, "names token '<none>'"),
]


@pytest.mark.parametrize(("sections", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_recipe_that_does_not_fit_is_refused_when_the_model_is_loaded(
    load: Any, recipe: Any, tmp_path: Path, sections: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        load(HFExt, probe=str(recipe(**sections)), probe_output=str(tmp_path))


@pytest.mark.parametrize("name", ["choices", "answers"])
def test_a_span_that_no_request_has_is_refused_before_the_model_runs(
    load: Any, recipe: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recipe(measure={"x": {"site": "z", "positions": "mark"}}, spans={"mark": {"text": "elephant"}})
    model, method, requests = ASKED[name]
    loaded = load(model, probe=str(path), probe_output=str(tmp_path / "out"))
    monkeypatch.setattr(loaded, "_model_call", lambda *_: pytest.fail("the model ran"))
    monkeypatch.setattr(loaded, "_model_generate", lambda *_, **__: pytest.fail("the model ran"))
    with pytest.raises(InputError, match=r"span 'mark' of recipe .* is in none of the \d+ requests"):
        getattr(loaded, method)(requests, disable_tqdm=True)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_measured_is_refused(load: Any, recipe: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has nowhere to write\. Give --output_path"):
        load(HFExt, probe=str(recipe()))
    model = load(HFExt, probe=str(recipe()), probe_output=str(tmp_path / "out"))
    with pytest.raises(InputError, match="--use_cache answers without running"):
        CachingLM(model, str(tmp_path / "cache.db"))
    with pytest.raises(InputError, match="loglikelihood_rolling has none"):
        model.loglikelihood_rolling(CHOICES)
