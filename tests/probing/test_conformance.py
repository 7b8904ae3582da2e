"""The promises of the probe engine, kept on every architecture."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.hf.attach import Probe, attached
from lm_eval_ext.probing.backends.hf.locate import locate
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.interventions import Intervention, Place, zero_each
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.sites import ATTENTION_STATISTICS, Site
from tests.probing import tiny

LENGTHS = (9, 6, 8)
TOLERANCE = 1e-5
WRITTEN: tuple[Site, ...] = ("resid_pre", "z", "neuron", "resid_post")
ALL_LAYERS = tuple(range(tiny.LAYERS))
SPAN = (1, 2, 3, 4)
THIRD = tuple(range(0, 48, 3))
VALUES = [Measurement(name=site, site=site, layers=ALL_LAYERS) for site in WRITTEN]
ATTENTION = Measurement(name="attn", site="attn", layers=ALL_LAYERS, statistics=(*ATTENTION_STATISTICS, "span:mark"))


class Setup(NamedTuple):
    """A model and sequences of different lengths."""

    name: str
    model: Any
    sites: tuple[Site, ...]
    rows: list[Row]
    tokens: list[torch.Tensor]

    @property
    def measurements(self) -> list[Measurement]:
        return [one for one in (*VALUES, ATTENTION) if one.site in self.sites]

    def inputs(self, chosen: list[int], padding: str = "left") -> dict[str, Any]:
        """Model inputs of some rows; right padding comes without a mask, as in lm-eval."""
        width = max(LENGTHS[number] for number in chosen)
        ids = torch.full((len(chosen), width), tiny.PAD)
        mask = torch.zeros(len(chosen), width, dtype=torch.long)
        for at, number in enumerate(chosen):
            there = slice(width - LENGTHS[number], width) if padding == "left" else slice(0, LENGTHS[number])
            ids[at, there], mask[at, there] = self.tokens[number], 1
        masked = {"attention_mask": mask} if padding == "left" else {}
        if padding == "left" and self.name == "gpt2":  # it counts padding, unless it is told positions
            masked["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)
        return {"input_ids": ids, **masked, **tiny.pictures(self.name, chosen)}

    def logits(self, chosen: list[int], padding: str = "left") -> list[torch.Tensor]:
        """Of each row, without padding."""
        with torch.no_grad():
            found = self.model(**self.inputs(chosen, padding)).logits
        width = found.shape[1]
        starts = [width - LENGTHS[number] if padding == "left" else 0 for number in chosen]
        return [row[start : start + LENGTHS[number]] for row, start, number in zip(found, starts, chosen, strict=True)]

    def measured(self, probe: Probe, chosen: list[int], padding: str = "left") -> Captures:
        with probe.batch([self.rows[number] for number in chosen], self.measurements, padding=padding) as captures:  # type: ignore[arg-type]
            self.logits(chosen, padding)
        return captures


def set_up(name: str, implementation: str | None = None) -> Setup:
    model = tiny.build(name, implementation)
    generator = torch.Generator().manual_seed(3)
    tokens = [torch.randint(3, 60, (length,), generator=generator) for length in LENGTHS]
    if name in tiny.WITH_PICTURES:
        for row in tokens:
            row[list(SPAN)] = tiny.IMAGE
    rows = [
        Row(key=f"row{number}", given=length, prompt=length - 2, spans={"mark": SPAN}) for number, length in enumerate(LENGTHS)
    ]
    sites: tuple[Site, ...] = ("resid_pre", "z", "resid_post", "attn")
    return Setup(name, model, sites if name == "qwen3_moe" else (*sites, "neuron"), rows, tokens)


@pytest.fixture(scope="module", params=list(tiny.MODELS))
def setup(request: pytest.FixtureRequest) -> Setup:
    return set_up(request.param)


@pytest.fixture
def probe(setup: Setup) -> Iterator[Probe]:
    with attached(setup.model, setup.sites) as probe:
        yield probe


def run(setup: Setup, probe: Probe, rows: list[Row], chosen: list[int], padding: str = "left") -> list[torch.Tensor]:
    with probe.batch(rows, padding=padding):  # type: ignore[arg-type]
        return setup.logits(chosen, padding)


def difference(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    return max(float((left - right).abs().max()) for left, right in zip(one, other, strict=True))


def edited(setup: Setup, number: int, *interventions: Intervention) -> Row:
    return replace(setup.rows[number], key=f"edited{number}", interventions=interventions)


@pytest.mark.parametrize("padding", ["left", "right"])
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_measuring_changes_no_bit(setup: Setup, padding: str, implementation: str) -> None:
    if setup.name == "gemma2" and implementation == "sdpa":
        implementation = "eager"  # its attention has a soft cap, which sdpa lacks
    fresh = set_up(setup.name, implementation)
    before = fresh.logits([0, 1, 2], padding)
    with attached(fresh.model, fresh.sites) as probe:
        outside = fresh.logits([0, 1, 2], padding)
        with probe.batch(fresh.rows, fresh.measurements, padding=padding):  # type: ignore[arg-type]
            inside = fresh.logits([0, 1, 2], padding)
    after = fresh.logits([0, 1, 2], padding)
    for found in (outside, inside, after):
        assert all(torch.equal(one, other) for one, other in zip(before, found, strict=True))


def traces(model: Any) -> list[str]:
    """What a probe could leave behind."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    left = [f"{name}.{kind}" for name, module in model.named_modules() for kind in hooks if getattr(module, kind)]
    left += [name for name, module in model.named_modules() if "forward" in vars(module)]
    return [*left, locate(model).decoder.config._attn_implementation]


