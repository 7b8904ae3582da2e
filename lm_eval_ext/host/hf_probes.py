"""``probe=RECIPE`` on the Hugging Face classes."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lm_eval_ext.host.probes import Asked, RunProbe
from lm_eval_ext.host.recipes import FollowsRecipe, Measured
from lm_eval_ext.host.scored import Scored
from lm_eval_ext.probing.backends.hf.attach import Probe, attached
from lm_eval_ext.probing.spans import tokens_until

if TYPE_CHECKING:
    import torch


class Probed(FollowsRecipe):
    """Mixin for lm-eval's Hugging Face classes, placed before them: measures what a recipe asks for."""

    probe: Probe | None = None
    """Attached while requests are answered."""

    def use_probe(self, run: RunProbe) -> None:
        """Fit a recipe to the loaded model.

        Raises:
            InputError: The model lacks what the recipe asks for.
        """
        with attached(self.model, run.recipe.sites) as probe:
            run.fit(probe.architecture, self.vocabulary())
        self.run_probe = run

    @contextmanager
    def attaching(self, run: RunProbe) -> Generator[None]:
        """Attach the probe."""
        with attached(self.model, run.recipe.sites) as probe:
            self.probe = probe
            try:
                yield
            finally:
                self.probe = None

    def gathered(self, run: RunProbe) -> Sequence[Measured]:
        """What all processes have measured; nothing where that is another one's to write."""
        return self.gather_object((run.captures, run.facts)) or []

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
