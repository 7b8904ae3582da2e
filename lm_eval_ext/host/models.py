"""Our model classes, by the names that lm-eval's registry asks for. Each is imported when it is asked for."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lm_eval_ext.errors import InputError

if TYPE_CHECKING:
    from lm_eval_ext.host.hf import HFExt, HFMultimodalExt
    from lm_eval_ext.host.vllm import VLLMExt, VLLMVLMExt

__all__ = ["HFExt", "HFMultimodalExt", "VLLMExt", "VLLMVLMExt"]

_FILES = {"HFExt": "hf", "HFMultimodalExt": "hf", "VLLMExt": "vllm", "VLLMVLMExt": "vllm"}
_NEEDS = {"VLLMExt": ["vllm"], "VLLMVLMExt": ["vllm", "ray"]}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    missing = [package for package in _NEEDS.get(name, []) if find_spec(package) is None]
    if missing:
        raise InputError(f"{name} needs {' and '.join(missing)}, which is not installed. Run: pip install 'lm-eval-ext[vllm]'")
    return getattr(import_module(f"lm_eval_ext.host.{_FILES[name]}"), name)
