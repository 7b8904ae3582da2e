"""Show our tasks and models to lm-eval, with no flag and without touching its files.

A ``.pth`` file (``lm_eval_ext.pth``; ``lm_eval_ext.start`` from Python 3.15 on) calls :func:`install` at every interpreter start.
That only puts a finder on ``sys.meta_path``. When lm-eval's own modules are imported, and not before, the finder lets
``lm_eval_ext.host`` extend them. ``LM_EVAL_EXT_DISABLE=1`` turns all of it off.

Standard library only: this runs in every Python process of the environment.
"""

import os
import sys

TYPE_CHECKING = False  # importing typing for it would cost ten times as much as all the rest
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

OFF = "LM_EVAL_EXT_DISABLE"
"""Environment variable; any text in it turns the hook off."""

EXTENSIONS = {
    "lm_eval.tasks.manager": "discovery.add_tasks",
    "lm_eval.models": "discovery.add_models",
    "lm_eval.config.evaluate_config": "requested.check_command_line",
    "lm_eval.evaluator": "requested.check_call",
    "lm_eval.models.hf_vlms": "mixed.serve_mixed_requests",
    "lm_eval.models.vllm_vlms": "mixed.serve_mixed_requests",
    "lm_eval.models.api_models": "mixed.serve_mixed_chats",
    "lm_eval.utils": "hashes.hash_pictures_once",
    "lm_eval.loggers.evaluation_tracker": "trackers.follow",
}
"""Module of lm-eval, and the function of ``lm_eval_ext.host`` that extends it once it is loaded."""


def install() -> None:
    """Arm the hook, unless it is armed already or switched off."""
    if not os.environ.get(OFF):
        arm()


def arm() -> None:
    """Arm the hook once, whatever the environment says; modules that are already loaded are extended at once."""
    if any(getattr(finder, "is_lm_eval_ext", False) for finder in sys.meta_path):
        return
    for name in EXTENSIONS:
        if name in sys.modules:
            _extend(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


class _Finder:
    """Passes every import on to the other finders, and has the modules of ``EXTENSIONS`` extended after loading."""

    is_lm_eval_ext = True

    def find_spec(self, fullname: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        if fullname not in EXTENSIONS:
            return None
        others = [finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")]
        spec = next((found for finder in others if (found := finder.find_spec(fullname, path, target))), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_extend(module: "ModuleType") -> None:
                run(module)
                _extend(module)

            spec.loader.exec_module = run_and_extend
        return spec


def _extend(module: "ModuleType") -> None:
    """Extend one module once; what goes wrong is reported and never breaks lm-eval."""
    if vars(module).get("_lm_eval_ext_done"):
        return
    vars(module)["_lm_eval_ext_done"] = True
    file, _, function = EXTENSIONS[module.__name__].partition(".")
    try:
        from importlib import import_module

        getattr(import_module(f"lm_eval_ext.host.{file}"), function)(module)
    except Exception as error:  # noqa: BLE001  # a plug-in must not break the program that it plugs into
        import warnings

        text = f"lm_eval_ext could not extend {module.__name__} ({error!r}). Give --include_path for the tasks."
        warnings.warn(text, stacklevel=1)
