"""Ages, months and school years by law, at every edge."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phr import law_age

DAYS = st.dates(date(1900, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(0, 240)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("birth", "years", "months", "reached"),
    [
        ("2020-04-01", 1, 0, "2021-03-31"),
        ("2013-04-02", 0, 2, "2013-06-01"),
        ("2018-04-01", 0, 2, "2018-05-31"),
        ("2018-04-01", 0, 60, "2023-03-31"),
        ("2018-04-01", 0, 90, "2025-09-30"),
        ("2018-12-29", 0, 2, "2019-02-28"),
        ("2018-12-31", 0, 2, "2019-02-28"),
        ("2018-12-31", 0, 60, "2023-12-30"),
        ("2018-12-28", 0, 2, "2019-02-27"),
        ("2019-12-29", 0, 2, "2020-02-28"),
        ("2019-12-30", 0, 2, "2020-02-29"),
        ("2024-02-29", 1, 0, "2025-02-28"),
        ("2024-02-29", 4, 0, "2028-02-28"),
        ("2024-02-29", 18, 0, "2042-02-28"),
        ("2024-03-01", 1, 0, "2025-02-28"),
        ("2008-07-15", 18, 0, "2026-07-14"),
        ("2025-01-01", 0, 12, "2025-12-31"),
        ("2025-10-31", 0, 1, "2025-11-30"),
    ],
)
def test_an_age_is_reached_at_the_end_of_the_day_before(
    birth: str, years: int, months: int, reached: str
) -> None:
    born = date.fromisoformat(birth)
    day = date.fromisoformat(reached)
    assert law_age.reached_on(born, years=years, months=months) == day
    assert law_age.first_day_of(born, years=years, months=months) == day
    assert law_age.last_day_under(born, years=years, months=months) == day
    assert law_age.first_day_past(born, years=years, months=months) == day + DAY


def test_nobody_is_of_any_age_before_birth() -> None:
    born = date(2026, 5, 1)
    assert law_age.first_day_of(born) == born


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        ("2008-07-15", "2026-07-14", 17),
        ("2008-07-15", "2026-07-15", 18),
        ("2024-02-29", "2025-02-28", 0),
        ("2024-02-29", "2025-03-01", 1),
        ("2024-02-29", "2028-02-28", 3),
        ("2024-02-29", "2028-02-29", 4),
        ("2026-05-01", "2026-05-01", 0),
        ("2026-05-01", "2026-04-01", 0),
    ],
)
def test_years_as_people_say_them(birth: str, day: str, years: int) -> None:
    assert law_age.age_of(date.fromisoformat(birth), date.fromisoformat(day)) == years


@pytest.mark.parametrize(
    ("birth", "day", "months"),
    [
        ("2025-01-15", "2026-12-14", 22),
        ("2025-01-15", "2026-12-15", 23),
        ("2025-11-20", "2026-02-19", 2),
        ("2025-11-20", "2026-02-20", 3),
        ("2026-01-31", "2026-02-28", 0),
        ("2026-01-31", "2026-03-01", 1),
        ("2026-01-31", "2026-03-30", 1),
        ("2026-01-31", "2026-03-31", 2),
        ("2026-01-31", "2026-04-30", 2),
        ("2026-01-31", "2026-05-01", 3),
        ("2024-02-29", "2024-03-28", 0),
        ("2024-02-29", "2024-03-29", 1),
        ("2024-02-29", "2025-02-28", 11),
        ("2024-02-29", "2025-03-01", 12),
    ],
)
def test_whole_months_as_people_say_them(birth: str, day: str, months: int) -> None:
    assert law_age.months_of(date.fromisoformat(birth), date.fromisoformat(day)) == months


def test_an_age_is_of_years_of_months_or_of_both() -> None:
    born = date(2026, 5, 15)
    assert law_age.reached_on(born, months=3) == date(2026, 8, 14)
    assert law_age.reached_on(born, years=2) == date(2028, 5, 14)
    assert law_age.last_day_under(born, years=1, months=6) == date(2027, 11, 14)
    assert law_age.reached_on(born) == date(2026, 5, 14)
    assert law_age.last_day_under(born) == date(2026, 5, 14)


@pytest.mark.parametrize(
    ("day", "months", "clipped", "past"),
    [
        ("2026-01-31", 1, "2026-02-28", "2026-03-01"),
        ("2024-01-31", 1, "2024-02-29", "2024-03-01"),
        ("2026-01-28", 1, "2026-02-28", "2026-02-28"),
        ("2026-08-31", 6, "2027-02-28", "2027-03-01"),
        ("2026-12-15", 3, "2027-03-15", "2027-03-15"),
        ("2024-02-29", 12, "2025-02-28", "2025-03-01"),
        ("2026-05-31", -1, "2026-04-30", "2026-05-01"),
    ],
)
def test_months_later(day: str, months: int, clipped: str, past: str) -> None:
    given_on = date.fromisoformat(day)
    assert law_age.add_months(given_on, months) == date.fromisoformat(clipped)
    assert law_age.after_months(given_on, months) == date.fromisoformat(past)


def test_twenty_seven_days_between_is_the_same_weekday() -> None:
    tuesday = date(2026, 6, 2)
    assert law_age.after_days(tuesday, 27) == date(2026, 6, 30)
    assert law_age.after_days(tuesday, 27).weekday() == tuesday.weekday()


def test_the_day_of_birth_is_week_0_day_0() -> None:
    born = date(2026, 1, 1)
    assert law_age.days_after_birth(born) == born
    assert law_age.days_after_birth(born, weeks=6) == date(2026, 2, 12)
    assert law_age.days_after_birth(born, weeks=14, days=6) == date(2026, 4, 15)


@pytest.mark.parametrize(
    ("birth", "starts"),
    [
        ("2020-04-01", "2026-04-01"),
        ("2020-04-02", "2027-04-01"),
        ("2020-03-31", "2026-04-01"),
        ("2021-03-31", "2027-04-01"),
        ("2021-04-01", "2027-04-01"),
        ("2020-02-29", "2026-04-01"),
        ("2020-12-31", "2027-04-01"),
    ],
)
def test_school_begins_with_those_born_from_2_april_to_1_april(birth: str, starts: str) -> None:
    born, start = date.fromisoformat(birth), date.fromisoformat(starts)
    assert law_age.starts_school_on(born) == start
    assert law_age.grade_on(born, start) == 1
    assert law_age.grade_on(born, start - DAY) == 0
    assert law_age.grade_begins_on(born, 1) == start
    assert law_age.grade_ends_on(born, 0) == start - DAY


def test_grades_of_somebody_born_on_1_april() -> None:
    born = date(2014, 4, 1)
    assert law_age.grade_begins_on(born, 6) == date(2025, 4, 1)
    assert law_age.grade_ends_on(born, 10) == date(2030, 3, 31)
    assert law_age.grade_begins_on(date(2014, 4, 2), 6) == date(2026, 4, 1)


@given(DAYS, MONTHS)
def test_the_law_agrees_with_itself(born: date, months: int) -> None:
    reached = law_age.reached_on(born, months=months)
    assert law_age.months_of(born, reached + DAY) == months
    if months:
        assert law_age.months_of(born, reached) == months - 1
        assert reached < law_age.reached_on(born, months=months + 1)
    year, month = divmod(born.year * 12 + born.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    expected = date(year, month + 1, born.day) - DAY if born.day <= length else None
    assert reached == (expected or date(year, month + 1, length))


@given(DAYS, MONTHS)
def test_at_least_so_many_months_are_never_fewer(day: date, months: int) -> None:
    later, clipped = law_age.after_months(day, months), law_age.add_months(day, months)
    assert later - clipped in (timedelta(0), DAY)
    assert law_age.after_months(day, months + 1) > later


@given(DAYS)
def test_everybody_starts_school_at_six_and_in_april(born: date) -> None:
    start = law_age.starts_school_on(born)
    assert (start.month, start.day) == (4, 1)
    assert law_age.age_of(born, start) == 6
    assert law_age.age_of(born, start - timedelta(days=366)) <= 5
    assert law_age.grade_on(born, law_age.grade_begins_on(born, 10)) == 10
