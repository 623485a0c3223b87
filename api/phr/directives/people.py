"""Whom to call, in order: a list of people as one entry, so that its order has versions too."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from api.phr.entries.fields import Values
from api.phr.entries.kinds import Checked
from api.phr.telephones import is_telephone

MOST: Final = 6
PARTS: Final = ("name", "relation", "telephone")
FIELDS: Final = tuple(f"p{place}_{part}" for place in range(1, MOST + 1) for part in PARTS)

Way = Literal["up", "down"]


class Person(NamedTuple):
    """As written; the telephone number with or without hyphens."""

    name: str
    relation: str
    telephone: str


def people_of(values: Values) -> tuple[Person, ...]:
    """Those of whom something is said, in order."""
    each = (
        Person(*(values.get(f"p{place}_{part}", "") for part in PARTS))
        for place in range(1, MOST + 1)
    )
    return tuple(person for person in each if any(person))


def values_of(people: Sequence[Person]) -> dict[str, str]:
    """As the form has them, in this order."""
    return {
        f"p{place}_{part}": said
        for place, person in enumerate(people, 1)
        for part, said in zip(PARTS, person, strict=True)
    }


def moved(people: Sequence[Person], place: int, way: Way) -> tuple[Person, ...]:
    """With whoever stands at this place, from 0, one nearer to the front or the end. At the end
    already, and for no such place, it is the same list."""
    other = place + (-1 if way == "up" else 1)
    if not (0 <= place < len(people) and 0 <= other < len(people)):
        return tuple(people)
    changed = list(people)
    changed[place], changed[other] = changed[other], changed[place]
    return tuple(changed)


def put(people: Sequence[Person], place: int | None, person: Person) -> tuple[Person, ...]:
    """At this place, from 0, instead of who stood there; without one, at the end."""
    if place is None:
        return (*people, person)
    return tuple(person if at == place else each for at, each in enumerate(people))


def without(people: Sequence[Person], place: int) -> tuple[Person, ...]:
    """Whoever stands at this place, from 0, is left out."""
    return tuple(each for at, each in enumerate(people) if at != place)


def faults_of(person: Person) -> dict[str, str]:
    """Message keys by part."""
    found = {}
    if not person.name:
        found["name"] = "error.own.required"
    if not person.telephone:
        found["telephone"] = "error.own.required"
    elif not is_telephone(person.telephone):
        found["telephone"] = "error.notes.telephone"
    return found


def check(values: Values) -> Checked:
    """Of everybody in the list, by the fields of their place."""
    faults = {
        f"p{place}_{part}": key
        for place, person in enumerate(people_of(values), 1)
        for part, key in faults_of(person).items()
    }
    return Checked(faults, {})
