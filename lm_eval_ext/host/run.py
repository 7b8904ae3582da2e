"""``lm-eval-ext run``: lm-eval's own command, without reading its task files when none of them is asked for."""

import functools
import logging
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval_ext import _startup
from lm_eval_ext.host.index import only_ours


def run_lm_eval(arguments: Sequence[str]) -> None:
    """Run ``lm_eval run`` in this process.

    Args:
        arguments: What would follow ``lm_eval run``; passed on as it is.
    """
    _startup.arm()  # also where the start-up hook is switched off or its .pth file was not read
    from lm_eval._cli import HarnessCLI
    from lm_eval.utils import setup_logging

    sys.argv = ["lm_eval", "run", *arguments]
    setup_logging()
    _skip_scan_where_possible()
    harness = HarnessCLI()
    harness.execute(harness.parse_args())


def _skip_scan_where_possible() -> None:
    """Have lm-eval find the tasks of this run among ours alone, if they are all ours."""
    from lm_eval.config.evaluate_config import EvaluatorConfig

    process_tasks = EvaluatorConfig.process_tasks
    if hasattr(process_tasks, "__wrapped__"):
        return

    @functools.wraps(process_tasks)
    def process(self: EvaluatorConfig, *args: Any, **kwargs: Any) -> Any:
        if not only_ours(self.tasks):
            text = "Not all of %s are tasks of lm_eval_ext, so lm-eval's own task files are read too; that takes about 10 s."
            logging.getLogger(__name__).warning(text, self.tasks)
            return process_tasks(self, *args, **kwargs)
        with _without_own_files_of_lm_eval():
            return process_tasks(self, *args, **kwargs)

    EvaluatorConfig.process_tasks = process


@contextmanager
def _without_own_files_of_lm_eval() -> Generator[None]:
    """Task managers made inside read no task files of lm-eval."""
    from lm_eval.tasks import TaskManager

    init: Callable[..., None] = TaskManager.__init__

    def of_ours_only(self: TaskManager, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **{**kwargs, "include_defaults": False})

    TaskManager.__init__ = of_ours_only
    try:
        yield
    finally:
        TaskManager.__init__ = init
