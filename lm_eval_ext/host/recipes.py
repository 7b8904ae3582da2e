"""What model classes under ``probe=RECIPE`` have in common, whatever runs the model."""

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.mixed import has_pictures
from lm_eval_ext.host.probes import Asked, RunProbe, Vocabulary
from lm_eval_ext.host.scored import Scored
from lm_eval_ext.probing.captures import Captures

if TYPE_CHECKING:
    Model = Any
else:
    Model = object

Measured: TypeAlias = tuple[Captures, Mapping[str, dict[str, Any]]]
"""What one process has measured, and of which requests."""


def probed(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """The same method, measured while it runs, and what all processes measured brought together after it."""

    @functools.wraps(method)
    def serve(self: "FollowsRecipe", requests: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        run = self.run_probe
        if run is None or self.under_way:
            return method(self, requests, *args, **kwargs)
        run.begin()
        self.under_way = True
        try:
            with self.attaching(run):
                answers = method(self, requests, *args, **kwargs)
        finally:
            self.under_way = False
        run.take(self.gathered(run))
        return answers

    return serve


class FollowsRecipe(Model):
    """Mixin for lm-eval's model classes: a recipe, what its spans need to know, and refusal of what cannot be measured.

    Answers are those without the recipe, bit by bit, when it has no interventions.
    """

    run_probe: RunProbe | None = None
    """The recipe; None to run as lm-eval does."""
    under_way = False
    """While requests are answered under the recipe."""
    _asked: Sequence[Any] = ()
    _scored: Scored | None = None

    def attaching(self, run: RunProbe) -> AbstractContextManager[Any]:  # noqa: ARG002
        """What holds while some requests are answered; nothing here."""
        return nullcontext()

    def gathered(self, run: RunProbe) -> Sequence[Measured]:  # noqa: ARG002
        """What other processes have measured; nothing where there is one."""
        return []

    @probed
    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-probability of each continuation after its context, and whether greedy decoding would give it."""
        self._asked = requests
        return super().loglikelihood(list(requests), disable_tqdm=disable_tqdm)

    @probed
    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """Answers to prompts."""
        self.require_spans_of_prompts(requests)
        return super().generate_until(requests, disable_tqdm=disable_tqdm)

    def vocabulary(self) -> Vocabulary:
        """What spans need to know of the tokenizer."""
        unknown = self.tokenizer.unk_token_id

        def number(token: str) -> int | None:
            found = self.tokenizer.convert_tokens_to_ids(token)
            return None if found is None or (found == unknown and token != self.tokenizer.unk_token) else found

        picture = getattr(self._config, "image_token_id", None) or getattr(self._config, "image_token_index", None)
        return Vocabulary(lambda ids: self.tokenizer.decode(ids, skip_special_tokens=False), number, picture)

    def require_spans_of_prompts(self, requests: Sequence[Any]) -> None:
        """Refuse spans that none of some prompts has, before the first runs.

        Args:
            requests: lm-eval's instances.
        """
        run = self.run_probe
        if run is not None and run.recipe.named_spans():
            tail = [self.vocabulary().picture or 0]  # the processor puts it in later
            asked = [Asked(one, [*self.tok_encode(one.args[0]), *(tail if has_pictures(one) else [])], 1) for one in requests]
            run.require_spans(asked)

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
