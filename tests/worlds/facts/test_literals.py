"""Years, dates and codes: one shift a world keeps order, intervals and the calendar."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.worlds.documents import reference, references, render_text, symbols
from lm_eval_ext.worlds.facts.literals import draw_shift, literal_label, shifted_label

DAYS = st.dates(dt.date(200, 1, 1), dt.date(2100, 12, 31))
YEARS = st.integers(-3000, 2100)
SHIFTS = st.builds(draw_shift, seed=st.integers(0, 10**6), world=st.integers(1, 100))


def shifted_day(day, shift):
    day_text, month, year = shifted_label(f"date:{day.isoformat()}", shift).split()
    return dt.datetime.strptime(f"{day_text} {month} {year.zfill(4)}", "%d %B %Y").date()  # noqa: DTZ007 - a day has no zone


def shifted_year(year, shift):
    text = shifted_label(f"year:{year}", shift)
    return 1 - int(text.removesuffix(" BCE")) if text.endswith(" BCE") else int(text)


@given(DAYS, DAYS, SHIFTS)
def test_days_keep_their_intervals_exactly(one, other, shift):
    assert shifted_day(one, shift) - shifted_day(other, shift) == one - other


@given(YEARS, YEARS, SHIFTS)
def test_years_keep_their_intervals_exactly_across_the_era(one, other, shift):
    assert shifted_year(one, shift) - shifted_year(other, shift) == one - other


@given(DAYS, YEARS, SHIFTS)
def test_a_year_and_a_day_never_change_places(day, year, shift):
    moved, moved_year = shifted_day(day, shift).year, shifted_year(year, shift)
    if day.year < year:
        assert moved <= moved_year
    if day.year > year:
        assert moved >= moved_year - 1


@given(DAYS, SHIFTS)
def test_nothing_of_a_date_stays_but_by_chance(day, shift):
    assert shift.days < -366 * 20
    assert shifted_day(day, shift).year < day.year
    assert literal_label(f"date:{day.isoformat()}") != shifted_label(f"date:{day.isoformat()}", shift)


def test_the_leap_day_moves_to_a_day_of_the_calendar():
    moved = {shifted_day(dt.date(2000, 2, 29), draw_shift(seed=seed, world=1)) for seed in range(200)}
    assert len(moved) > 150


def test_a_value_is_named_in_a_text_but_is_no_link():
    text = f"{reference('country:CA')} became independent on {reference('date:1867-07-01')}."
    assert text == "[[country:CA]] became independent on [[=date:1867-07-01]]."
    assert references(text) == ["country:CA"]
    assert symbols(text) == ["country:CA", "date:1867-07-01"]
    assert render_text(text, {"country:CA": "Canada", "date:1867-07-01": "1 July 1867"}).endswith("independent on 1 July 1867.")
