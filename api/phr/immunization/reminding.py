"""On which days a notice says that a vaccine is due."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from api.phr import law_age
from api.phr.due.rules import Due, of_period
from api.phr.immunization import adults
from api.phr.immunization.adults import Offer
from api.phr.immunization.editions import EDITIONS
from api.phr.immunization.plans import Plan, Status
from api.phr.immunization.schedule import edition_on

# Of what is offered every year: when most municipalities begin and end.
SEASON: Final = ((10, 1), (1, 31))
# By age alone. Who is left for 風しん第5期 follows from a test that nobody here knows of.
BY_AGE: Final = frozenset({"pneumococcal", "zoster"})


def rules_on(today: date) -> str:
    """By what the days of that day are worked out: two editions, and the fiscal year, for what
    comes every year comes with each of them anew."""
    children, older = edition_on(EDITIONS, today).name, adults.edition_on(today).name
    return f"{children}/{older}/{law_age.school_year_of(today)}"


def of_plans(found: Sequence[Plan], today: date) -> list[Due]:
    """When the usual period of what is next opens, and a week before it ends; where the rules name
    none, or it is over, of the whole period."""
    days: list[Due] = []
    for each in found:
        if each.next is None or each.status not in (Status.OPEN, Status.LATER):
            continue
        ahead = each.next
        first, last = ahead.usual_from or ahead.earliest, ahead.usual_until or ahead.latest
        if last < today:
            first, last = ahead.earliest, ahead.latest
        days += of_period(first, last)
    return days


def of_offers(found: Sequence[Offer], today: date) -> list[Due]:
    """The same of what older people are offered. Whoever had one of those that are offered once may
    not be offered it again, and is told nothing."""
    days: list[Due] = []
    for each in found:
        if each.name in adults.YEARLY:
            days.append(Due(_season(each, today), "opens"))
        elif each.name in BY_AGE and each.had_on is None:
            days += of_period(each.first, each.last)
    return days


def _season(offer: Offer, today: date) -> date:
    """The next that begins; for who is of the age in its course, that day."""
    year = max(law_age.school_year_of(offer.first), law_age.school_year_of(today))
    if offer.had_on is not None and law_age.school_year_of(offer.had_on) == year:
        year += 1
    opens, ends = (_in_year(year, *each) for each in SEASON)
    on = max(opens, offer.first)
    return on if today <= on <= ends else _in_year(year + 1, *SEASON[0])


def _in_year(year: int, month: int, day: int) -> date:
    """Of a fiscal year."""
    return date(year if month >= 4 else year + 1, month, day)
