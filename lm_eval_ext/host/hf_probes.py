"""``probe=RECIPE`` on the Hugging Face classes."""

import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.mixed import has_pictures
from lm_eval_ext.host.probes import Asked, RunProbe, Vocabulary
from lm_eval_ext.host.scored import Scored
from lm_eval_ext.probing.backends.hf.attach import Probe, attached
from lm_eval_ext.probing.spans import tokens_until

if TYPE_CHECKING:
    import torch

    Model = Any
else:
    Model = object


def probed(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """The same method, with the probe attached while it runs, and what all processes measured brought together after it."""

    @functools.wraps(method)
    def serve(self: Any, requests: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        run: RunProbe | None = self.run_probe
        if run is None or self.probe is not None:
            return method(self, requests, *args, **kwargs)
        run.begin()
        with attached(self.model, run.recipe.sites) as probe:
            self.probe = probe
            try:
                answers = method(self, requests, *args, **kwargs)
            finally:
                self.probe = None
        parts = self.gather_object((run.captures, run.facts))
        run.take(parts or [])
        return answers

    return serve


class Probed(Model):
    """Mixin for lm-eval's Hugging Face classes, placed before them: measures what a recipe asks for.

    Answers are those without the recipe, bit by bit, when it has no interventions.
    """

    run_probe: RunProbe | None = None
    probe: Probe | None = None
    """Attached while requests are answered."""
    _scored: Scored | None = None
    _asked: Sequence[Any] = ()

    def use_probe(self, run: RunProbe) -> None:
        """Fit a recipe to the loaded model.

        Raises:
            InputError: The model lacks what the recipe asks for.
        """
        with attached(self.model, run.recipe.sites) as probe:
            run.fit(probe.architecture, self._vocabulary())
        self.run_probe = run

    def _vocabulary(self) -> Vocabulary:
        unknown = self.tokenizer.unk_token_id

        def number(token: str) -> int | None:
            found = self.tokenizer.convert_tokens_to_ids(token)
            return None if found is None or (found == unknown and token != self.tokenizer.unk_token) else found

        config = self.model.config
        picture = getattr(config, "image_token_id", None) or getattr(config, "image_token_index", None)
        return Vocabulary(lambda ids: self.tokenizer.decode(ids, skip_special_tokens=False), number, picture)

    def set_cache_hook(self, cache_hook: Any) -> None:
        """Refuse to have answers cached while measuring: what is read from a cache never runs."""
        if self.run_probe is not None and getattr(cache_hook, "dbdict", None) is not None:
            raise InputError(
                "--use_cache answers without running the model, and knows no interventions. Leave it out with probe=…."
            )
        super().set_cache_hook(cache_hook)

    def loglikelihood_rolling(self, *args: Any, **kwargs: Any) -> Any:
        """Refused while measuring: its windows belong to no prompt."""
        if self.run_probe is not None:
            raise InputError("probe=… measures prompts and answers; a task that asks loglikelihood_rolling has none.")
        return super().loglikelihood_rolling(*args, **kwargs)

    @contextmanager
    def measuring(
        self, groups: Sequence[Sequence[Asked]], padding: str, made: Callable[[], Sequence[int]] | None = None
    ) -> Generator[None]:
        """Measure a batch.

        Args:
            groups: Requests that each row of the batch answers.
            padding: Its side.
            made: Gives the number of tokens of each answer, after the batch; None where answers are given.
        """
        run, probe = self.run_probe, self.probe
        if run is None or probe is None:
            yield
            return
        named = [[run.row(one) for one in group] for group in groups]
        rows = [next((one for one in group if one.measured), group[0]) for group in named]
        with probe.batch(rows, run.plan.measurements, padding=padding) as captures:  # pyright: ignore[reportArgumentType]
            yield
        for row, count in zip(rows, made() if made is not None else [], strict=False):
            run.ended(captures, row, count)
        for row, group in zip(rows, named, strict=True):
            for other in group:
                if other.measured and other is not row:
                    captures.share(row.key, other.key)
        run.captures.merge(captures)

    def _loglikelihood_tokens(self, requests: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        if self.probe is not None and self.run_probe is not None:
            encoded = [(list(context), list(answer)) for _, context, answer in requests]
            self._scored = Scored(self._asked, encoded, self.max_length, self.logits_cache)
            self.run_probe.require_spans(self._scored.asked)
        try:
            return super()._loglikelihood_tokens(requests, *args, **kwargs)
        finally:
            self._scored = None

    def _detect_batch_size(self, *args: Any, **kwargs: Any) -> int:
        scored, self._scored = self._scored, None
        try:
            return super()._detect_batch_size(*args, **kwargs)
        finally:
            self._scored = scored

    def _model_call(self, inps: "torch.Tensor", *args: Any, **kwargs: Any) -> Any:
        if self._scored is None:
            return super()._model_call(inps, *args, **kwargs)
        with self.measuring([self._scored.take(row) for row in inps.tolist()], "right"):
            return super()._model_call(inps, *args, **kwargs)

    def generating(self, ids: "torch.Tensor", mask: "torch.Tensor", stop: Sequence[str], generate: Callable[[], Any]) -> Any:
        """Generate a batch and measure it.

        Args:
            ids: Tokens with padding on the left.
            mask: 1 where there is none.
            stop: Texts at which answers end.
            generate: Gives the tokens of prompts and answers.
        """
        if self.probe is None:
            return generate()
        asked = [
            [Asked(request, row[there.bool()].tolist(), int(there.sum()))]
            for request, row, there in zip(self._asked, ids, mask, strict=True)
        ]
        output: Any = None
        with self.measuring(asked, "left", lambda: [self._length(row[ids.shape[1] :].tolist(), stop) for row in output]):
            output = generate()
        return output

    def _length(self, made: list[int], stop: Sequence[str]) -> int:
        """Tokens of an answer, its end included; batches go on until all their answers have ended."""
        ends = self.model.generation_config.eos_token_id
        known = {*(ends if isinstance(ends, list) else [ends]), self.tokenizer.eos_token_id}
        ended = next((at + 1 for at, token in enumerate(made) if token in known), len(made))
        return tokens_until(made[:ended], list(stop), lambda ids: self.tokenizer.decode(ids, skip_special_tokens=False))

    def require_spans_of_prompts(self, requests: Sequence[Any]) -> None:
        """Refuse spans that none of the prompts to generate from has, before the first runs."""
        run = self.run_probe
        if run is None or not run.recipe.named_spans():
            return
        picture = self._vocabulary().picture or 0
        run.require_spans(
            [
                # the processor puts the tokens of a picture in later
                Asked(request, [*self.tok_encode(request.args[0]), *([picture] if has_pictures(request) else [])], 1)
                for request in requests
            ]
        )
