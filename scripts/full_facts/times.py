"""Days and years out of texts."""

import re
from datetime import datetime

_DAY = re.compile(
    r"\b(\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4})\b"
)
_YEAR = re.compile(r"\b(1\d{3}|20\d{2})\b")


def day_in(text: str) -> str | None:
    """The one day of a text, or else its one year, as a literal; None when there are several or none.

    Example:
        >>> day_in("22 September 1960 (from France)"), day_in("in 1821"), day_in("1 May 1707 or 1801")
        ('date:1960-09-22', 'year:1821', None)
    """
    days = set(_DAY.findall(text))
    years = set(_YEAR.findall(text))
    if len(days) == 1 and len(years) <= 1:
        return f"date:{datetime.strptime(days.pop(), '%d %B %Y').date().isoformat()}"  # noqa: DTZ007 - a day has no zone
    return f"year:{years.pop()}" if not days and len(years) == 1 else None
