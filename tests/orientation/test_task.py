"""The declarations of ``tasks/dori``, loaded and run by lm-eval itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lm_eval
import numpy as np
import PIL.Image
import pytest
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

from lm_eval_ext.items import Item
from lm_eval_ext.orientation import render, scoring, task
from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.questions import DIMENSIONS, LEVELS, QUESTIONS
from tests.orientation.test_sources import write_folder

TASKS = Path(__file__).parent.parent.parent / "tasks"
GROUPS = ["dori", *(f"dori_{level}" for level in LEVELS), *dict.fromkeys(f"dori_{name}" for name in DIMENSIONS.values())]


class Answerer(LM):
    """Answers every request by a rule."""

    MULTIMODAL = True

    def __init__(self, rule: Callable[[Instance], str]) -> None:
        super().__init__()
        self.rule = rule

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        return [self.rule(request) for request in requests]

    def loglikelihood(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "draw_cached", lambda picture: PIL.Image.new("RGB", (8, 8)))


def manager(n: int = 10) -> TaskManager:
    return TaskManager(include_path=str(TASKS), include_defaults=False, metadata={"source": "generated", "n": n, "seed": 1})


def run(names: list[str], rule: Callable[[Instance], str], **options: Any) -> dict[str, Any]:
    found = lm_eval.simple_evaluate(
        model=Answerer(rule), tasks=names, task_manager=manager(), log_samples=True, bootstrap_iters=0, **options
    )
    assert found is not None
    return found


def test_every_leaf_group_and_the_control_are_found() -> None:
    leaves = [f"dori_{kind}{name}" for name in QUESTIONS for kind in ("", "mcq_")]
    assert {*leaves, *GROUPS, "dori_blank", "dori_blind", "dori_mcq"} == {
        name for name in manager().all_tasks if name.startswith("dori")
    }


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("group", GROUPS)
def test_every_group_loads_its_leaves(group: str) -> None:
    loaded = manager(1).load([group])
    for name in loaded["tasks"]:
        asked = QUESTIONS[name.removeprefix("dori_")]
        assert group in ("dori", f"dori_{asked.level}", f"dori_{asked.dimension}")
    share = {"dori": 14, "dori_coarse": 7, "dori_granular": 7, "dori_canonical_orientation": 2}.get(group, 4)
    assert len(loaded["tasks"]) == share


@pytest.mark.usefixtures("no_drawing")
def test_oracle_scores_one_in_every_leaf_and_group_and_the_control() -> None:
    found = run(["dori", "dori_blind"], lambda request: f" {request.doc['answer']}")
    assert {name for name, values in found["results"].items() if values["acc,none"] == 1.0} == set(found["results"])
    assert {"dori", "dori_coarse", "dori_granular"} == set(found["groups"])
    assert len(found["results"]) == 18
    json.dumps(found["results"], allow_nan=False)


@pytest.mark.usefixtures("no_drawing")
def test_table_has_the_clustered_error_beside_the_accuracy() -> None:
    found = run(["dori_coarse"], lambda request: "A")
    leaf = found["results"]["dori_directional_facing_coarse"]
    values = [sample["acc_stderr"] for sample in found["samples"]["dori_directional_facing_coarse"]]
    assert leaf["acc_stderr,none"] == scoring.clustered_stderr(values)
    assert leaf["acc_ci_low,none"] < leaf["acc,none"] < leaf["acc_ci_high,none"]
    assert isinstance(found["groups"]["dori_coarse"]["acc_stderr,none"], float)


@pytest.mark.usefixtures("no_drawing")
def test_limit_keeps_twins_together() -> None:
    found = run(["dori_directional_facing_granular"], lambda request: request.doc["answer"], limit=4)
    docs = [sample["doc"] for sample in found["samples"]["dori_directional_facing_granular"]]
    assert len(docs) == 4
    assert len({doc["twin_id"] for doc in docs}) == 2
    assert found["results"]["dori_directional_facing_granular"]["mirror_consistency,none"] == 1.0


@pytest.mark.usefixtures("no_drawing")
def test_documents_hold_no_pixels_and_hash_alike_in_every_run() -> None:
    first, second = (run(["dori_view_parallelism_coarse"], lambda request: "A", limit=2) for _ in range(2))
    samples = [found["samples"]["dori_view_parallelism_coarse"] for found in (first, second)]
    assert [sample["doc_hash"] for sample in samples[0]] == [sample["doc_hash"] for sample in samples[1]]
    assert all(isinstance(value, (str, int, list)) for value in samples[0][0]["doc"].values())


def test_blind_prompts_differ_from_prompts_with_pictures_and_carry_none() -> None:
    blind = {task.doc_to_blind_text(doc) for doc in task.load_blind(source="generated", n=10)["test"]}
    seen: set[str] = set()
    for question in QUESTIONS.values():
        docs = task.load(
            question=question.type, level=question.level, source="generated", n=10, pretrained="any", dtype="float32"
        )
        seen |= {task.doc_to_text(doc) for doc in docs["test"]}
    assert not seen & blind
    assert not any("<image>" in prompt for prompt in blind)
    assert len(blind) > 100


@pytest.mark.parametrize(
    ("base", "metrics"),
    [
        ("_dori_coarse_yaml", scoring.PICTURE_METRICS),
        ("_dori_granular_yaml", scoring.ANGLE_METRICS),
        ("dori_blank.yaml", scoring.TEXT_METRICS),
        ("dori_blind.yaml", scoring.TEXT_METRICS),
    ],
)
def test_declared_figures_are_those_of_the_code(base: str, metrics: dict[str, scoring.Metric]) -> None:
    from lm_eval.tasks._yaml_loader import load_yaml

    listed = load_yaml(TASKS / "dori" / base, resolve_func=True)["metric_list"]
    assert [entry["metric"] for entry in listed] == list(metrics)
    for entry in listed:
        metric = metrics[entry["metric"]]
        assert entry["higher_is_better"] is metric.higher_is_better
        assert entry["aggregation"].__name__ == metric.aggregate.__name__  # type: ignore[attr-defined]


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LM_EVAL_EXT_CACHE", str(tmp_path))


def pixels(item: Item) -> np.ndarray:
    (image,) = task.doc_to_image({"spec": item.spec})
    return np.asarray(image)


@pytest.mark.usefixtures("own_cache")
def test_picture_of_a_turned_scene_is_turned_by_what_the_answer_says() -> None:
    question = QUESTIONS["viewer_scene_direction_granular"]
    for item in generate(question, 5, 3, pixels=32):
        left, right = pixels(item)[:, :32], pixels(item)[:, -32:]
        assert np.array_equal(np.rot90(left, -question.angles[item.answer] // 90), right)


@pytest.mark.usefixtures("own_cache")
def test_picture_that_is_not_right_side_up_becomes_so_by_the_turn_that_the_answer_says() -> None:
    question = QUESTIONS["canonical_orientation_granular"]
    for item in generate(question, 5, 3, pixels=32):
        upright = item.model_copy(
            update={"spec": item.spec.replace(f'"rotate":[{-question.angles[item.answer] % 360}]', '"rotate":[0]')}
        )
        assert np.array_equal(np.rot90(pixels(item), -question.angles[item.answer] // 90), pixels(upright))


@pytest.mark.usefixtures("own_cache")
def test_mirrored_twin_is_the_mirror_image() -> None:
    items = list(generate(QUESTIONS["canonical_orientation_granular"], 5, 3, pixels=32))
    for plain, mirrored in zip(items[::2], items[1::2], strict=True):
        assert np.array_equal(np.fliplr(pixels(plain)), pixels(mirrored))


def test_image_of_a_published_item_is_opened_from_its_file(tmp_path: Path) -> None:
    PIL.Image.new("RGBA", (5, 4), (10, 20, 30, 255)).save(tmp_path / "a.png")
    (image,) = task.doc_to_image({"spec": json.dumps({"image": str(tmp_path / "a.png")})})
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (5, 4), (10, 20, 30))


@pytest.mark.usefixtures("no_drawing")
def test_published_folder_runs_through_lm_eval(tmp_path: Path) -> None:
    rows = [("a.png", "To the left"), ("c", "cannot be determined")]
    tasks = TaskManager(
        include_path=str(TASKS), include_defaults=False, metadata={"source": "local", "root": str(write_folder(tmp_path, rows))}
    )
    found = lm_eval.simple_evaluate(
        model=Answerer(lambda request: request.doc["answer"]), tasks=["dori_directional_facing_coarse"], task_manager=tasks
    )
    assert found is not None
    leaf = found["results"]["dori_directional_facing_coarse"]
    assert (leaf["acc,none"], leaf["sample_len"]) == (1.0, 2)
    assert "mirror_consistency,none" not in leaf


def test_blank_picture_is_even_grey_and_of_the_size_of_the_real_one() -> None:
    docs = task.load_blank(source="generated", n=1, pixels=64)["test"]
    assert {len(json.loads(doc["spec"])["panels"]) for doc in docs} == {1, 2}
    for doc in docs:
        (blank,) = task.doc_to_image(doc)
        spec = {key: value for key, value in json.loads(doc["spec"]).items() if key != "blank"}
        assert blank.getextrema() == ((128, 128),) * 3
        assert blank.size == task.doc_to_image({**doc, "spec": json.dumps(spec)})[0].size
