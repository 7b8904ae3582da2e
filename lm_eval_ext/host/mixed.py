"""Runs that ask with and without pictures at once.

lm-eval hands a model all requests of one kind together, over all tasks, and its image classes look at the first one to decide
whether there are pictures. So ``--tasks dori,synthworlds`` would fail on ``hf-multimodal`` and on the clients of chat servers.
Here the two sorts are served apart.
"""

import functools
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.suitable import without_likelihoods

CLASSES = {"HFMultimodalLM": "hf-multimodal", "VLLM_VLM": "vllm-vlm"}
"""lm-eval's image classes, and their names for ``--model``."""


def serve_mixed_requests(module: ModuleType) -> None:
    """Make the image classes of an lm-eval module answer mixed lists of requests."""
    for name in CLASSES.keys() & vars(module).keys():
        model = vars(module)[name]
        model.generate_until = by_kind(model.generate_until)
        model.loglikelihood = refusing_pictures(model.loglikelihood, CLASSES[name])


def serve_mixed_chats(module: ModuleType) -> None:
    """Make lm-eval's clients of model servers answer mixed lists of requests."""
    module.TemplateAPI.generate_until = by_kind(module.TemplateAPI.generate_until)


def refusing_pictures(method: Callable[..., list[Any]], model: str) -> Callable[..., list[Any]]:
    """The same method, which says in one line that it cannot do what lm-eval's classes do not: score answers to pictures."""

    @functools.wraps(method)
    def serve(self: object, requests: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        asked = next(filter(has_pictures, requests), None)
        if asked is not None:
            raise InputError(without_likelihoods(model, asked.task_name))
        return method(self, requests, *args, **kwargs)

    return serve


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
