"""What cannot be probed is refused by name, before or while it runs, and nothing stays attached."""

from typing import Any

import pytest
import torch

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.hf.attach import attached
from lm_eval_ext.probing.interventions import Intervention
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from tests.probing import tiny

IDS = torch.arange(3, 9)[None]
ROW = Row(key="row", given=6, prompt=6)
HEADS = Measurement(name="heads", site="attn", layers=(0,), statistics=("entropy",))


@pytest.fixture(scope="module")
def llama() -> Any:
    return tiny.build("llama")


def bloom() -> Any:
    from transformers import BloomConfig, BloomForCausalLM

    return BloomForCausalLM(BloomConfig(vocab_size=64, hidden_size=32, n_layer=2, n_head=4))


def falcon() -> Any:
    from transformers import FalconConfig, FalconForCausalLM

    return FalconForCausalLM(FalconConfig(vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=4))


def gptj() -> Any:
    from transformers import GPTJConfig, GPTJForCausalLM

    return GPTJForCausalLM(GPTJConfig(vocab_size=64, n_embd=32, n_layer=2, n_head=4, rotary_dim=4, n_positions=64))


@pytest.mark.parametrize("make", [bloom, falcon, gptj])
@pytest.mark.parametrize("site", ["z", "attn"])
def test_attention_outside_of_the_interface_is_refused_and_the_rest_works(make: Any, site: Any) -> None:
    model = make().eval()
    sites = "Sites it has: resid_pre, resid_post, neuron"
    said = rf"{type(model).__name__} has no site '{site}' to probe: .* in 0 of 2 layers\. {sites}"
    with pytest.raises(InputError, match=said), attached(model, [site]):
        pass
    stream = Measurement(name="stream", site="resid_post", layers=(1,))
    with attached(model, ["resid_post"]) as probe, probe.batch([ROW], [stream]) as captures, torch.no_grad():
        expected = model(IDS, output_hidden_states=True).hidden_states
    found = captures.get("stream", "row", 1)
    assert found.shape == (6, 32)
    assert not torch.equal(expected[1], expected[0])


def test_an_encoder_with_a_decoder_is_refused() -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    model = T5ForConditionalGeneration(T5Config(vocab_size=64, d_model=16, num_layers=1, num_heads=2, d_kv=8, d_ff=24))
    with pytest.raises(InputError, match="is an encoder with a decoder"), attached(model, ["resid_post"]):
        pass


def test_another_attention_implementation_is_refused(llama: Any) -> None:
    llama.set_attn_implementation("flex_attention")
    try:
        with pytest.raises(InputError, match="attn_implementation=flex_attention cannot be probed"), attached(llama, ["z"]):
            pass
    finally:
        llama.set_attn_implementation("sdpa")


@pytest.mark.parametrize(
    ("rows", "measurements", "said"),
    [
        ([], [], "no rows"),
        ([ROW, ROW], [], "two rows of a batch have one key"),
        ([ROW], [Measurement(name="m", site="neuron", layers=(0,))], "attached to sites z, attn, not to 'neuron'"),
        ([ROW], [Measurement(name="m", site="z", layers=(7,))], "layer 7 does not exist"),
        ([ROW], [Measurement(name="m", site="z", layers=(0,), positions="picture")], "no span 'picture' in this row"),
        ([ROW], [Measurement(name="m", site="attn", layers=(0,), statistics=("span:picture",))], "no span 'picture' in this row"),
        (
            [Row(key="r", given=6, prompt=6, interventions=(Intervention(operation="zero", site="z", layer=0, positions=(6,)),))],
            [],
            "position 6 is outside",
        ),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_before_it_runs(llama: Any, rows: Any, measurements: Any, said: str) -> None:
    with attached(llama, ["z", "attn"]) as probe, pytest.raises(InputError, match=said), probe.batch(rows, measurements):
        pytest.fail("the batch began")


def start(model: Any, *, rows: int = 1, **options: Any) -> None:
    made = [Row(key=str(number), given=6, prompt=6) for number in range(rows)]
    with attached(model, ["z", "attn"]) as probe, probe.batch(made, [HEADS]), torch.no_grad():
        model.generate(IDS.expand(rows, -1), max_new_tokens=3, do_sample=False, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"num_beams": 2}, "runs 2 rows where 1 were announced"),
        ({"cache_implementation": "static", "disable_compile": True}, "need a plain growing cache"),
        ({"use_cache": False}, "need a plain growing cache"),
    ],
)
def test_generation_in_another_way_is_refused(llama: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        start(llama, **options)
    assert llama.config._attn_implementation == "sdpa"
    start(llama, rows=2)


def test_a_row_that_is_longer_than_the_batch_is_refused(llama: Any) -> None:
    with attached(llama, ["z"]) as probe, pytest.raises(InputError, match="has 7 tokens, and the model got 6"):
        run(llama, probe, Row(key="long", given=7, prompt=7))


def run(model: Any, probe: Any, row: Row) -> None:
    with probe.batch([row]), torch.no_grad():
        model(IDS)


def test_batches_do_not_nest(llama: Any) -> None:
    with attached(llama, ["z"]) as probe, probe.batch([ROW]), pytest.raises(InputError, match="a batch is under way"):
        run(llama, probe, ROW)
