"""What model classes under ``probe=RECIPE`` have in common, whatever runs the model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.mixed import has_pictures
from lm_eval_ext.host.probes import Asked, RunProbe, Vocabulary

if TYPE_CHECKING:
    Model = Any
else:
    Model = object


class FollowsRecipe(Model):
    """Mixin for lm-eval's model classes: a recipe, what its spans need to know, and refusal of what cannot be measured."""

    run_probe: RunProbe | None = None
    """The recipe; None to run as lm-eval does."""

    def vocabulary(self, config: Any) -> Vocabulary:
        """What spans need to know of the tokenizer.

        Args:
            config: Of the model, as transformers has it.
        """
        unknown = self.tokenizer.unk_token_id

        def number(token: str) -> int | None:
            found = self.tokenizer.convert_tokens_to_ids(token)
            return None if found is None or (found == unknown and token != self.tokenizer.unk_token) else found

        picture = getattr(config, "image_token_id", None) or getattr(config, "image_token_index", None)
        return Vocabulary(lambda ids: self.tokenizer.decode(ids, skip_special_tokens=False), number, picture)

    def require_spans_of_prompts(self, requests: Sequence[Any], picture: int | None) -> None:
        """Refuse spans that none of some prompts has, before the first runs.

        Args:
            requests: lm-eval's instances.
            picture: Token that stands for pictures; the processor puts it in later.
        """
        run = self.run_probe
        if run is not None and run.recipe.named_spans():
            tail = [picture or 0]
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
