"""IRCoT: thinking in steps, each over pages that the question and the thoughts before have found."""

import re
from collections.abc import Mapping, Sequence

from lm_eval_ext.episodes.rules import Request
from lm_eval_ext.worlds.prompts import question_prompt
from lm_eval_ext.worlds.retrieval import Hit, Retriever, merge_hits

STEPS = 4
"""Most thoughts where no number is given: as many as a question has hops at most. The paper's limit is not known."""
CUE = "So the answer is:"
_CUE = re.compile(r"(?i)\b(?:so the answer is\s*:?|the answer is\s*:)")
_TASK = (
    "Answer the question from the pages, one thought at a time. Write the next thought only, in one sentence; with each thought "
    f'further pages are looked up. When you know the answer, write "{CUE}" and a name only.'
)


class Ircot:
    """One episode: retrieve, think, retrieve with the thought, until the answer is given.

    The pages found by the question and by all thoughts are merged, the better score of a page counting, and the best ``top_k``
    are shown. When the last thought gives no answer either, one more turn asks for it over these pages, as the setting rag does.

    Source:
        Trivedi et al. 2023, arXiv:2212.10509; merging as in HippoRAG (OSU-NLP-Group/HippoRAG, MIT). The prompts are our own.
    """

    def __init__(self, query: str, pages: Mapping[str, str], retriever: Retriever, *, steps: int, top_k: int) -> None:
        self._query, self._pages, self._retriever = query, pages, retriever
        self._most_thoughts, self._top_k = steps, top_k
        self._hits: Sequence[Hit] = retriever.search(query, top_k)
        self.thoughts: list[str] = []
        self.answer: str | None = None

    @property
    def shown(self) -> list[str]:
        """Ids of the pages that the model is shown, best first."""
        return [hit.page for hit in self._hits]

    @property
    def asked_outright(self) -> bool:
        """Whether all thoughts are spent, so that the answer is asked for."""
        return len(self.thoughts) >= self._most_thoughts

    @property
    def finished(self) -> bool:
        """Whether there is an answer."""
        return self.answer is not None

    def request(self) -> Request:
        """The pages, the question and the thoughts so far; at last the question over the pages."""
        texts = [self._pages[page] for page in self.shown]
        if self.asked_outright:
            return Request(question_prompt("rag", self._query, texts), ("\n\n", "Question:"), 32)
        asked = "\n".join([f"Question: {self._query}", *(f"Thought: {thought}" for thought in self.thoughts), "Thought:"])
        return Request("\n\n".join([_TASK, *texts, asked]), ("\n",), 64)

    def advance(self, output: str) -> None:
        """Take an answer, or look pages up with the thought."""
        cues = list(_CUE.finditer(output))
        if cues:
            self.answer = output[cues[-1].end() :]
        elif self.asked_outright:
            self.answer = output
        else:
            thought = " ".join(output.split())
            self.thoughts.append(thought)
            if thought:
                self._hits = merge_hits(self._hits, self._retriever.search(thought, self._top_k), self._top_k)
