"""A dose about to be written, beside the others: impossible, or odd and asked about once."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from api.phr import law_age
from api.phr.entries.kinds import Checked, Kind, Values
from api.phr.immunization.engine import Person, plans
from api.phr.immunization.kinds import ANOTHER
from api.phr.immunization.plans import Dose, Why

# Whoever is older was not a child under today's rules: nothing is asked about their days.
ASKED_UNTIL: Final = 20
_NEW: Final = "new"
_ODD: Final = {
    Why.TOO_YOUNG: "vaccine.odd.too_young",
    Why.TOO_LATE: "vaccine.odd.too_late",
    Why.TOO_SOON: "vaccine.odd.too_soon",
    Why.LIVE: "vaccine.odd.live",
    Why.TOO_MANY: "vaccine.odd.too_many",
    Why.MIXED: "vaccine.odd.mixed",
}


def judged(kind: Kind, person: Person, others: Sequence[Dose], today: date) -> Kind:
    """The kind with the checks of this person and these other doses. What a facility recorded may
    be written down too."""

    def check(values: Values) -> Checked:
        on, vaccine = date.fromisoformat(values["on"]), values["vaccine"]
        if on < person.birth_on:
            return Checked({"on": "error.vaccine.before_birth"}, {})
        if vaccine == ANOTHER and not values["named"]:
            return Checked({"named": "error.vaccine.named"}, {})
        same = [each for each in others if (each.vaccine, each.on) == (vaccine, on)]
        if vaccine != ANOTHER and any(each.of for each in same):
            return Checked({"on": "error.vaccine.twice"}, {})
        rest = [each for each in others if each not in same]
        return Checked({}, _odd(person, rest, Dose(vaccine, on, _NEW), today))

    return replace(kind, check=check)


def _odd(person: Person, others: Sequence[Dose], new: Dose, today: date) -> dict[str, str]:
    """Also where the new dose makes another one count no longer."""
    if new.on > law_age.last_day_under(person.birth_on, years=ASKED_UNTIL):
        return {}
    before = {
        each.dose for one in plans(person, others, today) for each in one.given if not each.why
    }
    for one in plans(person, [*others, new], today):
        for each in one.given:
            is_spoilt = each.dose in before and each.why is Why.TOO_SOON
            if each.why in _ODD and (each.dose == new or is_spoilt):
                return {"on": _ODD[each.why]}
    return {}
