"""五種混合 begun late is four doses all the same, to 90 months: unlike ヒブ by itself, no fewer."""

from datetime import date, timedelta

import pytest

from api.phr.immunization.engine import Person, plans
from api.phr.immunization.plans import Dose, Plan, Status
from tests.phr.immunization.planned import numbers

DAY = timedelta(days=1)
BORN = date(2024, 8, 31)


def months_later(on: date, months: int) -> date:
    """The same day of the month, or where it is missing the first of the next; by the calendar."""
    count = on.month - 1 + months
    year, month = on.year + count // 12, count % 12 + 1
    try:
        return date(year, month, on.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


def may(given: list[date], on: date) -> bool:
    """Is the next dose possible on that day? Asked of the day by itself."""
    if not months_later(BORN, 2) - DAY <= on <= months_later(BORN, 90) - DAY:
        return False
    match len(given):
        case 0:
            return True
        case 1 | 2:
            between = (on - given[-1]).days - 1
            return between >= 20
        case 3:
            return on >= months_later(given[-1], 6)
        case _:
            return False


def plan_of(given: list[date], today: date) -> Plan:
    doses = [Dose("dpt-ipv-hib", on) for on in given]
    found = plans(Person(BORN, "female"), doses, today)
    return next(each for each in found if each.target == "dpt-ipv-hib")


@pytest.mark.parametrize("begun", [2, 6, 7, 8, 11, 12, 13, 23, 24, 36, 59, 60, 61, 72, 80, 82, 88])
@pytest.mark.parametrize("later", [0, 1, 45])
def test_at_whatever_age_it_begins_there_are_four(begun: int, later: int) -> None:
    """Each dose so many days after it is first possible, as a slow search of days finds it."""
    given, today = [months_later(BORN, begun)], months_later(BORN, begun)
    while len(given) < 4:
        plan = plan_of(given, today)
        ahead = (today + timedelta(days=each) for each in range(4000))
        earliest = next((each for each in ahead if may(given, each)), None)
        if earliest is None:
            assert plan.status is Status.CLOSED
            return
        assert plan.next is not None
        assert (plan.next.number, plan.of) == (len(given) + 1, 4)
        assert max(plan.next.earliest, today) == earliest
        assert plan.next.latest == months_later(BORN, 90) - DAY
        today = earliest + timedelta(days=later)
        if not may(given, today):
            assert plan_of(given, today).status is Status.CLOSED
            return
        given.append(today)
    assert plan_of(given, today).status is Status.DONE
    assert numbers(plan_of(given, today)) == [1, 2, 3, 4]
