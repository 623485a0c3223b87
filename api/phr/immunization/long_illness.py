"""長期療養特例: who could not have a dose in time for a grave illness has time after it.

予防接種法施行規則: two years from the day the reason was gone, one for older people, and for some
vaccines not past an age; none for ロタ, influenza and COVID-19. Whether a reason counts is for the
municipality to say.
"""

from datetime import date
from typing import Final, NamedTuple

from api.phr import law_age

YEARS: Final = 2
YEARS_OF_OLDER: Final = 1
# Until the day before this birthday (N歳に達するまで); the others have no such age.
UNTIL_AGE: Final = {"dpt-ipv-hib": 15, "hib": 10, "pcv": 6, "bcg": 4}


class Last(NamedTuple):
    """The last day of a vaccine that has an age of its own, whatever the reason was."""

    name: str
    years: int
    on: date


def last_days(birth_on: date, today: date) -> list[Last]:
    """Of those that are not over."""
    found = [
        Last(name, years, law_age.last_day_under(birth_on, years=years))
        for name, years in UNTIL_AGE.items()
    ]
    return [each for each in found if today <= each.on]
