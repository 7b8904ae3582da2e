"""Which pages a question comes with, where these are not just the gold ones."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from lm_eval_ext.options import Options
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.parity import Counter, load_counter, tokenizer_file
from lm_eval_ext.worlds.prompts import Setting
from lm_eval_ext.worlds.retrieval import make_retriever

Corpora = Sequence[Mapping[str, str]]
"""Pages of each world, real-mapped first: id -> text; the same ids in the same order in every world."""


class Ask(NamedTuple):
    """A question that needs pages.

    Attributes:
        twin: What its items share.
        queries: The question as it is asked in each world.
        gold: Ids of the pages that state its hops.
    """

    twin: str
    queries: Sequence[str]
    gold: Sequence[str]


@runtime_checkable
class Chooser(Protocol):
    """Chooses the pages of one question after the other."""

    how: dict[str, Any]
    """What else decides the choice, for the item's spec."""

    def choose(self, ask: Ask) -> list[list[str]]:
        """Ids of the pages per world, in the order in which they are shown."""
        ...


def make_chooser(setting: Setting, corpora: Corpora, options: Options) -> Chooser:
    """The chooser of a setting.

    Raises:
        InputError: The tokenizer or the retriever can't be had.
    """
    if setting == "rag":
        return _Retrieval(corpora, options)
    return _Distractors(corpora, options)


def chosen_separately(setting: Setting) -> bool:
    """Whether a setting's pages are others than none or the gold ones."""
    return setting in {"reading_distractors", "rag"}


class _Distractors:
    """The gold pages among random other ones: the same in every world, in an order of their own.

    Pages are added until one would exceed the budget in some world. The gold pages are there whatever they take.
    """

    def __init__(self, corpora: Corpora, options: Options) -> None:
        count: Counter = load_counter(options.budget_tokenizer) if options.budget_tokenizer else lambda text: len(text.split())
        self._length = {page: max(count(pages[page]) for pages in corpora) for page in corpora[0]}
        self._pages, self._worlds, self._budget = tuple(corpora[0]), len(corpora), options.budget
        self.how = {"budget": options.budget} | _identity(options.budget_tokenizer)

    def choose(self, ask: Ask) -> list[list[str]]:
        rng = stream("distractors", ask.twin)
        shown = dict.fromkeys(ask.gold)
        left = self._budget - sum(self._length[page] for page in shown)
        while len(shown) < len(self._pages):
            page = rng.choice(self._pages)
            if page not in shown:
                left -= self._length[page]
                if left < 0:
                    break
                shown[page] = None
        order = list(shown)
        rng.shuffle(order)
        return [list(order) for _ in range(self._worlds)]


def _identity(tokenizer: Path | None) -> dict[str, str]:
    """What tells one tokenizer from another: the hash of its file."""
    if tokenizer is None:
        return {}
    return {"budget_tokenizer": hashlib.sha256(tokenizer_file(tokenizer).read_bytes()).hexdigest()[:16]}


class _Retrieval:
    """The pages that a retriever finds with the question, in each world by itself."""

    def __init__(self, corpora: Corpora, options: Options) -> None:
        self._retrievers = [make_retriever(options.retriever, pages) for pages in corpora]
        self._top_k = options.top_k
        self.how = {"retriever": options.retriever, "top_k": options.top_k}

    def choose(self, ask: Ask) -> list[list[str]]:
        found = zip(self._retrievers, ask.queries, strict=True)
        return [[hit.page for hit in retriever.search(query, self._top_k)] for retriever, query in found]
