"""Runs that ask with and without pictures at once.

lm-eval hands a model all requests of one kind together, over all tasks, and its image classes look at the first one to decide
whether there are pictures. So ``--tasks dori,synthworlds`` would fail on ``hf-multimodal``. Here the two sorts are served apart.
"""

import functools
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

CLASSES = ("HFMultimodalLM", "VLLM_VLM")
METHODS = ("generate_until", "loglikelihood")


def serve_mixed_requests(module: ModuleType) -> None:
    """Make the image classes of an lm-eval module answer mixed lists of requests."""
    for model in filter(None, (getattr(module, name, None) for name in CLASSES)):
        for method in METHODS:
            setattr(model, method, by_kind(getattr(model, method)))


def has_pictures(request: Any) -> bool:
    """Whether an lm-eval ``Instance`` carries pictures: its third argument."""
    return len(request.args) > 2


def by_kind(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """The same method, called once for the requests with pictures and once for those without; answers keep their order."""

    @functools.wraps(method)
    def serve(self: object, requests: Sequence[Any], disable_tqdm: bool = False) -> list[Any]:
        answers: dict[int, Any] = {}
        for kind in (True, False):
            chosen = [index for index, request in enumerate(requests) if has_pictures(request) is kind]
            if chosen:
                replies = method(self, [requests[index] for index in chosen], disable_tqdm=disable_tqdm)
                answers.update(zip(chosen, replies, strict=True))
        return [answers[index] for index in range(len(requests))]

    return serve
