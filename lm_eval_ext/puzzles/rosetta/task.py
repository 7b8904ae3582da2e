"""What the YAML files of ``tasks/rosetta`` name."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lm_eval_ext.items import to_dataset
from lm_eval_ext.options import read_options
from lm_eval_ext.puzzles.rosetta.drawing import Type
from lm_eval_ext.puzzles.rosetta.items import generate
from lm_eval_ext.puzzles.rosetta.wording import prompt

if TYPE_CHECKING:
    import datasets


def load(*, grammar: Type, **metadata: Any) -> "dict[str, datasets.Dataset]":
    """The items of one type as lm-eval wants them: ``{"test": datasets.Dataset}``.

    Args:
        grammar: Type, from the task's ``dataset_kwargs``.
        metadata: lm-eval's merged metadata; ours are the fields of ``Options``.

    Raises:
        InputError: An option is not accepted.
    """
    return to_dataset(list(generate(grammar, read_options(metadata))))


def doc_to_text(doc: Mapping[str, Any]) -> str:
    """The prompt."""
    return prompt(json.loads(doc["spec"])["sheet"], doc["query"])


def doc_to_target(doc: Mapping[str, Any]) -> str:
    """The answer."""
    return doc["answer"]
