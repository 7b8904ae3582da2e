"""What the YAML files of ``tasks/synthworlds`` name."""

import json
from typing import TYPE_CHECKING, Any, Literal

from lm_eval_ext.items import to_dataset
from lm_eval_ext.options import read_options
from lm_eval_ext.worlds import generate, published
from lm_eval_ext.worlds.next_link import next_link_items
from lm_eval_ext.worlds.prompts import Setting, question_prompt
from lm_eval_ext.worlds.sources import load_items

if TYPE_CHECKING:
    import datasets


def load(*, setting: Setting | Literal["next_link"], **metadata: Any) -> "dict[str, datasets.Dataset]":
    """The items of one setting as lm-eval wants them: ``{"test": datasets.Dataset}``.

    Args:
        setting: From the task's ``dataset_kwargs``.
        metadata: lm-eval's merged metadata; ours are the fields of ``Options``.

    Raises:
        InputError: An option or a source is not accepted.
    """
    options = read_options(metadata)
    return to_dataset(list(next_link_items(setting, options) if setting == "next_link" else load_items(setting, options)))


def doc_to_text(doc: dict[str, Any]) -> str:
    """The prompt, with pages where the setting gives them."""
    if doc["setting"] == "closed_book":
        return question_prompt("closed_book", doc["query"])
    spec = json.loads(doc["spec"])
    pages = generate.pages_of(spec) if doc["source"] == "generated" else published.pages_of(spec)
    return question_prompt(doc["setting"], doc["query"], pages)


def doc_to_target(doc: dict[str, Any]) -> str:
    """The answer."""
    return doc["answer"]
