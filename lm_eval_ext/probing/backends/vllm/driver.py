"""Probes in a vLLM engine, from outside: what is done to each request of a batch, and what was measured."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing import interventions
from lm_eval_ext.probing.backends.vllm import wire
from lm_eval_ext.probing.backends.vllm.settings import check_engine
from lm_eval_ext.probing.backends.vllm.step import PLAN
from lm_eval_ext.probing.backends.vllm.wire import Request
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.interventions import Place
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.sites import Architecture


def architecture_of(llm: Any) -> Architecture:
    """What the model of an engine has to measure.

    Args:
        llm: A ``vllm.LLM`` that was started with ``settings.engine_arguments``.

    Raises:
        InputError: The engine has settings under which probes do not work, or its model is not covered.
    """
    check_engine(llm)
    return wire.decode_architecture(llm.collective_rpc("probe_architecture")[0])


@dataclass(frozen=True)
class Attached:
    """A probe that is attached to an engine.

    Attributes:
        requests: Those that are to be run now, all of them in one or several calls of ``llm.generate``.
        captures: Filled when the ``with`` statement ends.
        made: Tokens of each answer that ``answered`` was told of, by the request's key.
    """

    requests: Sequence[Request]
    captures: Captures
    made: dict[str, int] = field(default_factory=dict[str, int])

    def params(self, sampling: Any) -> list[Any]:
        """Sampling parameters that name each request's plan.

        Args:
            sampling: ``SamplingParams`` for all requests, or a list with those of each; they are left as they are.
        """
        each = sampling if isinstance(sampling, list) else [sampling] * len(self.requests)
        return [_named(one, request.key) for one, request in zip(each, self.requests, strict=True)]

    def answered(self, outputs: Sequence[Any]) -> None:
        """Say which answers came, so that what an engine in another process has computed beyond their end is left out.

        Args:
            outputs: vLLM's ``RequestOutput`` of each request, in order.
        """
        for request, output in zip(self.requests, outputs, strict=True):
            self.made[request.key] = len(output.outputs[0].token_ids)


@contextmanager
def attached(
    llm: Any, architecture: Architecture, requests: Sequence[Request], measurements: Sequence[Measurement] = ()
) -> Generator[Attached]:
    """Attach a probe to an engine while some requests run; it comes off whatever happens.

    Args:
        llm: A ``vllm.LLM``.
        architecture: Of its model; see ``architecture_of``.
        requests: What is done to each.
        measurements: Taken of all that are measured.

    Yields:
        Attached: With the sampling parameters to use, and what was measured.

    Raises:
        InputError: An intervention or measurement does not fit the model; a request has no position that is named; a site that
            was selected was never reached; or a request was not run.
    """
    keys = [request.key for request in requests]
    if len(set(keys)) < len(keys):
        raise InputError(
            f"request {next(key for key in keys if keys.count(key) > 1)!r} stands twice in a batch. Give each its own key."
        )
    for one in {id(change): change for request in requests for change in request.interventions}.values():
        interventions.check(one, architecture)
    for measurement in measurements:
        measurement.check(architecture)
    now = Attached(requests, Captures(tuple(measurements)))
    try:
        llm.collective_rpc("probe_attach", args=(*wire.encode_requests(requests), wire.encode_measurements(measurements)))
        yield now
        _collect(llm.collective_rpc("probe_take", args=(json.dumps(now.made),)), now.captures)
    except BaseException:
        _abort(llm)
        raise
    finally:
        llm.collective_rpc("probe_remove")


def _collect(taken: Sequence[tuple[str, bytes]], captures: Captures) -> None:
    """Take over what the first process has measured, after a look at what happened in each."""
    for text, _ in taken:
        told = json.loads(text)
        if told["complaint"] is not None:
            raise InputError(told["complaint"])
        if told["unseen"]:
            raise InputError(
                f"the probe has not seen request {told['unseen'][0]!r}. Give generate() the parameters that params() makes, and "
                "start the engine with enforce_eager=True."
            )
        if told["missed"]:
            site, layer = Place(*told["missed"][0])
            raise InputError(f"site {site!r} of layer {layer} was never reached, so the probe has seen and done nothing there.")
    wire.decode_captures(json.loads(taken[0][0])["keys"], taken[0][1], captures)


def _named(sampling: Any, key: str) -> Any:
    mine = sampling.clone()
    mine.extra_args = {**(mine.extra_args or {}), PLAN: key}
    return mine


def _abort(llm: Any) -> None:
    """Let the engine forget requests that an exception has left in it."""
    left = list(llm.llm_engine.output_processor.request_states)
    if left:
        llm.llm_engine.abort_request(left, internal=True)
