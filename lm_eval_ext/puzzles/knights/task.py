"""What ``tasks/knights/knights.yaml`` names."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lm_eval_ext.items import to_dataset
from lm_eval_ext.options import read_options
from lm_eval_ext.puzzles.knights.items import generate
from lm_eval_ext.puzzles.knights.wording import prompt

if TYPE_CHECKING:
    import datasets


def load(**metadata: Any) -> "dict[str, datasets.Dataset]":
    """The items as lm-eval wants them: ``{"test": datasets.Dataset}``.

    Args:
        metadata: lm-eval's merged metadata; ours are the fields of ``Options``.

    Raises:
        InputError: An option is not accepted.
    """
    return to_dataset(list(generate(read_options(metadata))))


def doc_to_text(doc: Mapping[str, Any]) -> str:
    """The prompt."""
    return prompt(doc["query"], json.loads(doc["spec"])["words"])


def doc_to_target(doc: Mapping[str, Any]) -> str:
    """The answer."""
    return doc["answer"]
