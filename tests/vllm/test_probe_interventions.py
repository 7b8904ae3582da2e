"""Every operation on vLLM against hooks in transformers: all of them, and a control, as one batch that runs in chunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; make test runs these tests in .venv-vllm")

import torch

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm.driver import architecture_of, attached
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.interventions import Intervention, Place
from lm_eval_ext.probing.measurements import Measurement
from tests.vllm.probe_models import HEAD_DIM, HIDDEN, LAYERS, Edit, Reference, build
from tests.vllm.probe_runs import engine, logprobs, plain, probed, prompts, sampling, tokens_of

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("default"), pytest.mark.timeout(900)]

LENGTH, NEW, TOLERANCE = 70, 4, 5e-6
PROMPT, OTHER = prompts([LENGTH, LENGTH])
SPAN = (7, 8, 50)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


BASIS = torch.linalg.qr(noise(HIDDEN, 4)).Q
HEAD_BASIS = torch.linalg.qr(noise(2 * HEAD_DIM, 3)).Q


def heads(*numbers: int) -> list[int]:
    """Columns of some heads."""
    return [number * HEAD_DIM + within for number in numbers for within in range(HEAD_DIM)]


def at(rows: Any, columns: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Edit:
    """Change some columns of some positions; ``rows`` may be a slice or a list."""

    def edit(value: torch.Tensor) -> torch.Tensor:
        chosen = list(range(len(value)))[rows] if isinstance(rows, slice) else rows
        picked = (
            torch.tensor(chosen, dtype=torch.long)[:, None],
            torch.tensor(columns if columns is not None else list(range(value.shape[1]))),
        )
        value[picked] = change(value[picked])
        return value

    return edit


@dataclass(frozen=True)
class Case:
    """Interventions of one request, and the same in transformers."""

    changes: tuple[Intervention, ...]
    edits: dict[tuple[str, int], Edit] = field(default_factory=dict)


def one(site: str, layer: int, operation: str, edit: Edit, **fields: Any) -> Case:
    arrays = {name: value.numpy() if isinstance(value, torch.Tensor) else value for name, value in fields.items()}
    return Case((Intervention(operation=operation, site=site, layer=layer, **arrays),), {(site, layer): edit})


ALL, DECODE, LAST = slice(None), slice(LENGTH, None), [LENGTH - 1]
MEAN, VECTOR, EACH = noise(HIDDEN), noise(HIDDEN), noise(2, HIDDEN)
CASES: dict[str, Case] = {
    "nothing": Case(()),
    "zero heads": one("z", 1, "zero", at(ALL, heads(0, 3), torch.zeros_like), heads=(0, 3)),
    "zero heads while it goes on": one("z", 2, "zero", at(DECODE, heads(2), torch.zeros_like), heads=(2,), phase="decode"),
    "zero neurons": one("neuron", 0, "zero", at(ALL, [1, 100, 191], torch.zeros_like), neurons=(1, 100, 191)),
    "mean of the prompt": one(
        "resid_post", 1, "mean", at(slice(0, LENGTH), None, MEAN.expand_as), values=MEAN, positions="prompt"
    ),
    "resample a span": one(
        "z",
        0,
        "resample",
        at([*SPAN], heads(1), lambda x: noise(3, HEAD_DIM)),
        heads=(1,),
        values=noise(3, HEAD_DIM),
        positions="marked",
    ),
    "set the last": one("resid_pre", 2, "set", at(LAST, None, VECTOR.expand_as), values=VECTOR, positions="last"),
    "set two positions": one("resid_post", 0, "set", at([5, 60], None, lambda x: EACH), values=EACH, positions=(5, 60)),
    "scale": one("neuron", 3, "scale", at(ALL, None, lambda x: 1.5 * x), factor=1.5),
    "scale what goes on": one(
        "z", 1, "scale", at(DECODE, None, lambda x: -2 * x), factor=-2.0, positions="continuation", phase="both"
    ),
    "steer": one("resid_post", 2, "add", at(ALL, None, lambda x: x + 0.5 * VECTOR), values=VECTOR, factor=0.5),
    "steer what is given": one(
        "resid_post", 1, "add", at(slice(0, LENGTH), None, lambda x: x - VECTOR), values=VECTOR, factor=-1.0, phase="prefill"
    ),
    "remove a subspace": one("resid_post", 1, "project", at(ALL, None, lambda x: x - x @ BASIS @ BASIS.T), basis=BASIS),
    "keep a subspace": one(
        "resid_pre", 3, "project", at([5], None, lambda x: x @ BASIS @ BASIS.T), basis=BASIS, keep=True, positions=(5,)
    ),
    "replace in a subspace": one(
        "z",
        2,
        "project",
        at(ALL, heads(3, 1), lambda x: x + (noise(2 * HEAD_DIM) - x) @ HEAD_BASIS @ HEAD_BASIS.T),
        basis=HEAD_BASIS,
        heads=(3, 1),
        values=noise(2 * HEAD_DIM),
    ),
    "two at one place": Case(
        (
            Intervention(operation="scale", site="resid_post", layer=0, factor=2.0),
            Intervention(operation="add", site="resid_post", layer=0, values=VECTOR.numpy(), positions="last"),
        ),
        {("resid_post", 0): lambda x: at(LAST, None, lambda y: y + VECTOR)(2 * x)},
    ),
    "two places": Case(
        (
            Intervention(operation="zero", site="z", layer=0, heads=(2,)),
            Intervention(operation="zero", site="neuron", layer=2, neurons=tuple(range(60))),
        ),
        {("z", 0): at(ALL, heads(2), torch.zeros_like), ("neuron", 2): at(ALL, list(range(60)), torch.zeros_like)},
    ),
}


def without_layer(layer: int, *, rows: Any, positions: Any) -> Case:
    """A layer that hands on what it is given."""
    entered: dict[str, torch.Tensor] = {}

    def remember(value: torch.Tensor) -> torch.Tensor:
        entered["value"] = value.clone()
        return value

    def restore(value: torch.Tensor) -> torch.Tensor:
        value[rows] = entered["value"][rows]
        return value

    change = Intervention(
        operation="patch", site="resid_post", layer=layer, same_run=Place("resid_pre", layer), positions=positions
    )
    return Case((change,), {("resid_pre", layer): remember, ("resid_post", layer): restore})


CASES["leave a layer out"] = without_layer(2, rows=ALL, positions="all")
CASES["leave a layer out at the end"] = without_layer(0, rows=LAST, positions=(-1,))
REQUESTS = [
    Request(key=name, interventions=case.changes, spans={"marked": SPAN}, measured=name in {"nothing", "zero heads", "steer"})
    for name, case in CASES.items()
]
MEASURED = [Measurement(name=site, site=site, layers=tuple(range(LAYERS))) for site in ("resid_post", "z")]


@pytest.fixture(scope="module", params=["llama", pytest.param("gpt2", marks=pytest.mark.slow)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """All cases as one batch: (engine, reference, outputs, captures)."""
    folder = tmp_path_factory.mktemp("models") / request.param
    build(request.param, folder)
    reference = Reference(folder, request.param)
    with engine(folder) as llm:
        outputs, captures = probed(llm, [PROMPT] * len(CASES), REQUESTS, MEASURED, NEW)
        yield llm, reference, dict(zip(CASES, outputs, strict=True)), captures


def expected_logprobs(found: dict[Any, torch.Tensor], tokens: list[int]) -> torch.Tensor:
    return found["logprobs"][:-1].gather(-1, torch.tensor(tokens[1:])[:, None])[:, 0]


@pytest.mark.parametrize("name", CASES)
def test_an_operation_does_what_hooks_in_transformers_do(run: Any, name: str) -> None:
    _, reference, outputs, _ = run
    output, edits = outputs[name], CASES[name].edits
    tokens = reference.continued(PROMPT, NEW, edits)
    assert tokens_of(output) == tokens
    assert (logprobs(output) - expected_logprobs(reference.run(tokens, edits), tokens)).abs().max() < TOLERANCE
    if edits:
        untouched = expected_logprobs(reference.run(tokens), tokens)
        assert (logprobs(output) - untouched).abs().max() > 100 * TOLERANCE


def test_the_control_is_bitwise_what_it_is_without_a_probe(run: Any) -> None:
    llm, _, outputs, _ = run
    assert torch.equal(logprobs(outputs["nothing"]), logprobs(plain(llm, [PROMPT], NEW)[0]))


def test_what_is_measured_is_what_an_intervention_has_left(run: Any) -> None:
    _, reference, outputs, captures = run
    measured = ["nothing", "zero heads", "steer"]
    assert captures.keys() == measured
    for key in measured:
        expected = reference.run(tokens_of(outputs[key]), CASES[key].edits)
        for site in ("resid_post", "z"):
            for layer in range(LAYERS):
                wanted = expected[site, layer][:-1].numpy()
                found = captures.get(site, key, layer)
                assert np.abs(found.reshape(wanted.shape) - wanted).max() < 5e-6 * max(1.0, np.abs(wanted).max())
    assert not captures.get("z", "zero heads", 1)[:, [0, 3]].any()


@pytest.mark.parametrize("site", ["resid_pre", "resid_post", "z", "neuron"])
def test_a_run_patched_with_its_own_values_is_bitwise_the_same(run: Any, site: Any) -> None:
    llm, _, outputs, _ = run
    measurement = Measurement(name="own", site=site, layers=(1,))
    _, captures = probed(llm, [PROMPT], [Request(key="clean")], [measurement], NEW)
    own = captures.get("own", "clean", 1)
    patch = Intervention(operation="patch", site=site, layer=1, values=own.reshape(len(own), -1))
    patched, _ = probed(llm, [PROMPT], [Request(key="patched", interventions=(patch,))], new=NEW)
    assert torch.equal(logprobs(patched[0]), logprobs(outputs["nothing"]))


def test_patching_everything_gives_the_clean_answer_and_back(run: Any) -> None:
    llm, reference, _, _ = run
    measurement = Measurement(name="clean", site="resid_post", layers=(1,), phase="prefill")
    _, captures = probed(llm, [PROMPT, OTHER], [Request(key="clean"), Request(key="corrupted")], [measurement])
    patches = {
        key: Intervention(operation="patch", site="resid_post", layer=1, values=captures.get("clean", key, 1), phase="prefill")
        for key in ("clean", "corrupted")
    }
    requests = [
        Request(key="denoised", interventions=(patches["clean"],)),
        Request(key="noised", interventions=(patches["corrupted"],)),
    ]
    outputs, _ = probed(llm, [OTHER, PROMPT], requests)
    for output, wanted in zip(outputs, (PROMPT, OTHER), strict=True):
        chosen = output.outputs[0]
        assert chosen.token_ids[0] == reference.continued(wanted, 1)[-1]
        found = chosen.logprobs[0][chosen.token_ids[0]].logprob
        assert found == pytest.approx(float(reference.run(wanted)["logprobs"][-1].max()), abs=1e-5)


def hooks_of(model: Any) -> int:
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) + ("forward" in vars(one)) for one in model.modules())


def left(llm: Any) -> list[int]:
    """Hooks on the model of an engine of this process."""
    return llm.apply_model(hooks_of)


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt, InputError])
def test_nothing_is_left_whatever_happens(run: Any, error: type[BaseException] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    llm, _, outputs, _ = run
    before, seen = left(llm), list[list[int]]()
    if error is not None:

        def fail(*_: object) -> None:
            seen.append([hooks_of(llm.llm_engine.model_executor.driver_worker.worker.model_runner.model)])
            raise error("stop")

        monkeypatch.setattr("lm_eval_ext.probing.backends.vllm.writing.Writer.write", fail)
        with pytest.raises(error, match="stop"):
            probed(llm, [PROMPT], [Request(key="one", interventions=CASES["steer"].changes)])
        monkeypatch.undo()
        assert seen[0] > before
    else:
        probed(llm, [PROMPT], [Request(key="one", interventions=CASES["steer"].changes)])
    assert left(llm) == before
    assert not llm.llm_engine.has_unfinished_requests()
    assert torch.equal(logprobs(plain(llm, [PROMPT], NEW)[0]), logprobs(outputs["nothing"]))


def change(**fields: Any) -> tuple[Intervention, ...]:
    return (Intervention(**{"operation": "zero", "site": "resid_post", "layer": 0, **fields}),)


@pytest.mark.parametrize(
    ("requests", "measurements", "message"),
    [
        ([Request(key="a", interventions=change(layer=4))], [], "layer 4 does not exist in .*0 to 3"),
        ([Request(key="a", interventions=change(site="z", heads=(4,)))], [], "head 4 does not exist in .*0 to 3"),
        ([Request(key="a", interventions=change(positions=(70,)))], [], "position 70 is outside of a row of 70 tokens"),
        ([Request(key="a", interventions=change(positions="picture"))], [], "there is no span 'picture' in this row"),
        ([Request(key="a", answer=70)], [], "a prompt of 0 tokens does not fit into 70 given tokens"),
        ([Request(key="a", spans={"far": (71,)})], [], "span 'far' holds position 71"),
        ([Request(key="a")], [Measurement(name="m", site="attn", layers=(0,))], "has statistics only"),
        ([Request(key="a")], [Measurement(name="m", site="attn", layers=(0,), statistics=("span:eye",))], "no span 'eye'"),
        ([Request(key="a", interventions=change(operation="set", values=np.ones((2, HIDDEN))))], [], "values for 2 positions"),
        ([Request(key="a"), Request(key="a")], [], "'a' stands twice"),
        ([Request(key="a", interventions=change()), Request(key="b")], [], "has not seen request 'b'"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_engine_goes_on(
    run: Any, requests: list[Request], measurements: list[Measurement], message: str
) -> None:
    llm, _, outputs, _ = run
    with (
        pytest.raises(InputError, match=message),
        attached(llm, architecture_of(llm), requests, measurements) as probe,
    ):
        # one request, so that a second one is not seen
        llm.generate([{"prompt_token_ids": PROMPT}], probe.params(sampling())[:1], use_tqdm=False)
    assert torch.equal(logprobs(plain(llm, [PROMPT], NEW)[0]), logprobs(outputs["nothing"]))


def test_an_intervention_counts_positions_and_not_chunks(run: Any) -> None:
    """A prompt of 33 tokens may arrive as 1 + 32 or 32 + 1 when others share the step."""
    llm, reference, _, _ = run
    tokens = prompts([47, 33, 33])
    case = CASES["steer what is given"]
    edits = {("resid_post", 1): at(slice(0, 33), None, lambda x: x - VECTOR)}
    requests = [Request(key="0"), Request(key="1", interventions=case.changes), Request(key="2", interventions=case.changes)]
    outputs, _ = probed(llm, tokens, requests, new=2)
    for output, prompt in zip(outputs[1:], tokens[1:], strict=True):
        whole = reference.continued(prompt, 2, edits)
        assert tokens_of(output) == whole
        assert (logprobs(output) - expected_logprobs(reference.run(whole, edits), whole)).abs().max() < TOLERANCE


def test_positions_in_any_order_are_measured_in_that_order(run: Any) -> None:
    """Tokens before 48 come in an earlier step than those after."""
    llm, _, _, captures = run
    chosen = (60, 3, -1, 4, 5, 48)
    where = [60, 3, LENGTH - 1, 4, 5, 48]
    measurements = [
        Measurement(name="numbers", site="resid_post", layers=(1,), positions=chosen),
        Measurement(name="span", site="z", layers=(1,), positions="mixed"),
        Measurement(name="mean", site="resid_post", layers=(1,), positions=chosen, mean=True),
        Measurement(name="attended", site="attn", layers=(1,), positions=chosen, statistics=("entropy",)),
        Measurement(name="all attended", site="attn", layers=(1,), statistics=("entropy",)),
        Measurement(name="made", site="resid_post", layers=(1,), positions="continuation"),
    ]
    _, found = probed(llm, [PROMPT], [Request(key="one", spans={"mixed": tuple(where)})], measurements, NEW)
    every = captures.get("resid_post", "nothing", 1)
    assert np.abs(found.get("numbers", "one", 1) - every[where]).max() < TOLERANCE
    assert np.abs(found.get("span", "one", 1) - captures.get("z", "nothing", 1)[where]).max() < TOLERANCE
    assert np.abs(found.get("mean", "one", 1) - every[where].mean(0)).max() < TOLERANCE
    assert np.abs(found.get("attended", "one", 1) - found.get("all attended", "one", 1)[where]).max() < TOLERANCE
    assert np.abs(found.get("made", "one", 1) - every[LENGTH:]).max() < TOLERANCE


def test_a_row_without_selected_positions_is_measured_as_empty(run: Any) -> None:
    llm, *_ = run
    measurements = [
        Measurement(name="made", site="z", layers=(0, 1), phase="decode"),
        Measurement(name="mean", site="resid_post", layers=(1,), phase="decode", mean=True),
        Measurement(name="attn", site="attn", layers=(0,), phase="decode", statistics=("sink", "self")),
    ]
    _, found = probed(llm, [PROMPT], [Request(key="one")], measurements)
    assert found.get("made", "one", 1).shape == (0, 4, HEAD_DIM)
    assert found.get("mean", "one", 1).shape == (0, HIDDEN)
    assert found.get("attn", "one", 0).shape == (0, 4, 2)


def test_what_runs_after_an_answer_has_ended_is_left_out(run: Any) -> None:
    """An engine in another process may go on for some steps; here the answer is said to have ended two tokens early."""
    llm, *_ = run
    measurements = [
        Measurement(name="each", site="resid_post", layers=(1,)),
        Measurement(name="mean", site="resid_post", layers=(1,), positions="continuation", mean=True),
        Measurement(name="attended", site="attn", layers=(1,), statistics=("entropy",)),
        Measurement(name="attended mean", site="attn", layers=(1,), statistics=("entropy",), mean=True),
    ]
    requests = [Request(key="one"), Request(key="scored", answer=10, unmeasured=1)]
    with attached(llm, architecture_of(llm), requests, measurements) as probe:
        outputs = llm.generate([{"prompt_token_ids": PROMPT}] * 2, probe.params(sampling(NEW)), use_tqdm=False)
        probe.answered(outputs)
        probe.made["one"] = NEW - 2
    ran, found = LENGTH + NEW - 3, probe.captures
    assert len(found.get("each", "one", 1)) == len(found.get("attended", "one", 1)) == ran
    assert np.abs(found.get("mean", "one", 1) - found.get("each", "one", 1)[LENGTH:].mean(0)).max() < TOLERANCE
    assert np.abs(found.get("attended mean", "one", 1) - found.get("attended", "one", 1).mean(0)).max() < TOLERANCE
    assert len(found.get("each", "scored", 1)) == LENGTH - 1
    assert np.abs(found.get("mean", "scored", 1) - found.get("each", "scored", 1)[LENGTH - 10 :].mean(0)).max() < TOLERANCE
