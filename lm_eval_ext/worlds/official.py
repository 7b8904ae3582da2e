"""The published SynthWorlds scorer, rebuilt from descriptions of what it does; lenient, for comparison only.

It accepts any piece of the right answer, and the empty answer too, so it is never a headline here.
"""

import re
import string
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from lm_eval_ext.worlds.matching import bag_f1

_CUES = ("answer is:", "answer:", "answer.", "answer")
_LATEX = re.compile(r"(?<!\S)(?=\S{9})(boxed|text|mathrm|mathbf|mathit|mathcal|mathbb)(?=\S)")  # in words of over 8 letters
_DROPPED = frozenset({"a", "an", "the", "is"})
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ERA = re.compile(r"(\d{1,6})\s*(bce|ce)")
_YEAR = re.compile(r"(\d{1,4})\s*\(year\)")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_READ = 20_000  # characters of an output that are looked at
_LONGEST_DATE = 64  # characters; longer texts are not handed to the date parser
_LAST_ERA_YEAR = 1000  # up to here a year is written with its era


class OfficialScore(NamedTuple):
    """Exact match (0 or 1) and token F1 (0..1) in the sense of the published scorer."""

    em: float
    f1: float


def official_answer(text: str) -> str:
    """What follows the first cue found, trying "answer is:", "answer:", "answer.", "answer" in turn; else the whole, lower-cased.

    Example:
        >>> official_answer("So the answer is: Paris"), official_answer(" Paris ")
        ('paris', 'paris')
    """
    lowered = text[:_READ].lower()
    cue = next((cue for cue in _CUES if cue in lowered), "")
    return (lowered.split(cue, 1)[1] if cue else lowered).strip()


def official_normalise(text: str) -> str:
    """Lower case, without punctuation, LaTeX commands parted from their content, without a, an, the, is.

    Example:
        >>> official_normalise("The text{Lake Como}"), official_normalise("textbooks")
        ('textlake como', 'text books')
    """
    words = _LATEX.sub(r"\1 ", text.lower().translate(_PUNCTUATION)).split()
    return " ".join(word for word in words if word not in _DROPPED)


def canonical_date(text: str) -> str | None:
    """A date as the published scorer compares it: "44 BCE", "800 CE", "1896", "July, 1896", "July 28, 1896"; None if it is none.

    Example:
        >>> canonical_date("28 July 1896"), canonical_date("1896-07"), canonical_date("44 BCE"), canonical_date("May")
        ('July 28, 1896', 'July, 1896', '44 BCE', None)
    """
    plain = text.strip().rstrip(".").lower()
    if len(plain) > _LONGEST_DATE or not any(char.isdigit() for char in plain):
        return None
    if era := _ERA.fullmatch(plain):
        year = int(era[1])
        return f"{year} BCE" if era[2] == "bce" else _year(year)
    named = _YEAR.fullmatch(plain) or re.fullmatch(r"(\d{3,4})", plain)
    return _year(int(named[1])) if named else _parsed(plain)


def _year(year: int) -> str:
    return f"{year} CE" if year <= _LAST_ERA_YEAR else str(year)


def _parsed(text: str) -> str | None:
    """Read a date twice with different fallbacks: what differs was not in the text."""
    from dateutil import parser

    fallbacks = datetime(2004, 1, 1, tzinfo=timezone.utc), datetime(2005, 2, 2, tzinfo=timezone.utc)
    try:
        one, two = (parser.parse(text, default=fallback, ignoretz=True) for fallback in fallbacks)
    except (ValueError, OverflowError, TypeError):
        return None
    if one.year != two.year:
        return None
    if one.year <= _LAST_ERA_YEAR or one.month != two.month:
        return _year(one.year)
    month = _MONTHS[one.month - 1]
    return f"{month}, {one.year}" if one.day != two.day else f"{month} {one.day}, {one.year}"


def official_score(text: str, golds: Sequence[str], *, is_time: bool = False) -> OfficialScore:
    """Both published scores of one output.

    Exact match holds when the normalised prediction is contained in a normalised answer, so an empty one always matches, and
    it then counts as F1 1 as well. With ``is_time`` equal dates match, and the F1 of their canonical forms counts.

    Args:
        text: The whole output of the model.
        golds: Accepted answers.
        is_time: Whether the question asks for a date.

    Source:
        Gu et al. 2025, arXiv:2510.24427; behaviour as described by users of its scorer, no code of theirs.

    Example:
        >>> official_score("Answer: Charles", ["Charles III"]), official_score("July 28 1896", ["28 July 1896"], is_time=True).em
        (OfficialScore(em=1.0, f1=1.0), 1.0)
    """
    prediction = official_answer(text)
    said = official_normalise(prediction)
    em, f1 = [0.0], [0.0]
    for gold in map(official_normalise, golds):
        em.append(float(said in gold))
        f1 += [bag_f1(said.split(), gold.split()), em[-1]]
    said_date = canonical_date(prediction) if is_time else None
    for gold_date in (date for date in map(canonical_date, golds) if date and said_date):
        em.append(float(said_date == gold_date))
        f1.append(bag_f1(official_normalise(str(said_date)).split(), official_normalise(gold_date).split()))
    return OfficialScore(max(em), max(f1))


def official_em(text: str, golds: Sequence[str], *, is_time: bool = False) -> float:
    """Exact match in the sense of the published scorer, 0.0 or 1.0: see ``official_score``."""
    return official_score(text, golds, is_time=is_time).em


def official_f1(text: str, golds: Sequence[str], *, is_time: bool = False) -> float:
    """Token F1 in the sense of the published scorer, in [0, 1]: see ``official_score``."""
    return official_score(text, golds, is_time=is_time).f1
