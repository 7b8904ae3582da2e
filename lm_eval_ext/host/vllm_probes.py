"""``probe=RECIPE`` on the vLLM classes."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.probes import Asked, RunProbe
from lm_eval_ext.host.recipes import FollowsRecipe
from lm_eval_ext.host.scored import Scored
from lm_eval_ext.probing.backends.vllm.driver import architecture_of, attached
from lm_eval_ext.probing.backends.vllm.settings import engine_arguments
from lm_eval_ext.probing.backends.vllm.wire import Request

SCORING = {"temperature": 0, "prompt_logprobs": 1, "max_tokens": 1, "detokenize": False}
"""Sampling parameters with which lm-eval scores prompts."""


class Probed(FollowsRecipe):
    """Mixin for lm-eval's vLLM classes, placed before them: measures what a recipe asks for.

    Args:
        pretrained: Model name or folder.
        probe: Recipe: a YAML file, or the name of one of the package's.
        probe_output: Folder for what the recipe measures; without it, beside lm-eval's results.
        **kwargs: Of lm-eval's class, and of vLLM's engine.

    Raises:
        InputError: The recipe does not exist or does not fit the model, or the engine's settings exclude probes.
    """

    _tails: Sequence[Sequence[int]] = ()

    def __init__(self, pretrained: str, *, probe: str | None = None, probe_output: str | None = None, **kwargs: Any) -> None:
        if probe is None:
            super().__init__(pretrained, **kwargs)
            return
        run = RunProbe(str(probe), probe_output)
        super().__init__(pretrained, **engine_arguments(kwargs))
        run.fit(architecture_of(self.model), self.vocabulary())
        self.run_probe = run

    def _loglikelihood_tokens(self, requests: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        if self.under_way and self.run_probe is not None:
            encoded = [(list(context), list(answer)) for _, context, answer in requests]
            # vLLM takes one token less, because it makes one
            self._scored = Scored(self._asked, encoded, self.max_length - 2, grouped=False)
            self.run_probe.require_spans(self._scored.asked)
        try:
            return super()._loglikelihood_tokens(requests, *args, **kwargs)
        finally:
            self._scored = None

    def _model_generate(self, requests: Any, generate: bool = False, sampling_params: Any = None) -> Any:
        run = super()._model_generate
        if not self.under_way:
            return run(requests, generate, sampling_params)
        params = sampling_params if generate and sampling_params is not None else _sampling(**SCORING)
        with self.measured(self._rows(requests, generate), params) as (named, told):
            outputs = run(requests, generate=True, sampling_params=named)
            told(outputs)
        return outputs

    def _rows(self, prompts: Sequence[Any], generate: bool) -> list[tuple[Asked, int]]:
        """Who asks each list of tokens, and how many tokens vLLM is given."""
        if generate or self._scored is None:
            return [(Asked(prompt.request, list(prompt), len(prompt)), len(prompt)) for prompt in prompts]
        # as on the Hugging Face classes, an answer's last token is scored and not run
        return [(self._scored.take(list(prompt[:-1]))[0], len(prompt)) for prompt in prompts]

    @contextmanager
    def measured(self, rows: Sequence[tuple[Asked, int]], params: Any) -> Generator[tuple[list[Any], Callable[[Any], None]]]:
        """Measure a batch.

        Args:
            rows: Who asks each prompt, and how many tokens vLLM is given.
            params: ``SamplingParams`` of all or of each.

        Yields:
            The parameters to use in their place, and a function that is told the outputs.

        Raises:
            InputError: vLLM has made other tokens of a prompt than it was measured by.
        """
        run = self.run_probe
        assert run is not None  # noqa: S101  # only while measuring
        named = [run.row(asked) for asked, _ in rows]
        requests = [
            Request(
                key=row.key,
                answer=given - row.prompt,
                spans=row.spans,
                interventions=row.interventions,
                measured=row.measured,
                unmeasured=given - row.given,
            )
            for row, (_, given) in zip(named, rows, strict=True)
        ]

        def told(outputs: Sequence[Any]) -> None:
            for (asked, _), output in zip(rows, outputs, strict=True):
                _check_tokens(asked, output)
            probe.answered(outputs)

        with attached(self.model, run.architecture, requests, run.plan.measurements) as probe:
            yield probe.params(params), told
        run.captures.merge(probe.captures)

    def _multimodal_model_generate(
        self, requests: Any = None, generate: bool = False, max_tokens: int | None = None, stop: Any = None, **kwargs: Any
    ) -> Any:
        if not self.under_way or not requests:
            return super()._multimodal_model_generate(requests, generate, max_tokens, stop, **kwargs)
        params = _sampling(max_tokens=max_tokens, stop=stop, **kwargs) if generate else _sampling(**SCORING)
        with self.measured(self._rows_of_pictures(requests), params) as (named, told):
            outputs = self.model.generate(
                requests, sampling_params=named, use_tqdm=self.batch_size == "auto", lora_request=self.lora_request
            )
            told(outputs)
        return outputs

    @contextmanager
    def scoring_tails(self, requests: Sequence[Any], tails: Sequence[Sequence[int]]) -> Generator[None]:
        """Say which requests the next prompts with pictures belong to, and which tokens at their ends are scored."""
        self._asked, self._tails = requests, tails
        try:
            yield
        finally:
            self._tails = ()

    def _rows_of_pictures(self, prompts: Sequence[Mapping[str, Any]]) -> list[tuple[Asked, int]]:
        rows: list[tuple[Asked, int]] = []
        for number, (request, prompt) in enumerate(zip(self._asked, prompts, strict=True)):
            pictures = prompt["multi_modal_data"]["image"]
            ids: list[int] = self.processor(text=[prompt["prompt"]], images=[pictures])["input_ids"][0]
            scored = len(self._tails[number]) if self._tails else 0
            rows.append((Asked(request, list(ids), len(ids) - scored), len(ids)))
        return rows


def _sampling(**fields: Any) -> Any:
    from vllm.sampling_params import SamplingParams  # pyright: ignore[reportMissingImports]

    return SamplingParams(**fields)


def _check_tokens(asked: Asked, output: Any) -> None:
    ran: list[int] = output.prompt_token_ids[: len(asked.ids)]
    if ran != list(asked.ids):
        task, number = asked.request.task_name, asked.request.doc_id
        raise InputError(
            f"document {number} of {task}: vLLM makes {len(output.prompt_token_ids)} tokens of the prompt, and the model's "
            f"processor {len(asked.ids)} others, so spans cannot be placed. Use the Hugging Face classes for this model."
        )