def fail_inside(setup: Setup, error: type[BaseException]) -> None:
    with attached(setup.model, setup.sites) as probe, probe.batch(setup.rows[:1]):
        setup.logits([0])
        raise error


def test_nothing_is_left_behind(setup: Setup) -> None:
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    def names() -> set[str]:
        return {*ALL_ATTENTION_FUNCTIONS.valid_keys(), *ALL_MASK_ATTENTION_FUNCTIONS._global_mapping}

    setup.logits([0])  # transformers hooks a vision tower for itself when it first runs
    before, known = traces(setup.model), names()
    with attached(setup.model, setup.sites):
        assert traces(setup.model) != before
    assert (traces(setup.model), names()) == (before, known)
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error):
            fail_inside(setup, error)
        assert (traces(setup.model), names()) == (before, known)


def reference_attention(setup: Setup, number: int) -> list[np.ndarray]:
    """Patterns of one row run alone, by the model's own eager attention."""
    fresh = set_up(setup.name, "eager")
    with torch.no_grad():
        found = fresh.model(**fresh.inputs([number]), output_attentions=True).attentions
    return [one[0].numpy() for one in found]


def statistics_by_hand(pattern: np.ndarray) -> np.ndarray:
    """Shape (queries, heads, statistics)."""
    heads, size, _ = pattern.shape
    at = np.arange(size)
    inside = np.where(pattern > 0, pattern, 1)
    previous = np.concatenate([np.zeros((heads, 1)), pattern[:, at[1:], at[:-1]]], 1)
    columns = [
        -(pattern * np.log(inside)).sum(-1),
        pattern.max(-1),
        pattern[..., 0],
        pattern[:, at, at],
        previous,
        (pattern * (at[:, None] - at)).sum(-1),
        pattern[..., list(SPAN)].sum(-1),
    ]
    return np.stack(columns, -1).transpose(1, 0, 2)


@pytest.mark.parametrize("padding", ["left", "right"])
def test_statistics_equal_those_of_eager_attention(setup: Setup, probe: Probe, padding: str) -> None:
    captures = setup.measured(probe, [0, 1, 2], padding)
    for number in range(3):
        patterns = reference_attention(setup, number)
        np.testing.assert_allclose([one.sum(-1) for one in patterns], 1, atol=1e-6)
        expected = [statistics_by_hand(pattern) for pattern in patterns]
        found = [captures.get("attn", f"row{number}", layer) for layer in ALL_LAYERS]
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)
        assert np.abs(found[0] - expected[1])[..., 0].max() > 0.01, "another layer's entropies must not fit"


@pytest.mark.parametrize("padding", ["left", "right"])
def test_a_batch_measures_what_single_rows_do(setup: Setup, probe: Probe, padding: str) -> None:
    together = setup.measured(probe, [0, 1, 2], padding)
    for number in range(3):
        alone = setup.measured(probe, [number])
        for one in setup.measurements:
            for layer in ALL_LAYERS:
                expected = alone.get(one.name, f"row{number}", layer)
                scale = max(1.0, float(np.abs(expected).max()))
                np.testing.assert_allclose(together.get(one.name, f"row{number}", layer), expected, atol=TOLERANCE * scale)


def test_patching_a_site_with_itself_changes_nothing(setup: Setup, probe: Probe) -> None:
    clean = setup.logits([0])
    own = setup.measured(probe, [0])
    for site in [one for one in WRITTEN if one in setup.sites]:
        for layer in ALL_LAYERS:
            values = own.get(site, "row0", layer).reshape(LENGTHS[0], -1)
            patch = Intervention(operation="patch", site=site, layer=layer, values=values)
            assert difference(run(setup, probe, [edited(setup, 0, patch)], [0]), clean) == 0.0


