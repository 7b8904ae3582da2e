"""Everyone's role as a model's output gives it: all of them, or nothing."""

import re
from collections.abc import Sequence

LONGEST = 20_000
"""Characters that are looked at, at the end of an output."""
_THOUGHT_END = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_CUE = re.compile(r"\banswer\b[*_]{0,2}\s{0,3}(?:is\s{0,3})?:", re.IGNORECASE)


def read_roles(text: str, names: Sequence[str], roles: Sequence[str]) -> dict[str, str] | None:
    """Name -> role, or None when the output is not an answer.

    What counts follows the last "Answer:" where there is one, and ends at a blank line. It must give every person one role, as in
    "Ann: knight" or "Ann is a knight", and no one two; someone who is not in the puzzle, or a denied role, makes it no answer.

    Args:
        text: Output.
        names: The people.
        roles: The two words.

    Example:
        >>> read_roles("Ann: knight, Bob is a knave.", ["Ann", "Bob"], ["knight", "knave"])
        {'Ann': 'knight', 'Bob': 'knave'}
        >>> read_roles("Ann: knight, Bob is not a knave.", ["Ann", "Bob"], ["knight", "knave"]) is None
        True
    """
    known = {name.casefold(): name for name in names}
    found: dict[str, str] = {}
    for match in _assignment(roles).finditer(_final(text)):
        name, role = known.get(match["name"].casefold()), match["role"].casefold()
        if name is None or found.setdefault(name, role) != role:
            return None
    return {name: found[name] for name in names} if len(found) == len(names) else None


def _assignment(roles: Sequence[str]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, roles))
    gap = r"[*_\"'`]{0,3}\s{0,3}(?:[:=\u2013-]|is\b|->)?\s{0,3}[*_\"'`]{0,3}(?:an?\s{1,3}|the\s{1,3})?[*_\"'`]{0,3}"
    return re.compile(rf"\b(?P<name>[^\W\d_]+){gap}\b(?P<role>{words})\b", re.IGNORECASE)


def _final(text: str) -> str:
    """The part of an output that answers."""
    text = text[-LONGEST:]
    ends = [match.end() for match in _THOUGHT_END.finditer(text)]
    text = text[ends[-1] :] if ends else text
    cues = [match.end() for match in _CUE.finditer(text)]
    text = (text[cues[-1] :] if cues else text).strip()
    return re.split(r"\n[ \t]*\n", text, maxsplit=1)[0]
