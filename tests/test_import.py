"""What an import of the package costs and brings along."""

import subprocess
import sys

import pytest

PURE = [
    "lm_eval_ext",
    "lm_eval_ext.statistics",
    "lm_eval_ext.worlds",
    "lm_eval_ext.items",
    "lm_eval_ext.options",
    "lm_eval_ext.cli",
]


@pytest.mark.parametrize("module", PURE)
def test_importing_brings_no_torch(module: str) -> None:
    code = (
        f"import sys, {module}; print([name for name in ('torch', 'transformers', 'lm_eval', 'datasets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_leaves_random_state_and_image_limits_alone() -> None:
    code = """
import random
before = random.getstate()
import PIL.Image
limit = PIL.Image.MAX_IMAGE_PIXELS
import lm_eval_ext.host.mixed, lm_eval_ext.host.requested, lm_eval_ext.orientation, lm_eval_ext.worlds
assert random.getstate() == before
assert PIL.Image.MAX_IMAGE_PIXELS == limit
"""
    subprocess.run([sys.executable, "-c", code], check=True)
