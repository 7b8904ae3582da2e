"""Values: years, dates and codes. They have no page; in synthetic worlds times are shifted and codes are made anew.

One shift holds for a whole world: years move by whole years, dates by whole days, so that order and intervals stay as they are
and every shifted date is a day of the calendar (29 February may become another day). A year and a date keep their order up to
the turn of a year.
"""

import calendar
import re
from datetime import date, timedelta
from typing import NamedTuple

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream

_MONTHS = tuple(calendar.month_name)
_YEAR = re.compile(r"-?\d{1,4}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_DAY = date(200, 1, 1)
"""An earlier date could be shifted out of the calendar."""
_LONGEST_CODE = 40


class Shift(NamedTuple):
    """What times of a synthetic world are moved by; both point to the past."""

    years: int
    days: int


def draw_shift(*, seed: int, world: int) -> Shift:
    """The shift of one synthetic world: 21 to 120 years, and for dates some months more, so that day and month change too.

    Example:
        >>> shift = draw_shift(seed=0, world=1)
        >>> -121 < shift.days / 365.2425 < shift.years <= -21
        True
    """
    rng = stream("shift", seed, world)
    years = -rng.randint(21, 120)
    return Shift(years, round(years * 365.2425) - rng.randint(40, 325))


def literal_label(literal: str) -> str:
    """A value as texts write it.

    Args:
        literal: ``year:1867`` (``year:-43`` is 44 BCE), ``date:1867-07-01`` or ``code:FRA``.

    Raises:
        InputError: It is none of these; the line says what is wanted.

    Example:
        >>> literal_label("date:1867-07-01"), literal_label("year:-43"), literal_label("code:FRA")
        ('1 July 1867', '44 BCE', 'FRA')
    """
    kind, _, value = literal.partition(":")
    if kind == "year" and _YEAR.fullmatch(value):
        return _year_label(int(value))
    if kind == "date" and _DAY.fullmatch(value):
        return _day_label(_day(value))
    if kind == "code" and 0 < len(value) <= _LONGEST_CODE and value.isprintable() and re.search(r"\w", value):
        return value
    raise InputError(f"{literal!r} is no value. Write year:1867 (year:-43 for 44 BCE), date:1867-07-01 or code:FRA.")


def shifted_label(literal: str, shift: Shift) -> str:
    """A year or a date as the texts of a synthetic world write it.

    Example:
        >>> shifted_label("year:1867", Shift(-30, -11000)), shifted_label("date:2000-02-29", Shift(-30, -11000))
        ('1837', '17 January 1970')
    """
    kind, _, value = literal.partition(":")
    if kind == "year":
        return _year_label(int(value) + shift.years)
    return _day_label(_day(value) + timedelta(days=shift.days))


def literal_aliases(literal: str) -> tuple[str, ...]:
    """Other ways to write a date.

    Example:
        >>> literal_aliases("date:1867-07-01"), literal_aliases("year:1867")
        (('July 1, 1867', '1867-07-01'), ())
    """
    kind, _, value = literal.partition(":")
    if kind != "date":
        return ()
    day = _day(value)
    return f"{_MONTHS[day.month]} {day.day}, {day.year}", value


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise InputError(f"'date:{value}' is no day of the calendar. Write date:YEAR-MONTH-DAY, as in date:1867-07-01.") from None
    if day < _FIRST_DAY:
        raise InputError(f"'date:{value}' is before the year {_FIRST_DAY.year}. Give the year alone, as in year:{day.year}.")
    return day


def _year_label(year: int) -> str:
    return str(year) if year > 0 else f"{1 - year} BCE"


def _day_label(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month]} {day.year}"
