"""How old a child is, as families say it, and a preterm child's corrected age."""

from datetime import date, timedelta
from typing import Final, NamedTuple

from api.phr.law_age import after_months, first_day_past, months_of

TERM: Final = 280  # days from the last period to the day a child is expected
PRETERM: Final = 37 * 7
# Months. こども家庭庁 (母子健康手帳情報支援サイト): no fixed end, to three years in most cases.
CORRECTED_UNTIL: Final = 36


class Gestation(NamedTuple):
    """How long the pregnancy had lasted at birth: whole weeks, and days beyond them."""

    weeks: int
    days: int = 0

    @property
    def length(self) -> int:
        return self.weeks * 7 + self.days

    @property
    def is_preterm(self) -> bool:
        return self.length < PRETERM


def months_and_days(birth_on: date, on: date) -> tuple[int, int]:
    """Whole months, and the days since the last was full; `on` is not before birth."""
    months = months_of(birth_on, on)
    return months, (on - after_months(birth_on, months)).days


def corrected_birth(birth_on: date, gestation: Gestation | None) -> date | None:
    """From when a preterm child's corrected age counts: the day they were expected."""
    if gestation is None or not gestation.is_preterm:
        return None
    return birth_on + timedelta(days=TERM - gestation.length)


def corrected_on(birth_on: date, gestation: Gestation | None, on: date) -> date | None:
    """The same while both ages are of use: before three years of age."""
    expected = corrected_birth(birth_on, gestation)
    if expected is None or first_day_past(birth_on, months=CORRECTED_UNTIL) <= on:
        return None
    return expected
