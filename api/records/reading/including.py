"""What may come along with a search (`_include`), as the database takes it.

Each is named by type and parameter as in FHIR R4; `*` stands for every type. What is not in the
table here is refused, and the CapabilityStatement is made from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from api.records.errors import IncludeNotOffered
from api.records.shapes import SHAPES

ANY: Final = "*"
PATIENT: Final = "Patient"


class Include(msgspec.Struct, frozen=True):
    """As the SQL type `app.include`: what an element refers to, or a part of it."""

    resource_type: str
    element: str
    part: str | None
    target: str


class Included(msgspec.Struct, frozen=True):
    """`is_person`: whose the records are comes along."""

    records: tuple[Include, ...] = ()
    is_person: bool = False


def _by(names: str, element: str, target: str, part: str | None = None) -> list[Include]:
    return [Include(name, element, part, target) for name in names.split()]


_OF_RECORDS: Final[Mapping[str, Sequence[Include]]] = {
    "encounter": [
        *_by(
            "CarePlan CareTeam Composition Condition DiagnosticReport ImagingStudy"
            " MedicationRequest Observation Procedure QuestionnaireResponse ServiceRequest",
            "encounter",
            "Encounter",
        ),
        *_by("DocumentReference", "context", "Encounter", "encounter"),
    ],
    "context": _by(
        "MedicationAdministration MedicationDispense MedicationStatement", "context", "Encounter"
    ),
    "diagnosis": _by("Encounter", "diagnosis", "Condition", "condition"),
    "has-member": _by("Observation", "hasMember", "Observation"),
    "result": _by("DiagnosticReport", "result", "Observation"),
    "specimen": _by("DiagnosticReport Observation", "specimen", "Specimen"),
}


def listed(resource_type: str) -> list[str]:
    """All there is of one type."""
    named = [*_of_person(resource_type)]
    for name, holders in _OF_RECORDS.items():
        named += [name for each in holders if each.resource_type == resource_type]
    return [f"{resource_type}:{name}" for name in sorted(named)]


def read(types: Sequence[str], values: Sequence[str]) -> Included:
    """Raises `IncludeNotOffered` for whatever is not served of the types searched for."""
    found: list[Include] = []
    is_person = False
    for value in values:
        source, _, rest = value.partition(":")
        name, _, target = rest.partition(":")
        sources = types if source == ANY else [each for each in types if each == source]
        if name in ("patient", "subject"):
            reached = {PATIENT for each in sources if name in _of_person(each)}
            is_person = True
        else:
            holders = [h for h in _OF_RECORDS.get(name, ()) if h.resource_type in sources]
            reached = {each.target for each in holders}
            found += _folded(holders)
        if not reached or (target and reached != {target}):
            raise IncludeNotOffered(value, _offered(types))
    return Included(tuple(dict.fromkeys(found)), is_person)


def _offered(types: Sequence[str]) -> list[str]:
    """All there is for a search of these types; of many, by what stands for every type."""
    if len(types) == 1:
        return listed(types[0])
    names = {each.partition(":")[2] for one in types for each in listed(one)}
    return [f"{ANY}:{name}" for name in sorted(names)]


def _of_person(resource_type: str) -> Iterator[str]:
    subject = SHAPES[resource_type].subject if resource_type in SHAPES else ""
    if subject:
        yield "patient"
    if subject == "subject":
        yield subject


def _folded(holders: Sequence[Include]) -> Iterator[Include]:
    """Several types that say it alike as one: pages' links are to stay short."""
    for each in holders:
        alike = [one for one in holders if (one.element, one.part) == (each.element, each.part)]
        is_several = len(alike) > 1
        yield msgspec.structs.replace(each, resource_type=ANY) if is_several else each
