"""Options that no task of ours knows are refused before any work starts."""

from pathlib import Path
from typing import Any

import pytest
from lm_eval.config.evaluate_config import EvaluatorConfig

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.index import asks_for_ours, only_ours
from lm_eval_ext.host.requested import refuse_unknown
from lm_eval_ext.options import Options

KEYS = ", ".join(Options.model_fields)


def test_a_mistyped_key_is_refused_with_what_is_accepted() -> None:
    text = rf"^--metadata key 'sed' is unknown to the tasks of lm_eval_ext\. Keys: {KEYS}\. Did you mean 'seed'\?$"
    with pytest.raises(InputError, match=text):
        refuse_unknown({"sed": 7}, {}, "dori", None)


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({"seed": "seven"}, "seed='seven' is not accepted"),
        ({"n": 0}, "n=0 is not accepted"),
        ({"source": "moon"}, "source='moon' is not accepted"),
    ],
)
def test_a_value_is_refused_before_the_model_is_loaded(metadata: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        refuse_unknown(metadata, {"pretrained": "x"}, ["synthworlds"], None)


def test_a_model_argument_is_never_taken_for_an_option() -> None:
    with pytest.raises(InputError, match=r"--model_args seed=5 would also become the 'seed' of the tasks of lm_eval_ext\."):
        refuse_unknown({}, {"pretrained": "x", "seed": 5}, "dori", None)
    refuse_unknown({"seed": 0}, {"pretrained": "x", "seed": 5}, "dori", None)  # said outright: no doubt is left
    with pytest.raises(InputError, match="--model_args seed=5"):
        refuse_unknown(None, "pretrained=x,seed=5", "dori", None)


@pytest.mark.parametrize("tasks", ["hellaswag", ["hellaswag", "arc_easy"], None, [{"task": "inline"}]])
def test_other_peoples_tasks_keep_their_metadata(tasks: object) -> None:
    assert not asks_for_ours(tasks)
    refuse_unknown({"max_seq_lengths": [4096]}, {"seed": 5}, tasks, None)  # raises nothing


@pytest.mark.parametrize("tasks", ["dori", "hellaswag,dori", ["hellaswag", "synth*"], "dori_view_parallelism_coarse"])
def test_our_tasks_are_recognised_by_name_and_pattern(tasks: object) -> None:
    assert asks_for_ours(tasks)


def test_our_tasks_are_recognised_by_path() -> None:
    from lm_eval_ext.host.discovery import tasks_folder

    assert asks_for_ours(str(tasks_folder() / "dori" / "dori_blind.yaml"))
    assert asks_for_ours(str(tasks_folder() / "dori"))


def test_our_tasks_are_recognised_inside_a_group_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("group: mine\ntask:\n  - group: inner\n    task: [dori_blind]\n  - other\n")
    (tmp_path / "outer.yaml").write_text("group: outer\ntask: [mine]\n")
    (tmp_path / "foreign.yaml").write_text("group: foreign\ntask: [foreign, hellaswag]\n")
    assert asks_for_ours("outer", tmp_path)
    assert not asks_for_ours("foreign", tmp_path)  # and a group that names itself ends


def test_the_scan_is_left_out_only_when_all_tasks_are_ours() -> None:
    assert only_ours("dori,synthworlds")
    assert only_ours(["dori_blind"])
    assert not only_ours("dori,hellaswag")
    assert not only_ours([])


def configure(**given: Any) -> EvaluatorConfig:
    return EvaluatorConfig(**given)._configure()


def test_the_command_line_is_checked_where_lm_eval_has_not_merged_yet() -> None:
    with pytest.raises(InputError, match="key 'sed' is unknown"):
        configure(tasks=["dori"], metadata={"sed": 7}, model_args={"pretrained": "x"})
    config = configure(tasks=["dori"], metadata={"seed": 7}, model_args={"pretrained": "x", "dtype": "float32"})
    assert config.metadata == {"pretrained": "x", "dtype": "float32", "seed": 7}


def test_a_call_of_simple_evaluate_is_checked() -> None:
    from lm_eval import simple_evaluate

    with pytest.raises(InputError, match="key 'sed' is unknown"):
        simple_evaluate(model="dummy", tasks=["dori"], metadata={"sed": 7})
