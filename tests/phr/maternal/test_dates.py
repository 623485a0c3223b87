"""The due date and the week are what any calendar of pregnancy says."""

from datetime import date, timedelta

import pytest

from api.phr.maternal import dates
from api.phr.maternal.dates import Gestation

PERIOD = date(2026, 1, 1)
DUE = date(2026, 10, 8)


def test_the_due_date_is_280_days_after_the_last_period_and_back() -> None:
    assert dates.due_of(PERIOD) == DUE
    assert dates.begin_of(DUE) == PERIOD
    assert dates.due_of(date(2027, 6, 1)) == date(2028, 3, 7), "over a 29th of February"


@pytest.mark.parametrize(
    ("on", "at"),
    [
        (PERIOD - timedelta(days=1), None),
        (PERIOD, Gestation(0, 0)),
        (PERIOD + timedelta(days=6), Gestation(0, 6)),
        (PERIOD + timedelta(days=7), Gestation(1, 0)),
        (DUE - timedelta(days=1), Gestation(39, 6)),
        (DUE, Gestation(40, 0)),
        (date(2026, 9, 16), Gestation(36, 6)),
        (date(2026, 9, 17), Gestation(37, 0)),
        (date(2026, 6, 3), Gestation(21, 6)),
        (date(2026, 6, 4), Gestation(22, 0)),
        (DUE + timedelta(days=13), Gestation(41, 6)),
    ],
)
def test_a_week_is_seven_whole_days(on: date, at: Gestation | None) -> None:
    assert dates.gestation(DUE, on) == at


def test_a_told_due_date_stands_above_the_last_period() -> None:
    assert dates.due_in({"lmp": "2026-01-01"}) == DUE
    assert dates.due_in({"lmp": "2026-01-01", "edd": "2026-10-12"}) == date(2026, 10, 12)
    assert dates.due_in({"edd": "never"}) is None
    assert dates.due_in({}) is None


@pytest.mark.parametrize(("days", "is_within"), [(-1, False), (0, True), (308, True), (309, False)])
def test_a_pregnancy_has_its_first_and_its_last_day(days: int, is_within: bool) -> None:
    assert dates.is_within(DUE, PERIOD + timedelta(days=days)) is is_within
    assert dates.day_of(DUE, 12) == date(2026, 3, 26)