def test_patching_every_position_with_a_clean_run_gives_its_logits(setup: Setup, probe: Probe) -> None:
    clean = Setup(setup.name, setup.model, setup.sites, setup.rows, [row.flip(0) for row in setup.tokens])
    if setup.name in tiny.WITH_PICTURES:
        clean = clean._replace(tokens=[torch.cat([row[:5], row[5:].flip(0)]) for row in setup.tokens])
    wanted, stored = clean.logits([0]), clean.measured(probe, [0])
    corrupted = setup.logits([0])
    assert difference(wanted, corrupted) > 1000 * TOLERANCE
    patches = [
        Intervention(operation="patch", site="resid_pre", layer=layer, values=stored.get("resid_pre", "row0", layer))
        for layer in ALL_LAYERS
    ]
    assert difference(run(setup, probe, [edited(setup, 0, *patches)], [0]), wanted) <= TOLERANCE
    # one layer's output alone carries all that follows, except where heads still read corrupted keys of earlier layers
    last = Intervention(operation="patch", site="resid_post", layer=2, values=stored.get("resid_post", "row0", 2))
    assert difference(run(setup, probe, [edited(setup, 0, last)], [0]), wanted) <= TOLERANCE


def plain_hook(module: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """An independent way to change what enters a module."""
    return module.register_forward_pre_hook(lambda _, args: (change(args[0].clone()), *args[1:]))


def out_projection(setup: Setup, layer: int) -> Any:
    inside = locate(setup.model).layers[layer].named_modules()
    return [module for name, module in inside if name.endswith(("o_proj", "out_proj", "attn.c_proj"))][-1]


@pytest.mark.parametrize("padding", ["left", "right"])
def test_taking_out_heads_equals_zeroing_the_output_projections_input(setup: Setup, probe: Probe, padding: str) -> None:
    clean = setup.logits([0, 1, 2], padding)
    width = probe.architecture.head_dim
    chosen = [(1, 3), (2, 0), (0, 1)]
    rows = [replace(setup.rows[n], interventions=zero_each("z", [place])[0]) for n, place in enumerate(chosen)]
    found = run(setup, probe, rows, [0, 1, 2], padding)
    for number, (layer, head) in enumerate(chosen):

        def zero(x: torch.Tensor, head: int = head) -> torch.Tensor:
            x[..., head * width : (head + 1) * width] = 0
            return x

        hook = plain_hook(out_projection(setup, layer), zero)
        expected = setup.logits([0, 1, 2], padding)
        hook.remove()
        assert difference(found[number : number + 1], expected[number : number + 1]) <= TOLERANCE
        assert difference(found[number : number + 1], clean[number : number + 1]) > 100 * TOLERANCE


def test_taking_out_neurons_equals_zeroing_the_down_projections_input(setup: Setup) -> None:
    if "neuron" not in setup.sites:
        with (
            pytest.raises(InputError, match=r"has no site 'neuron' to probe: .*experts are fused"),
            attached(setup.model, ["neuron"]),
        ):
            pass
        return
    clean = setup.logits([0, 1])
    zero = Intervention(operation="zero", site="neuron", layer=1, neurons=THIRD, positions=(-1,))
    with attached(setup.model, setup.sites) as probe:
        found = run(setup, probe, [setup.rows[0], edited(setup, 1, zero)], [0, 1])
    at, width = LENGTHS[1] - 3, LENGTHS[0]

    def change(x: torch.Tensor) -> torch.Tensor:
        rows = x.view(2, width, x.shape[-1])
        rows[1, width - LENGTHS[1] + at, list(THIRD)] = 0  # x shares its memory
        return x

    hook = plain_hook(locate(setup.model).downs[1], change)
    expected = setup.logits([0, 1])
    hook.remove()
    assert difference(found, expected) <= TOLERANCE
    assert torch.equal(found[0], clean[0])
    assert difference(found[1:], clean[1:]) > 10 * TOLERANCE
    assert difference([found[1][:at]], [clean[1][:at]]) <= TOLERANCE, "earlier tokens do not see the change"


def test_a_layer_is_taken_out_by_its_own_input(setup: Setup, probe: Probe) -> None:
    patch = Intervention(operation="patch", site="resid_post", layer=1, same_run=Place("resid_pre", 1))
    found = run(setup, probe, [setup.rows[0], edited(setup, 1, patch)], [0, 1])
    layer = locate(setup.model).layers[1]

    def skip(_: Any, args: Any, kwargs: Any, output: Any) -> Any:
        x = args[0] if args else kwargs["hidden_states"]
        return (x, *output[1:]) if isinstance(output, tuple) else x

    hook = layer.register_forward_hook(skip, with_kwargs=True)
    expected = setup.logits([0, 1])
    hook.remove()
    assert difference(found[1:], expected[1:]) <= TOLERANCE
    assert difference(found[1:], setup.logits([0, 1])[1:]) > 100 * TOLERANCE
    # experts take the tokens of all rows together, so their rounding depends on the other rows
    assert difference(found[:1], setup.logits([0, 1])[:1]) <= (TOLERANCE if setup.name == "qwen3_moe" else 0.0)


STEP = 4
DIRECTION = np.linalg.qr(np.random.default_rng(5).normal(size=(32, 2)))[0].astype(np.float32)


def generated(setup: Setup, chosen: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return setup.model.generate(**setup.inputs(chosen), max_new_tokens=STEP, min_new_tokens=STEP, do_sample=False)[:, -STEP:]


def all_at_once(setup: Setup, number: int, made: torch.Tensor) -> Setup:
    """The same model on prompt and answer in one forward pass."""
    tokens = list(setup.tokens)
    tokens[number] = torch.cat([tokens[number], made[:-1]])
    return setup._replace(tokens=tokens)


@pytest.mark.parametrize(("operation", "phase"), [("scale", "prefill"), ("add", "decode"), ("project", "both")])
def test_generation_with_a_cache_changes_and_measures_the_same_positions(
    setup: Setup, probe: Probe, operation: str, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operands: dict[str, Any] = {
        "scale": {"factor": 0.3},
        "add": {"values": DIRECTION[:, 0], "factor": 5.0},
        "project": {"basis": DIRECTION},
    }[operation]
    change = Intervention(operation=operation, site="resid_post", layer=1, phase=phase, **operands)  # type: ignore[arg-type]
    rows = [replace(row, prompt=row.given) for row in setup.rows]
    rows[1] = replace(rows[1], interventions=(change,))
    with probe.batch(rows, setup.measurements) as captures:
        made = generated(setup, [0, 1, 2])
    positions = {
        "prefill": tuple(range(LENGTHS[1])),
        "decode": tuple(range(LENGTHS[1], LENGTHS[1] + STEP - 1)),
        "both": tuple(range(LENGTHS[1] + STEP - 1)),
    }[phase]
    whole = all_at_once(setup, 1, made[1])
    monkeypatch.setattr(f"{__name__}.LENGTHS", (9, LENGTHS[1] + STEP - 1, 8))
    row = Row(
        key="whole",
        given=LENGTHS[1],
        prompt=LENGTHS[1],
        spans={"mark": SPAN},
        interventions=(replace(change, positions=positions, phase="both"),),
    )
    with probe.batch([row], setup.measurements) as expected:
        whole.logits([1])
    for one in setup.measurements:
        for layer in ALL_LAYERS:
            wanted = expected.get(one.name, "whole", layer)
            scale = max(1.0, float(np.abs(wanted).max()))
            np.testing.assert_allclose(captures.get(one.name, "row1", layer), wanted, atol=3 * TOLERANCE * scale)


def test_places_and_spans_choose_queries(setup: Setup, probe: Probe) -> None:
    full = setup.measured(probe, [1]).get("attn", "row1", 2)
    given, prompt = LENGTHS[1], LENGTHS[1] - 2
    cases: dict[Any, list[int]] = {
        "last": [prompt - 1],
        "prompt": list(range(prompt)),
        "continuation": [prompt, prompt + 1],
        "mark": list(SPAN),
        (given - 1, 0): [given - 1, 0],
    }
    measurements = [
        replace(ATTENTION, name=f"part{number}", positions=positions, heads=(2, 0)) for number, positions in enumerate(cases)
    ]
    with probe.batch(setup.rows, measurements) as captures:
        setup.logits([0, 1, 2])
    for number, expected in enumerate(cases.values()):
        np.testing.assert_allclose(captures.get(f"part{number}", "row1", 2), full[expected][:, [2, 0]], atol=TOLERANCE)


def test_a_selected_place_that_is_never_passed_is_an_error(setup: Setup, probe: Probe) -> None:
    with pytest.raises(InputError, match="was selected and never passed"), probe.batch(setup.rows, setup.measurements):
        pass
    assert probe.running is None
