"""What lm-eval gets per sample and what it prints."""

import importlib
import json
import math
from pathlib import Path

import pytest
import yaml

from lm_eval_ext.items import Item, to_columns
from lm_eval_ext.worlds import scoring

TASKS = Path(__file__).parents[2] / "tasks" / "synthworlds"


def document(twin=0, world="rm", answer="Lima", hops=1, cluster=None, **factors):
    """A sample as it comes out of the data set."""
    item = Item(
        item_id=f"{twin}-{world}",
        family="synthworlds",
        setting="closed_book",
        twin_id=f"t{twin}",
        cluster_id=f"c{twin if cluster is None else cluster}",
        factors={"world": world, "hops": hops} | factors,
        source="generated",
        source_revision="x",
        spec="{}",
        query="What is the capital of Peru?",
        answer=answer,
        answer_aliases=["City of Kings"] if world == "rm" else [],
    )
    return {name: column[0] for name, column in to_columns([item]).items()}


def scored(rows):
    """Metric -> list of per-sample values, as lm-eval collects them."""
    samples = [scoring.process_results(document(**row), [text]) for row, text in rows]
    return {name: [sample[name] for sample in samples] for name in samples[0]}


def world_rows(n=20):
    """The real-mapped twin is right, every fourth synthetic-mapped one as well."""
    for twin in range(n):
        yield {"twin": twin, "hops": 1 + twin % 2}, "Lima"
        yield (
            {"twin": twin, "hops": 1 + twin % 2, "world": "sm", "answer": "Nonove"},
            "Nonove" if twin % 4 == 0 else "I don't know",
        )


class _Functions(yaml.SafeLoader):
    """Reads ``!function a.b.c`` as the object it names."""


def _named(loader, node):
    module, _, name = loader.construct_scalar(node).rpartition(".")
    return getattr(importlib.import_module(module), name)


_Functions.add_constructor("!function", _named)


def metric_list():
    return yaml.load((TASKS / "_synthworlds_yaml").read_text("utf-8"), Loader=_Functions)["metric_list"]  # noqa: S506


def test_the_task_lists_exactly_the_metrics_that_samples_carry():
    listed = {entry["metric"] for entry in metric_list()}
    assert listed == set(scoring.process_results(document(), ["Lima"]))
    assert all({"metric", "aggregation", "higher_is_better"} == set(entry) for entry in metric_list())


def test_every_sample_has_the_same_keys_in_the_same_order_and_is_plain_json():
    one, other = (scoring.process_results(document(world=world), ["x"]) for world in ("rm", "sm"))
    assert list(one) == list(other)
    assert json.loads(json.dumps(one)) == one


def test_the_printed_figures():
    values = scored(world_rows())
    found = {entry["metric"]: entry["aggregation"](values[entry["metric"]]) for entry in metric_list()}
    assert all(type(value) is float for value in found.values())
    assert found["em_rm"] == found["em_rm_1hop"] == found["em_rm_2hop"] == 1.0
    assert (found["em_sm"], found["em_sm_1hop"], found["em_sm_2hop"]) == (0.25, 0.5, 0.0)
    assert found["knowledge_advantage"] == 0.75 == found["em_rm"] - found["em_sm"]
    assert 0.5 < found["knowledge_advantage_ci_low"] < 0.75 < found["knowledge_advantage_ci_high"] <= 1.0
    assert found["em_ci_low"] < found["em"] == 0.625 < found["em_ci_high"]
    assert (found["majority"], found["unpaired"], found["unanswered"]) == (1.0, 0.0, 15 / 40)


def test_a_twin_cut_off_by_the_limit_counts_in_no_gap():
    values = scored(list(world_rows())[:-1])
    assert scoring.unpaired(values["unpaired"]) == 1.0
    assert scoring.measure_gap(values["knowledge_advantage"]).n_twins == 19


def test_several_synthetic_worlds_are_averaged_within_their_twin():
    rows = [({"twin": 0}, "Lima"), ({"twin": 0, "world": "sm"}, "Lima"), ({"twin": 0, "world": "sm"}, "no")]
    rows += [({"twin": 1}, "Lima"), ({"twin": 1, "world": "sm"}, "no"), ({"twin": 1, "world": "sm"}, "no")]
    assert scoring.knowledge_advantage(scored(rows)["knowledge_advantage"]) == 0.75


def test_the_interval_widens_when_twins_share_a_page():
    rows = list(world_rows(40))
    rows += [(row | {"cluster": row["twin"] // 4}, text) for row, text in rows]
    values = scored(rows)["knowledge_advantage"]
    alone, shared = scoring.measure_gap(values[:80]), scoring.measure_gap(values[80:])
    assert alone.value == shared.value
    assert (alone.n_clusters, shared.n_clusters) == (40, 10)


def test_one_twin_has_no_interval_and_lm_eval_prints_and_saves_that():
    values = scored([({"twin": 0}, "Lima"), ({"twin": 0, "world": "sm"}, "no")])
    found = {f"{entry['metric']},none": entry["aggregation"](values[entry["metric"]]) for entry in metric_list()}
    assert math.isnan(found["knowledge_advantage_ci_low,none"])
    assert math.isnan(found["em_rm_2hop,none"])
    assert found["knowledge_advantage,none"] == 1.0
    from lm_eval.utils import handle_non_serializable, make_table

    table = make_table({"results": {"synthworlds_reading": found}, "versions": {"synthworlds_reading": 1}})
    assert "nan" in table
    assert json.loads(json.dumps(found, default=handle_non_serializable))["knowledge_advantage,none"] == 1.0


def test_no_samples_are_no_number():
    assert all(math.isnan(entry["aggregation"]([])) for entry in metric_list() if entry["metric"] != "unpaired")


def test_aliases_count_and_dates_follow_the_published_rule():
    assert scoring.process_results(document(), ["the City of Kings"])["em"] == 1.0
    dated = document(answer="1896-07-28", is_time=True)
    found = scoring.process_results(dated, ["July 28, 1896"])
    assert (found["em"], found["official_em"]) == (0.0, 1.0)


def test_nothing_said_is_unanswered_and_wrong_but_officially_right():
    found = scoring.process_results(document(), [""])
    assert (found["em"], found["f1"], found["unanswered"], found["official_em"]) == (0.0, 0.0, 1.0, 1.0)


def test_repeated_outputs_count_by_their_first():
    assert scoring.process_results(document(), [["Lima", "Cusco"]])["em"] == 1.0


def test_an_unknown_world_is_refused_by_item():
    with pytest.raises(ValueError, match="item 0-mars has world 'mars'; worlds are 'rm' and 'sm'"):
        scoring.process_results(document(world="mars"), ["x"])
