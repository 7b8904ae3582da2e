"""What lm-eval's own table shows, in runs of lm-eval itself."""

import json
import logging
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import yaml

from lm_eval_ext.items import Item
from lm_eval_ext.orientation import task
from lm_eval_ext.orientation.scoring import ANGLE_METRICS, PICTURE_METRICS, TEXT_METRICS, Metric, clustered_stderr, mean_stderr
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.seeding import stream
from tests.orientation.test_task import TASKS, no_drawing, run

__all__ = ["no_drawing"]  # a fixture of test_task, used by name
GROUPS = ("dori", "dori_coarse", "dori_granular")
pytestmark = pytest.mark.usefixtures("no_drawing")


class Loader(yaml.SafeLoader):
    """Reads ``!function`` as the name of the function."""


Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


@pytest.mark.parametrize(
    ("file", "metrics"),
    [
        ("_dori_coarse_yaml", PICTURE_METRICS),
        ("_dori_granular_yaml", ANGLE_METRICS),
        ("dori_blind.yaml", TEXT_METRICS),
        ("dori_blank.yaml", TEXT_METRICS),
    ],
)
def test_the_yaml_files_list_the_tables(file: str, metrics: dict[str, Metric]) -> None:
    listed = yaml.load((TASKS / "dori" / file).read_text(), Loader)["metric_list"]  # noqa: S506 a SafeLoader
    expected = [
        {
            "metric": name,
            "aggregation": f"lm_eval_ext.orientation.scoring.{metric.aggregate.__name__}",
            "higher_is_better": metric.higher_is_better,
        }
        for name, metric in metrics.items()
    ]
    assert listed == expected


def unsure(request: Any) -> str:
    return stream("unsure", request.doc["item_id"]).choice([*request.doc["choices"], request.doc["answer"], "Hard to say."])


@pytest.fixture(scope="module")
def with_extras() -> Any:
    """A patch that adds rotated and degraded items to every leaf, of a number that depends on the leaf."""

    def load(question: Any, options: Any) -> list[Item]:
        found = []
        for item in load_items(question, options):
            found.append(item)
            if item.factors["twin"] == "plain":
                for turn in range(1, len(item.choices)):
                    changed = {"twin": "rotated", "rotation": turn}
                    choices = [*item.choices[turn:], *item.choices[:turn]]
                    fields = {"item_id": f"{item.item_id}-{turn}", "factors": item.factors | changed, "choices": choices}
                    found.append(item.model_copy(update=fields))
        return found

    return load


def figures_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {key: values[key] for key in values if "," in key} for name, values in found["results"].items()}


def test_extra_twins_move_nothing_in_leaves_and_groups(
    monkeypatch: pytest.MonkeyPatch, with_extras: Any, caplog: pytest.LogCaptureFixture
) -> None:
    without = run(["dori"], unsure)
    monkeypatch.setattr(task, "load_items", with_extras)
    with caplog.at_level(logging.WARNING):
        extended = run(["dori"], unsure)
    assert figures_of(extended) == figures_of(without)
    assert "not scored on the same number" not in caplog.text
    leaf = "dori_directional_facing_granular"
    assert len(extended["samples"][leaf]) == 100  # 10 twins: 2 items and 8 rotations each
    assert extended["results"][leaf]["sample_len"] == 20


def test_figures_that_no_document_has_are_not_printed() -> None:
    results = run(["dori"], unsure)["results"]
    shown = {name: {key.partition(",")[0] for key in values} for name, values in results.items()}
    assert "half_turn_error" not in shown["dori_compound_rotation_granular"]
    assert "vertical_axis" in shown["dori_compound_rotation_granular"]
    assert "signed_error" not in shown["dori_view_parallelism_granular"]
    assert "mirror_error" not in shown["dori_view_parallelism_coarse"]
    assert "vertical_axis" not in shown["dori_single_axis_rotation_granular"]


def test_group_rows_are_means_over_items_with_the_error_of_independent_leaves() -> None:
    found = run(["dori"], unsure)
    for group in GROUPS:
        leaves = [name for name in found["samples"] if group == "dori" or name.endswith(group.removeprefix("dori"))]
        rights = [sample["acc"] for name in leaves for sample in found["samples"][name]]
        errors = [found["results"][name]["acc_stderr,none"] for name in leaves]
        row = found["groups"][group]
        assert row["acc,none"] == pytest.approx(np.mean(rights))
        assert row["acc_stderr,none"] == pytest.approx(math.hypot(*errors) / len(leaves))
        assert row["acc_macro,none"] == pytest.approx(np.mean([found["results"][name]["acc_macro,none"] for name in leaves]))


def test_an_all_right_leaf_leaves_its_group_an_error() -> None:
    row = run(["dori_coarse"], lambda request: request.doc["answer"])["groups"]["dori_coarse"]
    assert row["acc,none"] == 1.0
    assert 0 < row["acc_stderr,none"] < 0.1


@pytest.mark.parametrize(
    ("values", "of_share", "of_mean"),
    [([], "N/A", "N/A"), ([[1.0, "a"]], "N/A", "N/A"), ([[1.0, "a"], [0.0, "a"]], "N/A", "N/A"), ([[None, "a"]], "N/A", "N/A")],
)
def test_below_two_clusters_the_error_is_unknown(values: Sequence[Any], of_share: str, of_mean: str) -> None:
    assert (clustered_stderr(list(values)), mean_stderr(list(values))) == (of_share, of_mean)


def test_equal_values_have_the_error_of_their_interval_if_they_are_shares_and_none_if_not() -> None:
    values = [[1.0, f"car-{i}"] for i in range(50)]
    assert 0 < float(clustered_stderr(values)) < 0.03
    assert mean_stderr(values) == "N/A"


def test_per_sample_values_are_plain_json() -> None:
    samples = run(["dori_compound_rotation_granular"], unsure)["samples"]["dori_compound_rotation_granular"]
    values = [{name: sample[name] for name in sample["metrics"]} for sample in samples]
    assert json.loads(json.dumps(values)) == values
