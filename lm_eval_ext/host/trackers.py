"""Where lm-eval writes the results of the run that is under way; it does not tell its models."""

import functools
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

Writer: TypeAlias = Callable[[Path], object]
"""Gets the name, without ending, of what is written beside the results."""

_WRITERS = "lm_eval_ext_writers"
_made: "weakref.WeakValueDictionary[str, Any]" = weakref.WeakValueDictionary()


def follow(module: ModuleType) -> None:
    """Keep in mind the tracker that lm-eval makes before it loads a model, and write beside its results."""
    tracker = module.EvaluationTracker
    init, save = tracker.__init__, tracker.save_results_aggregated

    @functools.wraps(init)
    def followed_init(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        _made["latest"] = self

    @functools.wraps(save)
    def followed_save(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = save(self, *args, **kwargs)
        for write in vars(self).get(_WRITERS, []):
            write(_beside_results(self))
        return result

    tracker.__init__, tracker.save_results_aggregated = followed_init, followed_save


def when_saved(write: Writer) -> bool:
    """Have something written beside the results of the run that is under way.

    Returns:
        Whether results will be written at all; they are not without ``--output_path``.
    """
    tracker = _made.get("latest")
    if tracker is None or not tracker.output_path:
        return False
    vars(tracker).setdefault(_WRITERS, []).append(write)
    return True


def _beside_results(tracker: Any) -> Path:
    date = getattr(tracker, "date_id", None) or date_now()
    path = Path(tracker.output_path)
    if path.suffix == ".json":
        return path.with_name(f"{path.stem}_probes_{date}")
    return path / str(tracker.general_config_tracker.model_name_sanitized) / f"probes_{date}"


def date_now() -> str:
    """As lm-eval has it in its file names."""
    return datetime.now().isoformat().replace(":", "-")  # noqa: DTZ005  # local time, as lm-eval's
