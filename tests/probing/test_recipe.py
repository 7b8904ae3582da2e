"""Recipes: what is read, what a model makes of it, and what is refused with which words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.interventions import Place
from lm_eval_ext.probing.recipe import Plan, plan, read_recipe, recipe_names
from lm_eval_ext.probing.sites import Architecture

TINY = Architecture(name="Tiny", layers=3, heads=4, kv_heads=2, head_dim=2, hidden=8, neurons=12, missing={})


@pytest.fixture
def planned(tmp_path: Path) -> Any:
    def make(**sections: Any) -> Plan:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump({"about": "a test", **sections}))
        return plan(read_recipe(path), TINY)

    return make


def test_a_measurement_names_layers_from_either_end(planned: Any) -> None:
    (found,) = planned(measure={"heads": {"site": "attn", "statistics": ["entropy"], "layers": [0, -1]}}).measurements
    assert (found.name, found.site, found.layers, found.statistics) == ("heads", "attn", (0, 2), ("entropy",))
    (found,) = planned(measure={"stream": {"site": "resid_post"}}).measurements
    assert found.layers == (0, 1, 2)


def test_an_intervention_in_two_layers_becomes_two_with_their_own_values(planned: Any, tmp_path: Path) -> None:
    save_file({f"mean.{layer}": np.full(8, layer, np.float32) for layer in (0, 1)}, tmp_path / "means.safetensors")
    change = {"operation": "mean", "site": "resid_post", "layers": [0, 1]}
    file = {"file": "means.safetensors", "tensor": "mean.{layer}"}
    found = planned(interventions=[{**change, "values": file}]).interventions
    assert [(one.layer, one.values[0]) for one in found] == [(0, 0.0), (1, 1.0)]
    with pytest.raises(InputError, match=r"no tensor 'mean.2'. It has mean.0, mean.1"):
        planned(interventions=[{**change, "layers": [2], "values": file}])


def test_a_layer_is_taken_out_by_its_own_input(planned: Any) -> None:
    (found,) = planned(
        interventions=[{"operation": "patch", "site": "resid_post", "layers": [1], "from_site": "resid_pre"}]
    ).interventions
    assert found.same_run == Place("resid_pre", 1)


def test_values_can_be_written_out(planned: Any) -> None:
    (found,) = planned(
        interventions=[{"operation": "add", "site": "z", "layers": [1], "heads": [3], "values": [1, 2], "factor": 0.5}]
    ).interventions
    assert (found.heads, found.factor, found.values.tolist()) == ((3,), 0.5, [1.0, 2.0])


STREAM = {"stream": {"site": "resid_post"}}
REFUSED = [
    ({}, "neither measures nor changes"),
    ({"measures": STREAM}, "measures: Extra inputs"),
    ({"measure": {"x": {"site": "attn_out"}}}, "measure.x.site: Input should be 'resid_pre'"),
    ({"measure": {"x": {"site": "attn", "statistics": ["entropi"]}}}, "Did you mean 'entropy'"),
    ({"measure": {"x": {"site": "attn"}}}, "statistics only"),
    ({"measure": {"x": {"site": "z", "layers": [3]}}}, "layer 3 does not exist in Tiny"),
    ({"measure": {"x": {"site": "z", "layers": [-4]}}}, "layer -4 does not exist in Tiny"),
    ({"measure": {"x": {"site": "z", "heads": [4]}}}, "head 4 does not exist"),
    ({"measure": {"x": {"site": "neuron", "neurons": [12]}}}, "neuron 12 does not exist"),
    ({"measure": {"x": {"site": "z", "positions": "picture"}}}, "span 'picture' is used and not marked"),
    ({"measure": {"x": {"site": "attn", "statistics": ["span:q"]}}}, "span 'q' is used and not marked"),
    ({"measure": STREAM, "spans": {"last": {"picture": True}}}, "name of a place"),
    ({"measure": STREAM, "spans": {"q": {"text": "a", "field": "b"}}}, "give one of picture, tokens, text and field"),
    ({"interventions": [{"operation": "zero", "site": "z", "layers": [0], "heads": [9]}]}, "head 9 does not exist"),
    ({"interventions": [{"operation": "set", "site": "z", "layers": [0], "values": [1.0]}]}, r"values have shape \(1,\)"),
    ({"interventions": [{"operation": "set", "site": "z", "layers": [0], "values": [[1.0], [1.0, 2.0]]}]}, "different lengths"),
]


@pytest.mark.parametrize(("sections", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_bad_recipes_are_refused_in_one_line(planned: Any, sections: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        planned(**sections)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is no YAML"),
        ("- 1", "holds no mapping"),
        ("about: &a x\nmeasure: *a", "aliases"),
        ("about: !!python/object/apply:os.system [ls]", "is no YAML"),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_recipe(path)


def test_a_missing_recipe_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown\. Give a .yaml file or one of"):
        read_recipe("no_such_recipe")
    with pytest.raises(InputError, match="does not exist"):
        read_recipe(tmp_path / "recipe.yaml")


@pytest.mark.parametrize("name", recipe_names())
def test_every_packaged_recipe_can_be_read(name: str) -> None:
    assert read_recipe(name).about
