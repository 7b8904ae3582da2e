"""Our tasks and models in lm-eval's own lists, for releases that do not look for plug-ins themselves."""

import functools
import inspect
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

MODELS = {
    "hf-ext": "lm_eval_ext.host.models:HFExt",
    "hf-multimodal-ext": "lm_eval_ext.host.models:HFMultimodalExt",
    "vllm-ext": "lm_eval_ext.host.models:VLLMExt",
    "vllm-vlm-ext": "lm_eval_ext.host.models:VLLMVLMExt",
}
"""Name for ``--model``, and where its class stands; it is imported when it is asked for."""

Paths = str | PathLike[str] | Sequence[str | PathLike[str]] | None


def tasks_folder() -> Path:
    """The folder that holds our YAML files."""
    return Path(__file__).parent.parent / "tasks"


def with_ours(given: Paths) -> list[str | PathLike[str]]:
    """Paths for lm-eval's ``include_path``: ours first, so that a task of the user's with the same name wins."""
    paths = [given] if isinstance(given, (str, PathLike)) else list(given or ())
    ours = tasks_folder()
    if any(Path(path).resolve() == ours.resolve() for path in paths):
        return paths
    return [ours, *paths]


def add_tasks(manager_module: ModuleType) -> None:
    """Let every ``TaskManager`` read our folder too, unless this lm-eval finds plug-ins by itself."""
    if hasattr(manager_module, "discover_plugin_task_paths"):
        return
    manager = manager_module.TaskManager
    manager.__init__ = _reading_ours(manager.__init__)


def _reading_ours(init: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(init)

    @functools.wraps(init)
    def reading_ours(*args: Any, **kwargs: Any) -> None:
        call = signature.bind(*args, **kwargs)
        call.arguments["include_path"] = with_ours(call.arguments.get("include_path"))
        init(*call.args, **call.kwargs)

    return reading_ours


def add_models(_models_module: ModuleType) -> None:
    """Register our models by name, unless this lm-eval finds plug-ins by itself."""
    from lm_eval.api import registry

    if hasattr(registry, "load_plugins"):
        return
    for name, target in MODELS.items():
        if name not in registry.model_registry:
            registry.model_registry.register(name, target=target)
