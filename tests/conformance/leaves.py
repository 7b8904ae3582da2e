"""The leaf tasks of ours, loaded as lm-eval loads them, on generated data."""

import functools
import hashlib
import json
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lm_eval_ext.errors import InputError

SEED, N = 0, 20
"""Of the golden hashes and of most checks."""

Results: TypeAlias = Sequence[str] | Sequence[tuple[float, bool]]
"""A model's answer to one document as lm-eval hands it over: one text, or a log-likelihood and a flag for every option."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A loaded task.

    Attributes:
        name: As given to ``--tasks``.
        version: From its YAML.
        task: lm-eval's task object.
        docs: Its documents.
    """

    name: str
    version: Any
    task: Any
    docs: list[dict[str, Any]]

    def value(self, answer: Callable[[dict[str, Any]], str], metric: str | None = None) -> float:
        """A figure of the task, as lm-eval's table would show it, for an answerer that reads nothing but the document."""
        return self.figure([self.results(doc, answer(doc)) for doc in self.docs], metric)

    def figure(self, results: Sequence[Results], metric: str | None = None) -> float:
        """A figure of the task for what a model gave back, document by document."""
        scored = [self.task.process_results(doc, result) for doc, result in zip(self.docs, results, strict=True)]
        name = metric or self.headline
        return float(self.task.aggregation()[name]([row[name] for row in scored if name in row]))

    def results(self, doc: dict[str, Any], said: str) -> Results:
        """What lm-eval hands over for a model that says this: its text, or log-likelihoods that prefer this option."""
        if not self.by_likelihood:
            return [said]
        if said not in doc["choices"]:
            raise ValueError(f"{said!r} is no option of {doc['item_id']}, and log-likelihoods choose among the options.")
        return [(-1.0, True) if choice == said else (-20.0 * len(choice), False) for choice in doc["choices"]]

    @property
    def by_likelihood(self) -> bool:
        """Whether the model is asked for log-likelihoods of options, not for text."""
        return self.task.config.output_type == "multiple_choice"

    @property
    def headline(self) -> str:
        """The metric that stands first in the YAML."""
        return next(iter(self.task.aggregation()))

    def twins(self) -> dict[str, list[dict[str, Any]]]:
        """Documents by twin."""
        found: dict[str, list[dict[str, Any]]] = {}
        for doc in self.docs:
            found.setdefault(doc["twin_id"], []).append(doc)
        return found


@functools.cache
def _manager(seed: int, n: int, twins: str | None = None) -> Any:
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    metadata: dict[str, Any] = {"source": "generated", "seed": seed, "n": n}
    return TaskManager(include_defaults=False, metadata=metadata if twins is None else metadata | {"twins": twins})


def names() -> list[str]:
    """All leaf tasks."""
    return list(_manager(SEED, N).all_subtasks)


def choosers() -> list[str]:
    """Leaf tasks that ask for log-likelihoods of options; told from the YAML alone."""
    return [name for name in names() if _manager(SEED, N).task_index[name].cfg.get("output_type") == "multiple_choice"]


@functools.cache
def load(name: str, seed: int = SEED, n: int = N, twins: str | None = None) -> Leaf:
    """Load one task; ``twins`` are the kinds asked for, with commas between them."""
    task = _manager(seed, n, twins).load([name])["tasks"][name]
    return Leaf(name=name, version=task.config.metadata.get("version"), task=task, docs=[dict(doc) for doc in task.eval_docs])


def fingerprint(leaf: Leaf) -> str:
    """Hash of all that decides a score but the model: documents, prompts, targets."""
    digest = hashlib.sha256()
    for doc in leaf.docs:
        parts: Sequence[Any] = (doc, leaf.task.doc_to_text(doc), leaf.task.doc_to_target(doc))
        digest.update(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def fingerprints() -> dict[str, dict[str, Any]]:
    """Version and hash of every task that can be generated."""
    found: dict[str, dict[str, Any]] = {}
    for name in names():
        try:
            leaf = load(name)
        except InputError as error:
            raise SystemExit(f"{name}: {error}") from error
        found[name] = {"version": leaf.version, "sha256": fingerprint(leaf)}
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fingerprints()))
