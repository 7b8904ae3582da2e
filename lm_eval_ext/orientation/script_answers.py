"""How the published evaluation script reads answers, re-created from its described behaviour; for comparison only.

It takes letters that stand between blanks, lets every one of them vote, and falls back on the first option whose text occurs. So
"Object A" votes for option A, and "(C)", "**C**" and "answer: c" are not understood. Its code has no known licence: none is used.
"""

import re
from collections import Counter
from collections.abc import Sequence

_LETTER = re.compile(r"(?:^|(?<=\s))([A-Za-z])(?=[.\s]|$)")


def dori_script_answer(text: str, choices: Sequence[str]) -> str | None:
    """The option that the published script would read, or None for its "UNKNOWN".

    Args:
        text: What the model wrote.
        choices: Options in the order in which they were shown.

    Example:
        >>> choices = ["Yes", "No", "Cannot be determined"]
        >>> [dori_script_answer(text, choices) for text in ("C.", "(C)", "Object A is a car, so Object A needs C.")]
        ['Cannot be determined', None, 'Yes']
    """
    votes = Counter(match[1] for match in _LETTER.finditer(text))
    if votes:
        winner = votes.most_common(1)[0][0]
        place = ord(winner) - ord("A")
        return choices[place] if 0 <= place < len(choices) else None
    lowered = text.lower()
    return next((choice for choice in choices if choice.lower() in lowered), None)
