"""The pages of a world as a graph of links, which is the same in every world: where clicks can lead, how far, and by chance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.documents import references
from lm_eval_ext.worlds.world import World

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST_PAGES = 4
"""A smaller graph holds no page that is two clicks away and can be missed."""


def page_links(world: World) -> dict[str, tuple[str, ...]]:
    """Page -> the other pages that it names, each once, in the order of the text."""
    return {page: tuple(_others(page, references(text), world.pages)) for page, text in world.pages.items()}


@dataclass(frozen=True)
class LinkGraph:
    """Pages from each of which every other one can be reached by links alone.

    Attributes:
        pages: Ids.
        links: Page -> linked pages among ``pages``, at least one.
    """

    pages: tuple[str, ...]
    links: Mapping[str, tuple[str, ...]]

    @cached_property
    def number(self) -> dict[str, int]:
        """Page -> its place in ``pages``, which is its row in every array here."""
        return {page: number for number, page in enumerate(self.pages)}

    @cached_property
    def adjacency(self) -> "csr_array[Any]":
        """1.0 where the row's page links to the column's; shape (pages, pages)."""
        return _adjacency(self.pages, self.links)

    @cached_property
    def steps(self) -> "csr_array[Any]":
        """Transition matrix of the random walk that takes each link of a page with the same probability."""
        from scipy.sparse import csr_array

        linked = self.adjacency
        counts = np.diff(linked.indptr)
        return csr_array((1.0 / np.repeat(counts, counts), linked.indices, linked.indptr), shape=linked.shape)

    def distances(self, target: str) -> Int[np.ndarray, "pages"]:
        """Fewest clicks from every page to the target."""
        from scipy.sparse.csgraph import dijkstra

        return dijkstra(self.adjacency.T, unweighted=True, indices=self.number[target]).astype(np.int64)

    def first_steps(self, start: str, target: str) -> tuple[str, ...]:
        """The links of a page that a shortest way to the target may begin with, in the order of the page."""
        far = self.distances(target)
        nearer = far[self.number[start]] - 1
        return tuple(page for page in self.links[start] if far[self.number[page]] == nearer)

    def chances(self, target: str, steps: int) -> Float[np.ndarray, "pages"]:
        """Probability that a random walk from each page is at the target after at most so many clicks.

        Source:
            First-passage probabilities of a finite chain, by its backward equation: u(k+1) = P u(k), with u = 1 at the target.
        """
        found = np.zeros(len(self.pages))
        found[self.number[target]] = 1.0
        for _ in range(steps):
            found = self.steps @ found
            found[self.number[target]] = 1.0
        return np.minimum(found, 1.0)  # rows sum to 1 up to rounding


def navigable(links: Mapping[str, Sequence[str]]) -> LinkGraph:
    """The largest part of a graph in which every page can be reached from every other one, with the links inside it.

    Args:
        links: Page -> linked pages; links to pages that are no key lead nowhere.

    Raises:
        InputError: The part is too small to navigate in.

    Example:
        >>> graph = navigable({"a": ["b", "x"], "b": ["c"], "c": ["d", "a"], "d": ["a"], "x": []})
        >>> graph.pages, graph.first_steps("a", "d")
        (('a', 'b', 'c', 'd'), ('b',))
    """
    from scipy.sparse.csgraph import connected_components

    pages = tuple(links)
    _, label = connected_components(_adjacency(pages, links), connection="strong")
    largest = int(np.bincount(label).argmax()) if pages else 0
    inside = {page: None for page, part in zip(pages, label.tolist(), strict=True) if part == largest}
    if len(inside) < FEWEST_PAGES:
        raise InputError(
            f"Of {len(pages)} pages at most {len(inside)} reach each other by links; navigation needs {FEWEST_PAGES} of them. "
            "Give more pages (--metadata '{\"pages\": …}'), or facts that lead back and forth."
        )
    return LinkGraph(tuple(inside), {page: tuple(other for other in links[page] if other in inside) for page in inside})


def _others(page: str, named: Sequence[str], pages: Mapping[str, str]) -> Iterator[str]:
    return (other for other in dict.fromkeys(named) if other != page and other in pages)


def _adjacency(pages: Sequence[str], links: Mapping[str, Sequence[str]]) -> "csr_array[Any]":
    from scipy.sparse import csr_array

    number = {page: place for place, page in enumerate(pages)}
    ends = [(number[page], number[other]) for page in pages for other in links[page] if other in number]
    rows, columns = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(pages), len(pages)))
