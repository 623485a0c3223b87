"""How a notebook is laid out: what is taken now, whom one goes to first, year by year."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, TypeVar

from api.phr.entries.fields import Values
from api.phr.entries.kinds import Kind
from api.phr.notes.allergens import OF_CODE
from api.phr.notes.kinds import ALLERGY, DOCTOR, MEDICATION

Item = TypeVar("Item")
STANDING: Final = frozenset({MEDICATION.name, ALLERGY.name, DOCTOR.name})


def is_taken(values: Values, today: date) -> bool:
    """Until its last day, and without one for as long as nobody says otherwise."""
    until = values.get("until", "")
    return not until or date.fromisoformat(until) >= today


def typed(kind: Kind, values: Values, today: date) -> dict[str, str]:
    """What stands until it is changed is of the day it was last written down."""
    if kind.name not in STANDING:
        return dict(values)
    own = allergy_typed(values) if kind == ALLERGY else values
    return {**own, "on": today.isoformat()}


def allergy_typed(values: Values) -> dict[str, str]:
    """A code stays with the name it has in the table, and says what sort of thing it is; beside
    another name it goes."""
    allergen = OF_CODE.get(values.get("allergen", ""))
    if allergen is None:
        return dict(values)
    if values.get("name", "").strip() not in (allergen.ja, allergen.en):
        return {**values, "allergen": ""}
    sort = "food" if allergen.is_food else "environment"
    return {**values, "name": allergen.ja, "sort": sort}


def school_year(on: date) -> int:
    """The Japanese school year a day lies in: it begins on 1 April."""
    return on.year if on.month >= 4 else on.year - 1


def main_first(found: Iterable[tuple[Mapping[str, str], Item]]) -> list[Item]:
    """Whom one goes to first of all, then the others, by their place's name."""
    ordered = sorted(found, key=lambda each: (each[0].get("is_main") != "yes", each[0]["place"]))
    return [item for _, item in ordered]
