"""Make torchvision's CUDA build importable beside a CPU build of torch.

torchvision's released wheel is built for CUDA: beside a CPU torch its ``_C`` library cannot load, ``torchvision::nms`` has no
schema, and ``import torchvision`` fails. This declares the schemas first. It is run from a ``.pth`` file, so that vLLM's worker
processes get it too.
"""

import sys
from typing import Any

OPERATORS = ("nms", "qnms")


class _Finder:
    """Finds nothing; it only notices that torchvision is about to be imported."""

    library: Any = None

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "torchvision" and _Finder.library is None:
            _declare()


def _declare() -> None:
    import torch

    if torch.cuda.is_available():
        return
    _Finder.library = torch.library.Library("torchvision", "DEF")
    for operator in OPERATORS:
        _Finder.library.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]  # a finder without find_module is enough for Python >= 3.4
