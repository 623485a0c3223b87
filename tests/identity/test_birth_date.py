"""Tarō writes 昭和15年, his grandchildren 2012; the law counts age from the day before."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.enrolling.birth_date import BirthDateFault, law_age, parse_birth_date

TODAY = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("year", "month", "day", "born"),
    [
        ("1940", "4", "29", date(1940, 4, 29)),
        ("１９４０年", "０４月", "２９日", date(1940, 4, 29)),
        ("西暦1940年", "04", "29", date(1940, 4, 29)),
        ("昭和15", "4", "29", date(1940, 4, 29)),
        ("昭和 １５年", "4", "29", date(1940, 4, 29)),
        ("㍼15", "4", "29", date(1940, 4, 29)),
        ("昭15", "4", "29", date(1940, 4, 29)),
        ("s15", "4", "29", date(1940, 4, 29)),
        ("Ｓ１５", "4", "29", date(1940, 4, 29)),
        # the first and last day of each era; a day of change belongs to both
        ("明治6", "1", "1", date(1873, 1, 1)),
        ("明治45", "7", "30", date(1912, 7, 30)),
        ("大正元", "7", "30", date(1912, 7, 30)),
        ("大正15", "12", "25", date(1926, 12, 25)),
        ("昭和元年", "12", "25", date(1926, 12, 25)),
        ("昭和1", "12", "31", date(1926, 12, 31)),
        ("昭和64", "1", "7", date(1989, 1, 7)),
        ("平成元", "1", "8", date(1989, 1, 8)),
        ("平成31", "4", "30", date(2019, 4, 30)),
        ("令和元", "5", "1", date(2019, 5, 1)),
        ("R8", "4", "1", TODAY),
    ],
)
def test_a_birth_date_is_read_as_written(year: str, month: str, day: str, born: date) -> None:
    assert parse_birth_date(year, month, day, TODAY) == born


@pytest.mark.parametrize(
    ("year", "month", "day", "fault"),
    [
        ("明治45", "7", "31", BirthDateFault.ERA),
        ("大正元", "7", "29", BirthDateFault.ERA),
        ("大正15", "12", "26", BirthDateFault.ERA),
        ("昭和元", "12", "24", BirthDateFault.ERA),
        ("昭和64", "1", "8", BirthDateFault.ERA),
        ("平成元", "1", "7", BirthDateFault.ERA),
        ("平成31", "5", "1", BirthDateFault.ERA),
        ("令和元", "4", "30", BirthDateFault.ERA),
        ("昭和0", "5", "5", BirthDateFault.ERA),
        ("昭和99", "5", "5", BirthDateFault.ERA),
        ("明治5", "12", "2", BirthDateFault.RANGE),
        ("1872", "12", "31", BirthDateFault.RANGE),
        ("2026", "4", "2", BirthDateFault.RANGE),
        ("令和8", "4", "2", BirthDateFault.RANGE),
        ("15", "4", "29", BirthDateFault.YEAR),
        ("", "4", "29", BirthDateFault.YEAR),
        ("昭和", "4", "29", BirthDateFault.YEAR),
        ("慶応3", "4", "29", BirthDateFault.YEAR),
        ("١٩٤٠", "4", "29", BirthDateFault.YEAR),
        ("19400", "4", "29", BirthDateFault.YEAR),
        ("1940", "2", "30", BirthDateFault.NO_SUCH_DAY),
        ("1941", "2", "29", BirthDateFault.NO_SUCH_DAY),
        ("1940", "13", "1", BirthDateFault.NO_SUCH_DAY),
        ("1940", "", "1", BirthDateFault.NO_SUCH_DAY),
        ("1940", "4", "-1", BirthDateFault.NO_SUCH_DAY),
        ("0000", "4", "1", BirthDateFault.NO_SUCH_DAY),
    ],
)
def test_what_is_no_birth_date_is_refused_by_its_own_name(
    year: str, month: str, day: str, fault: BirthDateFault
) -> None:
    assert parse_birth_date(year, month, day, TODAY) is fault


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2008, 4, 2), date(2026, 3, 31), 17),
        (date(2008, 4, 2), date(2026, 4, 1), 18),
        (date(2008, 4, 1), date(2026, 3, 31), 18),
        (date(2008, 1, 1), date(2025, 12, 31), 18),
        (date(2008, 2, 29), date(2026, 2, 27), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 18),
        (date(2008, 2, 29), date(2028, 2, 27), 19),
        (date(2008, 2, 29), date(2028, 2, 28), 20),
        (date(2008, 3, 1), date(2028, 2, 28), 19),
        (date(2008, 3, 1), date(2028, 2, 29), 20),
        (date(2026, 4, 1), date(2026, 4, 1), 0),
    ],
)
def test_the_law_reaches_an_age_the_day_before_the_birthday(born: date, on: date, age: int) -> None:
    assert law_age(born, on) == age


@given(st.dates(date(1873, 1, 1), date(2100, 1, 1)), st.integers(0, 45000))
def test_age_never_falls_and_grows_by_one_at_most(born: date, days: int) -> None:
    on = born + timedelta(days=days)
    assert law_age(born, on + timedelta(days=1)) - law_age(born, on) in (0, 1)


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="before birth"):
        law_age(TODAY, TODAY - timedelta(days=1))
