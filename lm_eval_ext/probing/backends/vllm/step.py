"""Which tokens of the batch that a vLLM worker runs at the moment belong to which request."""

from typing import Any, NamedTuple

PLAN = "probe"
"""Name in ``SamplingParams.extra_args`` of a request's plan."""


class Row(NamedTuple):
    """The part of a request that runs in this step.

    Attributes:
        plan: Name of its plan.
        request: vLLM's own name of the request.
        start: Its first token in the flat batch.
        stop: One past its last token there.
        first: Position in the request of the first token.
        prompt: Tokens of the prompt; positions from here on are generated.
    """

    plan: str
    request: str
    start: int
    stop: int
    first: int
    prompt: int


def rows(runner: Any) -> list[Row]:
    """Parts of the requests that have a plan; none while vLLM warms up.

    Args:
        runner: vLLM's V1 model runner.

    Raises:
        RuntimeError: vLLM splits its batches.
    """
    from vllm.forward_context import (  # pyright: ignore[reportMissingImports]
        get_forward_context,
        is_forward_context_available,
    )

    metadata = get_forward_context().attn_metadata if is_forward_context_available() else None
    if metadata is None:
        return []
    if isinstance(metadata, list):
        raise RuntimeError("Probes do not cover micro-batches; start vLLM without enable_dbo.")
    layout = next(part for part in metadata.values() if getattr(part, "query_start_loc", None) is not None)
    starts, lengths = layout.query_start_loc.tolist(), layout.seq_lens.tolist()
    found: list[Row] = []
    for index, name in enumerate(runner.input_batch.req_ids[: runner.input_batch.num_reqs]):
        request = runner.requests[name]
        extra = (request.sampling_params and request.sampling_params.extra_args) or {}
        if PLAN in extra:
            start, stop = starts[index], starts[index + 1]
            first = lengths[index] - (stop - start)
            found.append(Row(extra[PLAN], name, start, stop, first, request.num_prompt_tokens))
    return found
