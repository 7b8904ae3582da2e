"""What the model reads."""

import re
import string
from collections.abc import Sequence

INSTRUCTION = "Answer with the text of one option, word for word."
"""The text and not the letter: "Object A" in a model's answer must not be taken for option A."""
BLIND = "The picture is not shown."
"""First line of the text-only task; it also keeps cached answers of the two ways of asking apart."""
LETTERS = string.ascii_uppercase


def build_prompt(query: str, choices: Sequence[str], *, blind: bool = False) -> str:
    """The question with its lettered options. A model that answers as asked goes on with a space and the option's text.

    Args:
        query: The question; one with the place ``{options}`` is a published prompt, which is filled in and kept as it is.
        choices: Options in the order in which they are shown; at most 26.
        blind: Say that there is no picture, and leave out its place.

    Example:
        >>> print(build_prompt("Is this picture right side up?", ["No", "Yes"]))
        <image>
        Is this picture right side up?
        A. No
        B. Yes
        Answer with the text of one option, word for word.
        Answer:
    """
    options = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=False)]
    first = BLIND if blind else "<image>"
    if "{options}" not in query:
        return "\n".join([first, query, *options, INSTRUCTION, "Answer:"])
    fields = {"{options}": "\n".join(options), "{num_options}": str(len(choices)), "{{": "{", "}}": "}", "<image>": ""}
    return first + "\n" + re.sub("|".join(map(re.escape, fields)), lambda place: fields[place[0]], query).strip()
