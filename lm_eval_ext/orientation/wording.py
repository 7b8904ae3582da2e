"""Text as answers are compared: one spelling for what people and models write in many ways."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 4_000
"""Characters of an answer that are read: the last ones, because that is where an answer stands."""

_THOUGHT = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_REPLACED = str.maketrans(
    dict.fromkeys("\u2018\u2019", "'")
    | dict.fromkeys("\u201c\u201d", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | {"\u00ba": "\u00b0", "\r": "\n"}
)
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\\(?:text|textbf|mathrm|mathbf)\{"), "{"),
    (re.compile(r"[*`$]"), ""),
    (re.compile(r"[ \t]{0,2}°|\bdegs?\b\.?|\bdegree\b", re.IGNORECASE), " degrees"),
    (re.compile(r"\bcan(?:'t| not\b)", re.IGNORECASE), "cannot"),
    (re.compile(r"\b(?:counter|anti)[ -]?clock[ -]?wise\b", re.IGNORECASE), "counter-clockwise"),
    (re.compile(r"\btowards\b", re.IGNORECASE), "toward"),
    (re.compile(r"\bobject\s{1,3}([a-z])\b", re.IGNORECASE), r"object_\1"),  # the name of an object is no option's letter
)


class Mention(NamedTuple):
    """Where the text of an option stands."""

    choice: str
    start: int
    end: int


def tidy(text: str) -> str:
    r"""The last part of an answer without thoughts, marks and spellings that carry no meaning.

    Full-width letters become plain ones, invisible and direction marks go, ``can't`` becomes ``cannot``, ``°`` becomes
    ``degrees``. What a closed ``<think>`` block holds is dropped, and so is all that follows an unclosed one.

    Example:
        >>> tidy("<think>A?</think> **\uff22**\u200f 45° anticlockwise")
        'B 45 degrees counter-clockwise'
    """
    text = _after_thoughts(text)[-LONGEST:]
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_REPLACED)))
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text.strip()


def _after_thoughts(text: str) -> str:
    tags = [(match.start(), match.end(), match[0][1] == "/") for match in _THOUGHT.finditer(text)]
    begin = max((end for _, end, closes in tags if closes), default=0)
    return text[begin : min((start for start, _, closes in tags if not closes and start >= begin), default=None)]


class Options:
    """The options of one question, found in free text."""

    def __init__(self, choices: Sequence[str]) -> None:
        """Choices in the order in which they were shown."""
        self.choices = tuple(choices)
        self._by_key = {same_words(choice): choice for choice in choices}
        longest_first = sorted(self._by_key.values(), key=len, reverse=True)
        pattern = "|".join(f"({_spelled(choice)})" for choice in longest_first)
        # A sign, a digit or a letter before or after makes another word or number of it: -45, 145, un-turned.
        self._pattern = re.compile(rf"(?<![\w+-])(?<!\d\.)(?:{pattern})(?![\w-]|'\w|\.\d)", re.IGNORECASE)
        self._order = longest_first

    def find(self, text: str) -> list[Mention]:
        """Every mention, longest option first where two begin alike, without overlaps."""
        found = self._pattern.finditer(text)
        return [Mention(self._order[(match.lastindex or 1) - 1], match.start(), match.end()) for match in found]

    def at_start(self, text: str) -> Mention | None:
        """The option that the text begins with."""
        match = self._pattern.match(text)
        return Mention(self._order[(match.lastindex or 1) - 1], match.start(), match.end()) if match else None

    def lettered(self, letter: str) -> str | None:
        """The option behind a letter of either case."""
        place = ord(letter.upper()) - ord("A")
        return self.choices[place] if 0 <= place < len(self.choices) else None


def same_words(text: str) -> str:
    """Key that texts share when they differ in case, punctuation and spelling of "cannot" only.

    Example:
        >>> same_words("Can not be determined.") == same_words("cannot be determined")
        True
    """
    return " ".join(re.findall(r"\w+", tidy(text).lower()))


def _spelled(choice: str) -> str:
    """Pattern of an option's words with up to three other characters between them."""
    return r"[^\w\n]{1,3}".join(map(re.escape, re.findall(r"\w+", tidy(choice))))
