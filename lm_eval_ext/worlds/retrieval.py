"""Finding pages for a question: by words they share (BM25), or by the likeness of sentence embeddings."""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from lm_eval_ext.errors import InputError

BM25 = "bm25s"
_WORD = re.compile(r"\w+")


class Hit(NamedTuple):
    """A page that was found, and how well it fits; the scale of scores is the retriever's own."""

    page: str
    score: float


@runtime_checkable
class Retriever(Protocol):
    """Finds pages of one world."""

    def search(self, query: str, top_k: int) -> list[Hit]:
        """The pages that fit best, best first; of equal ones the earlier page of the world comes first."""
        ...


class Bm25:
    """BM25 over whole words in lower case, with the weights of Lucene (k1 = 1.5, b = 0.75).

    Source:
        Robertson & Zaragoza 2009, doi:10.1561/1500000019; implementation: bm25s, Lù 2024, arXiv:2407.03618.

    Example:
        >>> Bm25({"a": "Lima lies in Peru.", "b": "Paris lies in France."}).search("Where is Lima?", 1)[0].page
        'a'
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        import bm25s

        self._pages = tuple(pages)
        self._index = bm25s.BM25()
        self._index.index([_words(text) for text in pages.values()], show_progress=False)

    def search(self, query: str, top_k: int) -> list[Hit]:
        """The pages that fit best."""
        known = [word for word in _words(query) if word in self._index.vocab_dict]
        scores = self._index.get_scores(known) if known else np.zeros(len(self._pages))
        return _best(self._pages, scores, top_k)


class Embeddings:
    """Cosine likeness of sentence embeddings, by a model of the package sentence-transformers."""

    def __init__(self, pages: Mapping[str, str], model: str) -> None:
        if find_spec("sentence_transformers") is None:
            raise InputError(
                f"retriever={model!r} needs the package sentence-transformers. "
                f"Run: pip install sentence-transformers; or leave the option out for {BM25}."
            )
        try:
            self._model: Any = import_module("sentence_transformers").SentenceTransformer(model)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"retriever={model!r} can't be loaded: {reason}. Give a model's name or folder, or {BM25}."
            ) from None
        self._pages = tuple(pages)
        self._vectors = self._embed(list(pages.values()))

    def search(self, query: str, top_k: int) -> list[Hit]:
        """The pages that fit best."""
        return _best(self._pages, self._vectors @ self._embed([query])[0], top_k)

    def _embed(self, texts: list[str]) -> Float[np.ndarray, "texts width"]:
        vectors = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(vectors)


def make_retriever(name: str, pages: Mapping[str, str]) -> Retriever:
    """The retriever that the option names, over the pages of one world.

    Args:
        name: ``bm25s``, or a sentence-transformers model.
        pages: Id -> text.

    Raises:
        InputError: The package or the model is missing.
    """
    return Bm25(pages) if name == BM25 else Embeddings(pages, name)


def merge_hits(before: Sequence[Hit], found: Sequence[Hit], top_k: int) -> list[Hit]:
    """Both lists as one: of a page found twice the better score counts; best first, then the earlier in ``before + found``.

    Source:
        IRCoT with merged retrieval as in HippoRAG (OSU-NLP-Group/HippoRAG, MIT).

    Example:
        >>> [hit.page for hit in merge_hits([Hit("a", 1.0), Hit("b", 0.5)], [Hit("b", 2.0), Hit("c", 0.1)], 2)]
        ['b', 'a']
    """
    best: dict[str, float] = {}
    for hit in (*before, *found):
        best[hit.page] = max(hit.score, best.get(hit.page, hit.score))
    ordered = sorted(best.items(), key=lambda item: -item[1])
    return [Hit(page, score) for page, score in ordered[:top_k]]


def recall(gold: Sequence[str], shown: Sequence[str]) -> float:
    """Share of the gold pages that are among the shown ones.

    Example:
        >>> recall(["a", "b"], ["x", "b"])
        0.5
    """
    return len(set(gold) & set(shown)) / len(set(gold))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _best(pages: tuple[str, ...], scores: Float[np.ndarray, "pages"], top_k: int) -> list[Hit]:
    # Four decimals, so that equal pages stay equal on every machine; a stable sort leaves them in the order of the world.
    rounded = np.round(scores.astype(np.float64), 4)
    order = np.argsort(-rounded, kind="stable")[:top_k]
    return [Hit(pages[int(place)], float(rounded[place])) for place in order]
