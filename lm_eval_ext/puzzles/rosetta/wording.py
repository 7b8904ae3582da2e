"""A puzzle in words."""

from collections.abc import Sequence

PROMPT_VERSION = 1
OPENING = "This puzzle is about a language that was invented for it. Small letters, no punctuation."


def query_of(english: str) -> str:
    """The question, without the sheet."""
    return f"Translate into this language: {english}"


def prompt(sheet: Sequence[Sequence[str]], query: str) -> str:
    """The whole prompt; the answer is expected right after it.

    Args:
        sheet: Pairs of a sentence and its English translation; none for the control.
        query: The question.

    Example:
        >>> print(prompt([["ta mu ro", "The dog finds the cat."]], query_of("The cat finds the dog.")))
        This puzzle is about a language that was invented for it. Small letters, no punctuation.
        <BLANKLINE>
        The dog finds the cat. = ta mu ro
        <BLANKLINE>
        Translate into this language: The cat finds the dog.
        Answer:
    """
    lines = [f"{english} = {sentence}" for sentence, english in sheet]
    return "\n\n".join([OPENING, *(["\n".join(lines)] if lines else []), f"{query}\nAnswer:"])
