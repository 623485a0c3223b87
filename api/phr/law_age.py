"""Age as Japanese law counts it: reached at the end of the day before the birthday.

年齢計算ニ関する法律 counts from the day of birth; 民法143条 ends a month on the day before the one
of the same number, or on its last day where it has none. School years follow 学校教育法17条.
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
SCHOOL_AGE: Final = 6
_YEAR: Final = 12


def add_months(day: date, months: int) -> date:
    """The day of the same number, or the last day of a month that has none."""
    year, month = _month_after(day, months)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def after_months(day: date, months: int) -> date:
    """The first day when so many months lie between: the same day of the month, or the first of
    the next month where that day is missing."""
    same = add_months(day, months)
    return same if same.day == day.day else same + DAY


def after_days(day: date, between: int) -> date:
    """The first day when so many whole days lie between: after 27 it is the same weekday."""
    return day + timedelta(days=between + 1)


def reached_on(birth_on: date, *, years: int = 0, months: int = 0) -> date:
    """The day at whose end the age is reached (N歳に達する日). For vaccines "N years on" (N歳以上)
    begins on it, and "under N" (N歳未満, に至るまで) ends with it."""
    return after_months(birth_on, years * _YEAR + months) - DAY


def first_day_of(birth_on: date, *, years: int = 0, months: int = 0) -> date:
    """N歳以上, 生後N月から: from the day before the birthday; never before birth."""
    return max(birth_on, reached_on(birth_on, years=years, months=months))


def last_day_under(birth_on: date, *, years: int = 0, months: int = 0) -> date:
    """N歳未満, 生後N月に至るまで: the day before the birthday is still inside."""
    return reached_on(birth_on, years=years, months=months)


def first_day_past(birth_on: date, *, years: int = 0, months: int = 0) -> date:
    """満N歳を超え, N月に至った日の翌日から: as people say it, the birthday."""
    return reached_on(birth_on, years=years, months=months) + DAY


def days_after_birth(birth_on: date, *, weeks: int = 0, days: int = 0) -> date:
    """出生N週M日後: the day of birth is week 0, day 0."""
    return birth_on + timedelta(weeks=weeks, days=days)


def months_of(birth_on: date, day: date) -> int:
    """Whole months lived as that day begins; 0 before birth."""
    months = max(0, (day.year - birth_on.year) * _YEAR + day.month - birth_on.month)
    while months and first_day_past(birth_on, months=months) > day:
        months -= 1
    return months


def age_of(birth_on: date, day: date) -> int:
    """Years as people say them: the next begins on the birthday, for the 29th of February in other
    years on the 1st of March."""
    return months_of(birth_on, day) // _YEAR


def school_year_of(day: date) -> int:
    """The year in which the school year began: 1 April to 31 March."""
    return day.year if day.month >= 4 else day.year - 1


def starts_school_on(birth_on: date) -> date:
    """小学校就学の始期: the first 1 April on or after the day that follows reaching six; whoever
    was born on 1 April goes with those born before."""
    past = first_day_past(birth_on, years=SCHOOL_AGE)
    first = date(past.year, 4, 1)
    return first if past <= first else date(past.year + 1, 4, 1)


def grade_begins_on(birth_on: date, grade: int) -> date:
    """小1 is 1, 小6 is 6, 中1 is 7, 高1 is 10; 0 and below are the years before school."""
    start = starts_school_on(birth_on)
    return start.replace(year=start.year + grade - 1)


def grade_ends_on(birth_on: date, grade: int) -> date:
    return grade_begins_on(birth_on, grade + 1) - DAY


def grade_on(birth_on: date, day: date) -> int:
    """Above 12 school is over; 0 and below it has not begun."""
    return school_year_of(day) - starts_school_on(birth_on).year + 1


def _month_after(day: date, months: int) -> tuple[int, int]:
    counted = day.year * _YEAR + day.month - 1 + months
    return counted // _YEAR, counted % _YEAR + 1
