"""What ``probe=RECIPE`` does in a run of lm-eval: measure every request, join it to its document, write it beside the samples."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import lm_eval_ext
from lm_eval_ext.errors import InputError
from lm_eval_ext.host import trackers
from lm_eval_ext.probing import recipe as recipes
from lm_eval_ext.probing.captures import Captures, write_captures
from lm_eval_ext.probing.recipe import Mark, Plan
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.sites import Architecture
from lm_eval_ext.probing.spans import span_of_text, span_of_tokens


class Vocabulary(NamedTuple):
    """What spans need to know of a model's tokenizer.

    Attributes:
        decode: Makes text of tokens, special ones included.
        number: Number of a token; None when there is no such one.
        picture: Number of the token that stands for pictures; None for text models.
    """

    decode: Callable[[Sequence[int]], str]
    number: Callable[[str], int | None]
    picture: int | None


@dataclass(frozen=True, eq=False)
class Asked:
    """A request that is about to run.

    Attributes:
        request: lm-eval's ``Instance``.
        ids: Tokens that are given to the model.
        prompt: How many of them are the prompt.
    """

    request: Any
    ids: Sequence[int]
    prompt: int


class RunProbe:
    """A recipe, and what it has measured in the run so far.

    Args:
        name: Recipe file, or name of one of the package's.
        folder: Where to write; without it, beside lm-eval's results.

    Raises:
        InputError: There is no such recipe, or nowhere to write.
    """

    def __init__(self, name: str, folder: str | None = None) -> None:
        self.name = name
        self.recipe = recipes.read_recipe(name)
        self.facts: dict[str, dict[str, Any]] = {}
        self._asked: Counter[str] = Counter()
        self._path = None if folder is None else Path(folder) / f"probes_{trackers.date_now()}"
        if self._path is None and not trackers.when_saved(self.write):
            raise InputError(
                f"probe={name} has nowhere to write. Give --output_path FOLDER, or --model_args …,probe_output=FOLDER."
            )

    def fit(self, architecture: Architecture, vocabulary: Vocabulary) -> None:
        """Fit the recipe to the model.

        Raises:
            InputError: The model lacks a site, layer, head or token of it.
        """
        self.plan: Plan = recipes.plan(self.recipe, architecture)
        self.architecture = architecture
        self.captures = Captures(self.plan.measurements)
        self._marked = {name: _finder(name, mark, vocabulary) for name, mark in self.recipe.spans.items()}

    def begin(self) -> None:
        """Take note that lm-eval asks its next batch of requests, which may hold the same ones again."""
        self._asked.clear()

    def require_spans(self, asked: Sequence[Asked]) -> None:
        """Refuse spans that none of some requests has.

        Raises:
            InputError: A span that the recipe uses is in no request.
        """
        for name in sorted(self.recipe.named_spans()):
            if not any(self._marked[name](one) for one in asked):
                raise InputError(
                    f"span {name!r} of recipe {self.name} is in none of the {len(asked)} requests that are asked together. "
                    "Ask only tasks whose prompts have it, or mark something else."
                )

    def row(self, asked: Asked) -> Row:
        """The row of a request, with a name of its own.

        A request that lm-eval asks once more than it wants answers (to give every process equally many) is not measured again.
        """
        request = asked.request
        name = f"{request.task_name}/{request.doc_id}/{request.request_type}/{request.idx}"
        repeat = self._asked[name]
        self._asked[name] += 1
        key = f"{name}/{repeat}"
        measured = repeat < (request.repeats or 1)
        if measured:
            self.facts[key] = {
                "task_name": request.task_name,
                "doc_id": request.doc_id,
                "request_type": request.request_type,
                "index": request.idx,
                "repeat": repeat,
                "prompt_tokens": asked.prompt,
                "given_tokens": len(asked.ids),
            }
        return Row(
            key=key,
            given=len(asked.ids),
            prompt=asked.prompt,
            spans={name: find(asked) for name, find in self._marked.items()},
            interventions=self.plan.interventions,
            measured=measured,
        )

    def ended(self, captures: Captures, row: Row, made: int) -> None:
        """Forget what was computed of a row after its answer had ended.

        Args:
            captures: Of its batch.
            row: Of the batch.
            made: Tokens of the answer; the last one of them never ran.
        """
        stop = row.given + max(made - 1, 0)
        for one in self.plan.measurements if row.measured else ():
            captures.cut(one.name, row.key, len(row.select(one.positions, one.phase, 0, stop)))

    def take(self, parts: Sequence[tuple[Captures, Mapping[str, dict[str, Any]]]]) -> None:
        """Take over what other processes have measured, and write all where a folder was given."""
        for captures, facts in parts:
            self.captures.merge(captures)
            self.facts.update({key: fact for key, fact in facts.items() if key not in self.facts})
        if self._path is not None:
            self.write(self._path)

    def write(self, path: Path) -> None:
        """Write what was measured so far: ``PATH.safetensors`` and ``PATH.json``."""
        measured = {*self.captures.keys()}
        # in an order that depends on neither batches nor processes
        order = sorted(self.facts, key=lambda key: tuple(map(str, _order(self.facts[key]))))
        rows = {key: self.facts[key] for key in order if key in measured}
        architecture = {key: value for key, value in vars(self.architecture).items() if key != "missing"}
        about = {
            "lm_eval_ext": lm_eval_ext.__version__,
            "recipe_name": self.name,
            "recipe": self.recipe.model_dump(mode="json", exclude_defaults=True),
            "architecture": architecture,
        }
        write_captures(path, self.captures, rows, about)


def _order(fact: Mapping[str, Any]) -> tuple[Any, ...]:
    return fact["task_name"], f"{fact['doc_id']:09d}", fact["request_type"], f"{fact['index']:06d}", f"{fact['repeat']:06d}"


def _finder(name: str, mark: Mark, vocabulary: Vocabulary) -> Callable[[Asked], tuple[int, ...]]:
    """Function that finds a span in a request; empty where it has none."""
    if mark.picture:
        if vocabulary.picture is None:
            raise InputError(f"span {name!r} marks pictures, and this model has no token that stands for them.")
        return lambda asked: span_of_tokens(asked.ids, [vocabulary.picture or 0])
    if mark.tokens:
        numbers = {token: vocabulary.number(token) for token in mark.tokens}
        unknown = [token for token, number in numbers.items() if number is None]
        if unknown:
            raise InputError(f"span {name!r} names token {unknown[0]!r}, which the model's tokenizer does not have.")
        return lambda asked: span_of_tokens(asked.ids, [number for number in numbers.values() if number is not None])

    def find(asked: Asked) -> tuple[int, ...]:
        text = mark.text if mark.field is None else asked.request.doc.get(mark.field)
        return span_of_text(asked.ids, str(text), vocabulary.decode) if text else ()

    return find
