"""How a question is put to the model."""

from collections.abc import Sequence
from typing import Literal

PROMPT_VERSION = 1
Setting = Literal["closed_book", "reading", "reading_distractors", "rag"]

_READ = "Read the text and answer the question with a name only."
_INSTRUCTION: dict[Setting, str] = {
    "closed_book": "Answer the question with a name only.",
    "reading": _READ,
    "reading_distractors": _READ,
    "rag": _READ,
}


def question_prompt(setting: Setting, query: str, pages: Sequence[str] = ()) -> str:
    """The whole prompt; the answer is expected right after it.

    Example:
        >>> print(question_prompt("closed_book", "What is the capital of France?"))
        Answer the question with a name only.
        <BLANKLINE>
        Question: What is the capital of France?
        Answer:
    """
    return "\n\n".join([_INSTRUCTION[setting], *pages, f"Question: {query}\nAnswer:"])
