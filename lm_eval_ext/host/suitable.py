"""Refuse, before a model is loaded, tasks that its class cannot answer.

lm-eval's own image classes give no log-likelihoods of answers to pictures, and its chat clients give none at all. They say so
late, each in its own way, when the model has been loaded and the pictures drawn.
"""

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.discovery import Paths
from lm_eval_ext.host.index import index_of_tasks, members, names_of

SUBSTITUTES = {
    "hf-multimodal": "hf-multimodal-ext",
    "vllm-vlm": "vllm-vlm-ext",
    "local-chat-completions": None,
    "openai-chat-completions": None,
    "anthropic-chat-completions": None,
}
"""Classes of lm-eval that take pictures but give no log-likelihoods with them, and the class that does instead."""


def refuse_unsuitable(model: object, tasks: object, include_path: Paths = None) -> None:
    """Check a run's model against its tasks.

    Args:
        model: Name as given to ``--model``; a loaded model is not looked at.
        tasks: Names or patterns, as a list or with commas between.
        include_path: The user's own folders of tasks.

    Raises:
        InputError: A task asks for log-likelihoods of answers to pictures, and the model's class gives none.
    """
    if not isinstance(model, str) or model not in SUBSTITUTES:
        return
    asked = _picture_choices(tasks, index_of_tasks(include_path))
    if asked:
        raise InputError(without_likelihoods(model, asked[0], len(asked) - 1))


def without_likelihoods(model: str, task: str, others: int = 0) -> str:
    """The line that says which class to take instead.

    Example:
        >>> print(without_likelihoods("vllm-vlm", "dori_mcq_canonical_orientation_coarse"))
        vllm-vlm gives no log-likelihoods of answers to pictures, which dori_mcq_canonical_orientation_coarse needs. Give --model
        vllm-vlm-ext, or a task that generates its answers, such as dori.
    """
    which = f"{task} and {others} more need" if others else f"{task} needs"
    substitute = SUBSTITUTES.get(model)
    other_class = f"--model {substitute}, or " if substitute else ""
    return (
        f"{model} gives no log-likelihoods of answers to pictures, which {which}. "
        f"Give {other_class}a task that generates its answers, such as dori."
    )


def _picture_choices(tasks: object, index: Mapping[str, Any]) -> list[str]:
    """Leaves among the requested tasks that are multiple choice with pictures."""
    requested = [known for name in names_of(tasks) for known in index if fnmatch(known, name)]
    return sorted(
        {leaf for name in requested for leaf in _leaves(name, index, frozenset()) if _has_choices(index[leaf].cfg or {})}
    )


def _leaves(name: str, index: Mapping[str, Any], seen: frozenset[str]) -> list[str]:
    entry = index.get(name)
    if entry is None or name in seen:
        return []
    config = entry.cfg or {}
    if entry.yaml_path is not None and "group" not in config:
        return [name]
    below = members(config.get("task")) if "group" in config else entry.tags
    return [leaf for member in below for leaf in _leaves(member, index, seen | {name})]


def _has_choices(config: Mapping[str, Any]) -> bool:
    likelihoods = ("multiple_choice", "loglikelihood")
    return config.get("output_type") in likelihoods and config.get("doc_to_image") is not None
