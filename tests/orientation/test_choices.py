"""Multiple choice: what is chosen, and what the YAML files list."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation import choices, scoring
from tests.conftest import ROOT

OPTIONS = ["To the left", "To the right", "Toward the camera", "Cannot be determined"]
DOC = {
    "item_id": "i",
    "twin_id": "t",
    "cluster_id": "c",
    "source": "generated",
    "choices": OPTIONS,
    "answer": "To the right",
    "factors": json.dumps({"twin": "plain", "question": "directional_facing", "level": "coarse"}),
}
NATURALS = st.lists(st.integers(1, 10_000), min_size=4, max_size=4, unique=True)


def scored(likelihoods: list[float], doc: Mapping[str, Any] = DOC) -> dict[str, Any]:
    return choices.process_coarse(doc, [(likelihood, False) for likelihood in likelihoods])


def test_the_sum_and_the_sum_per_character_may_choose_differently() -> None:
    found = scored([-3.0, -11.0, -9.0, -8.0])  # summed: to the left; per character: cannot be determined
    assert (found["acc"], found["acc_norm"]) == (0.0, 0.0)
    found = scored([-11.9, -12.0, -30.0, -30.0])
    assert (found["acc"], found["acc_norm"]) == (0.0, 1.0)


@given(NATURALS, st.permutations(range(4)))
def test_the_order_of_the_options_changes_nothing(costs: list[int], order: list[int]) -> None:
    likelihoods = [-cost / 7 for cost in costs]
    turned = {**DOC, "choices": [OPTIONS[place] for place in order]}
    assert scored([likelihoods[place] for place in order], turned) == scored(likelihoods)


@given(NATURALS)
def test_adding_a_constant_to_all_changes_no_sum(costs: list[int]) -> None:
    assert scored([-cost - 100.0 for cost in costs])["acc"] == scored([-float(cost) for cost in costs])["acc"]


def test_not_a_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"as log-likelihoods of the options of i\. Its numbers overflow"):
        scored([-1.0, float("nan"), -2.0, -3.0])


@pytest.mark.parametrize("level", ["coarse", "granular"])
def test_the_yaml_lists_exactly_the_figures(level: str) -> None:
    from lm_eval.tasks._yaml_loader import load_yaml

    table = {**getattr(choices, level.upper()), **choices.NORMED}
    listed = load_yaml(ROOT / "tasks" / "dori" / f"_dori_mcq_{level}_yaml", resolve_func=True)["metric_list"]
    assert [entry["metric"] for entry in listed] == list(table)
    for entry in listed:
        assert entry["aggregation"] is table[entry["metric"]].aggregate
        assert entry["higher_is_better"] == table[entry["metric"]].higher_is_better
    assert not any(name.startswith(("unparsed", "script", "acc_dori")) for name in table)
    assert {"acc_norm", "acc_norm_stderr", "acc_norm_ci_low", "acc_norm_chance_corrected"} <= set(table) - set(
        scoring.PICTURE_METRICS
    )
