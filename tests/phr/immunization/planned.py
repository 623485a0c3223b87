"""Plans as short tables: days as text, doses as "vaccine day"."""

from datetime import date

from api.phr.immunization.engine import Person, plans
from api.phr.immunization.plans import Dose, Plan


def day(text: str) -> date:
    return date.fromisoformat(text)


def doses(*written: str) -> list[Dose]:
    return [Dose(code, day(on)) for code, on in (each.split() for each in written)]


def every(born: str, today: str, *written: str, sex: str = "female") -> dict[str, Plan]:
    found = plans(Person(day(born), sex), doses(*written), day(today))
    return {each.target: each for each in found}


def plan(target: str, born: str, today: str, *written: str, sex: str = "female") -> Plan:
    return every(born, today, *written, sex=sex)[target]


def numbers(one: Plan) -> list[int | str]:
    """The number of each dose, or why it has none."""
    return [each.number or str(each.why) for each in one.given]


def span(one: Plan) -> tuple[str, int, int, str, str]:
    """Status, which dose of how many, the first day and the last."""
    if one.next is None:
        return (one.status.value, 0, one.of, "", "")
    ahead = one.next
    return (
        one.status.value,
        ahead.number,
        one.of,
        ahead.earliest.isoformat(),
        ahead.latest.isoformat(),
    )


def usual(one: Plan) -> tuple[str, str]:
    if one.next is None or one.next.usual_from is None or one.next.usual_until is None:
        return ("", "")
    return (one.next.usual_from.isoformat(), one.next.usual_until.isoformat())
