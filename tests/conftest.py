"""Shared fixtures; every test runs with shapes and types of the package checked, and without the network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

# jaxtyping's own pytest option refuses a package that the start-up hook has imported already, so its hook is set here.
install_import_hook("lm_eval_ext", "beartype.beartype")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

# A loaded machine is slow, not wrong: single tests have a time limit of their own.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def tiny_llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a LLaVA of 0.1 M random parameters with a byte-level tokenizer."""
    from tests.models import build_tiny_llava

    folder = tmp_path_factory.mktemp("models") / "llava"
    build_tiny_llava(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a Llama of random parameters whose tokenizer merges letters, so that tokens span word boundaries."""
    from tests.models import build_tiny_llama

    folder = tmp_path_factory.mktemp("models") / "llama"
    build_tiny_llama(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as a release is."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    return next(folder.glob("*.whl"))
