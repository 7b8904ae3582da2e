"""Refuse, before any work starts, what a run asks for and cannot have: options that no task of ours knows, an unfit model class.

lm-eval merges ``--model_args`` and ``--metadata`` before a task sees them, so a task cannot tell a mistyped option from a model's
argument. These checks run where the two still stand apart: when the command line has just been read, and on entry to
``simple_evaluate``. They do nothing unless a task of ours is asked for.
"""

import functools
import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from types import ModuleType
from typing import Any, cast

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.discovery import Paths
from lm_eval_ext.host.index import asks_for_ours
from lm_eval_ext.host.suitable import refuse_unsuitable


def check_command_line(config_module: ModuleType) -> None:
    """Check ``lm_eval run``: wrap the step that merges ``--model_args`` and ``--metadata``."""
    config = config_module.EvaluatorConfig
    merge = config._process_arguments  # noqa: SLF001  # the only place where the two stand apart

    @functools.wraps(merge)
    def checked_merge(self: Any) -> Any:
        refuse_unknown(self.metadata, self.model_args, self.tasks, self.include_path)
        refuse_unsuitable(self.model, self.tasks, self.include_path)
        return merge(self)

    config._process_arguments = checked_merge  # noqa: SLF001


def check_call(evaluator_module: ModuleType) -> None:
    """Check ``simple_evaluate``, where it makes the task manager itself (it ignores ``metadata`` when it is given one)."""
    evaluate = evaluator_module.simple_evaluate
    signature = inspect.signature(evaluate)

    @functools.wraps(evaluate)
    def simple_evaluate(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        if given.get("task_manager") is None:
            refuse_unknown(given.get("metadata"), given.get("model_args"), given.get("tasks"), None)
        refuse_unsuitable(given.get("model"), given.get("tasks"))
        return evaluate(*args, **kwargs)

    evaluator_module.simple_evaluate = simple_evaluate  # pyright: ignore[reportAttributeAccessIssue]


def refuse_unknown(
    metadata: Mapping[str, Any] | None, model_args: Mapping[str, Any] | str | None, tasks: object, include_path: Paths
) -> None:
    """Check the options of a run, if it asks for a task of ours.

    Args:
        metadata: The user's own, not yet merged.
        model_args: Arguments of the model, as a mapping or as ``"key=value,…"``.
        tasks: Names, patterns or paths, as a list or with commas between; anything else is not looked at.
        include_path: The user's own folders of tasks, whose groups may hold tasks of ours.

    Raises:
        InputError: A key of ``metadata`` is unknown or a value is not accepted, or a model argument has the name of an option.
    """
    metadata = metadata or {}
    model_args = _as_mapping(model_args)
    problem = _unknown_key(metadata) or _borrowed_key(metadata, model_args)
    if (problem or metadata) and asks_for_ours(tasks, include_path):
        if problem:
            raise InputError(problem)
        _options().read_options(metadata)


def _options() -> ModuleType:
    """The module of the options; it needs pydantic, so it is imported when a run has options."""
    from lm_eval_ext import options

    return options


def _unknown_key(metadata: Mapping[str, Any]) -> str | None:
    accepted = list(_options().Options.model_fields) if metadata else []
    unknown = [key for key in metadata if key not in accepted]
    if not unknown:
        return None
    meant = get_close_matches(unknown[0], accepted, n=1)
    hint = f" Did you mean '{meant[0]}'?" if meant else ""
    return f"--metadata key '{unknown[0]}' is unknown to the tasks of lm_eval_ext. Keys: {', '.join(accepted)}.{hint}"


def _borrowed_key(metadata: Mapping[str, Any], model_args: Mapping[str, Any]) -> str | None:
    """A model argument (vLLM has ``seed``) that lm-eval's merge would hand to our tasks as if it were their option."""
    borrowed = [key for key in model_args if key not in metadata and key in _options().Options.model_fields]
    if not borrowed:
        return None
    key, value = borrowed[0], model_args[borrowed[0]]
    return (
        f"--model_args {key}={value} would also become the '{key}' of the tasks of lm_eval_ext. "
        f"Say which one they shall use: --metadata '{{\"{key}\": …}}'."
    )


def _as_mapping(model_args: Mapping[str, Any] | str | None) -> Mapping[str, Any]:
    if isinstance(model_args, str):
        from lm_eval.utils import simple_parse_args_string

        return cast("Mapping[str, Any]", simple_parse_args_string(model_args))
    return model_args or {}
