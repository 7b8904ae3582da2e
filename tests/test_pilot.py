"""The committed pilot: small, loadable, and able to do what its card says; its training resumes."""

import json
from pathlib import Path

import pytest
import torch

PILOT = Path(__file__).parent / "pilot"


def test_it_is_small_and_holds_no_code():
    files = sorted(file.name for file in PILOT.iterdir())
    assert (PILOT / "model.safetensors").stat().st_size <= 12_000_000
    assert not [name for name in files if name.endswith((".py", ".bin", ".pt", ".pkl"))]
    assert {"README.md", "training_log.jsonl"} <= set(files)


def test_it_loads_as_any_model_of_its_kind_does():
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor, model = AutoProcessor.from_pretrained(PILOT), AutoModelForImageTextToText.from_pretrained(PILOT)
    inputs = processor(
        images=[Image.new("RGB", (256, 256), "grey")], text=["<image>\nIs this picture right side up?"], return_tensors="pt"
    )
    assert int((inputs["input_ids"] == model.config.image_token_id).sum()) == 64
    with torch.inference_mode():
        assert model(**inputs).logits.isfinite().all()


@pytest.mark.slow  # 40 s
def test_it_knows_real_names_and_reads_invented_ones():
    """On a world that neither the training nor the card has used."""
    import lm_eval

    run = lm_eval.simple_evaluate(
        model="hf-multimodal",
        model_args={"pretrained": str(PILOT)},
        tasks=["synthworlds_closed_book", "synthworlds_reading"],
        metadata={"source": "generated", "seed": 77, "n": 50},
        device="cpu",
        batch_size=16,
        bootstrap_iters=0,
    )
    closed, reading = (run["results"][f"synthworlds_{setting}"] for setting in ("closed_book", "reading"))
    assert closed["em_rm,none"] >= 0.8
    assert closed["em_sm,none"] <= 0.05
    assert min(reading["em_rm_1hop,none"], reading["em_sm_1hop,none"]) >= 0.7


def _train(folder, *, stop_at=None):
    """Six steps of a tiny stage, killed after ``stop_at`` of them and started again."""
    from scripts.pilot.optim import make_optimisers
    from scripts.pilot.stage import run_stage

    class KilledError(Exception):
        pass

    def build():
        generator = torch.Generator().manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.LayerNorm(8), torch.nn.Linear(8, 2))
        for weight in model.parameters():
            weight.data = torch.randn(weight.shape, generator=generator)
        return model

    def run(fail_at):
        model = build()

        def step(number):
            if number == fail_at:
                raise KilledError
            inputs = torch.randn(4, 8, generator=torch.Generator().manual_seed(number))
            return model(inputs).square().mean(), {}

        run_stage("tiny", model, make_optimisers(model), steps=6, step_function=step, folder=folder, checkpoint_seconds=0)
        return model

    if stop_at is not None:
        with pytest.raises(KilledError):
            run(stop_at)
    return torch.cat([weight.flatten() for weight in run(None).parameters()])


@pytest.mark.parametrize("stop_at", [1, 4])
def test_a_killed_stage_goes_on_to_the_same_weights(tmp_path, stop_at):
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    assert torch.equal(_train(tmp_path / "whole"), _train(tmp_path / "killed", stop_at=stop_at))


def test_training_shares_no_object_and_no_name_with_the_tests():
    from lm_eval_ext.options import Options
    from lm_eval_ext.worlds.generate import generate
    from scripts.pilot.picture_data import training_pictures
    from scripts.pilot.recipe import Schedule
    from scripts.pilot.text_data import reading_rows

    for picture in training_pictures(Schedule(pictures=60)):
        assert all(placed.instance >= 1000 for panel in picture.panels for placed in panel.objects)
    words = {word for row in reading_rows(0, 2) for prompt, _ in row for word in prompt.replace(".", "").split()}
    invented = [item for item in generate("reading", Options(source="generated", n=50, seed=0)) if item.factors["world"] == "sm"]
    names = {item.answer for item in invented if " " not in item.answer and "-" not in item.answer}
    assert len(names) > 20
    assert not names & words


def test_the_card_states_every_figure():
    card = (PILOT / "README.md").read_text(encoding="utf-8")
    for task in ("synthworlds_closed_book", "synthworlds_reading", "dori_view_parallelism_coarse", "dori_blind"):
        assert task in card
    stages = {json.loads(line)["stage"] for line in (PILOT / "training_log.jsonl").read_text().splitlines()}
    assert stages == {"text", "vision", "joint", "facing"}
