"""Which tasks a request names, looked up without lm-eval's own 14,000 task files."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

from lm_eval_ext.host.discovery import Paths, tasks_folder, with_ours


def asks_for_ours(tasks: object, include_path: Paths = None) -> bool:
    """Whether a request names a task of ours: by name, pattern or path, or through a group of the user's own."""
    names = names_of(tasks)
    if any(_is_our_file(name) for name in names):
        return True
    index = index_of_tasks(include_path)
    ours = {name for name in index if _is_our_entry(name, index, frozenset())}
    return any(fnmatch(known, name) for name in names for known in ours)


def only_ours(tasks: object) -> bool:
    """Whether every requested name is a task, group or tag of ours, so that lm-eval's own files need not be read."""
    names, known = names_of(tasks), index_of_tasks(None)
    return bool(names) and all(any(fnmatch(task, name) for task in known) for name in names)


def names_of(tasks: object) -> list[str]:
    """Names and patterns of a request: a list, or text with commas between; anything else is not looked at."""
    listed: Iterable[object] = [tasks] if isinstance(tasks, str) else cast("Iterable[object]", tasks or ())
    return [name.strip() for entry in listed if isinstance(entry, str) for name in entry.split(",") if name.strip()]


def index_of_tasks(include_path: Paths) -> dict[str, Any]:
    """lm-eval's entries for our tasks and for those in the user's own folders."""
    from lm_eval.tasks import TaskManager

    build = cast("Callable[..., Any]", TaskManager)
    return build(include_defaults=False, include_path=with_ours(include_path)).task_index


def _is_our_file(name: str) -> bool:
    path = Path(name).resolve()
    return path.exists() and path.is_relative_to(tasks_folder().resolve())


def _is_our_entry(name: str, index: Mapping[str, Any], seen: frozenset[str]) -> bool:
    """Whether an entry stands in our folder, or is a group or tag with such an entry somewhere below it."""
    entry = index.get(name)
    if entry is None or name in seen:
        return False
    if entry.yaml_path is not None and _is_our_file(str(entry.yaml_path)):
        return True
    below = [*entry.tags, *members((entry.cfg or {}).get("task"))]
    return any(_is_our_entry(member, index, seen | {name}) for member in below)


def members(listed: object) -> list[str]:
    """Names in the ``task:`` list of a group, those inside groups that are written out there included."""
    if isinstance(listed, str):
        return [listed]
    if isinstance(listed, dict):
        entry = cast("dict[str, object]", listed)
        return [*members(entry.get("group")), *members(entry.get("task"))]
    return [name for part in cast("list[object]", listed or []) for name in members(part)]
