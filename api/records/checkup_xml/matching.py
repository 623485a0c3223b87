"""Whether a checkup file is about this person: all it says of them must fit."""

from datetime import date

from api.identity.enrolling.insurance import Insurance, parse_insurance
from api.identity.enrolling.names import are_alike
from api.records.checkup_xml.reading import Person


def is_about(person: Person, name: str, kana: str, sex: str | None, birth_on: date) -> bool:
    """The form writes the name in kana, some senders not; sex counts where both say it."""
    named = are_alike(person.name, kana) or are_alike(person.name, name)
    known = {person.sex, sex} & {"male", "female"}
    return named and person.birth_on == birth_on and len(known) < 2


def insurance_of(person: Person) -> Insurance | None:
    """None where the file names none that could be one."""
    found = parse_insurance(person.insurer, person.symbol, person.number, person.branch)
    return found if isinstance(found, Insurance) else None


def names_of(person: Person) -> tuple[str, ...]:
    """What an operator may name the person by: the national member string and the bare number."""
    found = insurance_of(person)
    if found is None:
        return ()
    member = ":".join((found.insurer, found.symbol, found.number, found.branch))
    written = ":".join((person.insurer, person.symbol, person.number, person.branch))
    return (member, written, found.number)
