"""Which records make up a patient summary, and in which section they stand: record bodies in,
entries out. Nothing here knows who asks: it is given what they may see.

- Whatever was entered in error is in no section.
- An allergy that was refuted, or is over, is left out; one not confirmed is marked so. What one
  facility refuted does not take away what another wrote.
- A disease that is over stands under past illness; refuted ones are left out, suspected ones
  marked.
- A medicine is current by the rule of `medicines.Course`: it was not stopped, and its days and
  a week reach today, or it does not say for how long and was given within the last 100 days.
- The same thing written by several facilities is shown once, with all of them as its sources.
- A pregnancy that the participant closed without a birth is in no section.
- Of each test and each vital sign the newest value stands, and beside it the newest the
  participant measured; of reports the newest ten.
- What the participant entered is marked so. It stands with what a facility wrote of the same, and
  never speaks for it or confirms it; what they entered of their child is in no section.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from msgspec import structs

from api.fhir.codes import LOINC
from api.phr.maternal.kinds import CLOSED
from api.records import mapping
from api.records.mapping import codings_of, drug_of, name_of
from api.records.medicines import course_of
from api.records.parse import Json, as_object, as_objects, as_text, read_day
from api.records.provenance import OWN_SOURCE, is_of_somebody_else
from api.records.summary.folding import FOLD
from api.records.summary.sections import (
    ALLERGIES,
    DIRECTIVES,
    IMMUNIZATIONS,
    MEDICINES,
    PAST,
    PREGNANCY,
    PROBLEMS,
    PROCEDURES,
    RESULTS,
    SECTIONS,
    VITALS,
    Entry,
    Given,
    Mark,
    Section,
    Source,
    Summary,
)

MOST_OF_A_SECTION: Final = 200
MEDICATION_TYPES: Final = (
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
)
TYPES: Final = (
    "AllergyIntolerance",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "Immunization",
    *MEDICATION_TYPES,
    "Observation",
    "Procedure",
)
_NOT_A_RESULT: Final = frozenset({"cancelled", "entered-in-error", "registered", "unknown"})
_NOT_DONE: Final = frozenset({"entered-in-error", "not-done", "preparation", "stopped"})
_OVER: Final = frozenset({"inactive", "resolved", "remission"})
_UNSURE: Final = frozenset({"unconfirmed", "provisional", "differential"})


def summary_of(given: Iterable[Given], today: date) -> Summary:
    """The summary of these records as of today; the same for any order of them."""
    found: dict[str, list[Entry]] = {section.name: [] for section in SECTIONS}
    for each in sorted(given, key=lambda each: (each.on, each.record_id), reverse=True):
        entry = _entry(each, today)
        if entry is not None:
            found[entry.section].append(entry)
    return Summary(
        {name: tuple(FOLD[name](entries))[:MOST_OF_A_SECTION] for name, entries in found.items()}
    )


def is_entered_in_error(body: Json) -> bool:
    stated = {*_codes(body.get("verificationStatus")), as_text(body.get("status"))}
    return "entered-in-error" in stated


def _entry(each: Given, today: date) -> Entry | None:
    read = _READERS.get(each.resource_type)
    if read is None or is_entered_in_error(each.body) or is_of_somebody_else(each.body):
        return None
    found = read(each, today)
    if found is None:
        return None
    own: tuple[Mark, ...] = ("own",) if each.facility_id == OWN_SOURCE else ()
    untold: tuple[Mark, ...] = () if each.is_told else ("untold",)
    return structs.replace(found, marks=(*own, *untold, *found.marks))


def _plain(
    each: Given,
    section: Section,
    concept: object,
    *,
    until: date | None = None,
    marks: tuple[Mark, ...] = (),
) -> Entry | None:
    codes = (code for _, code, _ in codings_of(concept) if code)
    title = name_of(concept) or next(codes, "")
    if not title:
        return None
    return Entry(
        section=section.name,
        title=" ".join(title.split()),
        on=each.on,
        until=until,
        marks=marks,
        sources=(Source(each.record_id, each.facility_id, each.on),),
        body=each.body,
        resource_type=each.resource_type,
        concept=as_object(concept),
    )


def _allergy(each: Given, today: date) -> Entry | None:
    verified = _codes(each.body.get("verificationStatus"))
    if "refuted" in verified or _codes(each.body.get("clinicalStatus")) & _OVER:
        return None
    marks: tuple[Mark, ...] = ("unconfirmed",) if verified & _UNSURE else ()
    if each.body.get("criticality") == "high":
        marks = ("high", *marks)
    return _plain(each, ALLERGIES, each.body.get("code"), marks=marks)


def _condition(each: Given, today: date) -> Entry | None:
    verified = _codes(each.body.get("verificationStatus"))
    if "refuted" in verified:
        return None
    period = as_object(each.body.get("abatementPeriod"))
    ended = read_day(each.body.get("abatementDateTime")) or read_day(period.get("end"))
    is_over = bool(_codes(each.body.get("clinicalStatus")) & _OVER) or (
        ended is not None and ended <= today
    )
    marks: tuple[Mark, ...] = ("unconfirmed",) if verified & _UNSURE else ()
    section = PAST if is_over else PROBLEMS
    return _plain(each, section, each.body.get("code"), until=ended, marks=marks)


def _medicine(each: Given, today: date) -> Entry | None:
    course = course_of(each.body, each.on, is_injection=each.category == "injection")
    if not course.is_current(today):
        return None
    until = None if course.days is None else course.end
    return _plain(each, MEDICINES, drug_of(each.body), until=until)


def _immunization(each: Given, today: date) -> Entry | None:
    if each.body.get("status") != "completed":
        return None
    return _plain(each, IMMUNIZATIONS, each.body.get("vaccineCode"))


def _observation(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) in _NOT_A_RESULT:
        return None
    if _loinc(each.body.get("code")) & mapping.PREGNANCY:
        return None if _is_closed(each.body) else _plain(each, PREGNANCY, each.body.get("code"))
    section = {"lab": RESULTS, "infection": RESULTS, "vitals": VITALS}.get(each.category)
    return None if section is None else _plain(each, section, each.body.get("code"))


def _is_closed(body: Json) -> bool:
    """The participant's own, closed without a birth: it stands where it is looked for alone."""
    return any(
        CLOSED.code in _codes(each.get("code")) and each.get("valueBoolean") is True
        for each in as_objects(body.get("component"))
    )


def _report(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) in _NOT_A_RESULT:
        return None
    if not as_text(each.body.get("conclusion")) and not each.body.get("conclusionCode"):
        return None  # its results stand for themselves
    return _plain(each, RESULTS, each.body.get("code"))


def _procedure(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) in _NOT_DONE:
        return None
    return _plain(each, PROCEDURES, each.body.get("code"))


def _document(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) != "current":
        return None
    if not _loinc(each.body.get("type")) & mapping.ADVANCE_DIRECTIVES:
        return None
    return _plain(each, DIRECTIVES, each.body.get("type"))


_READERS: Final[dict[str, Callable[[Given, date], Entry | None]]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
    "Immunization": _immunization,
    "MedicationAdministration": _medicine,
    "MedicationDispense": _medicine,
    "MedicationRequest": _medicine,
    "MedicationStatement": _medicine,
    "Observation": _observation,
    "Procedure": _procedure,
}


def _codes(concept: object) -> frozenset[str]:
    return frozenset(code for _, code, _ in codings_of(concept)) - {""}


def _loinc(concept: object) -> frozenset[str]:
    return frozenset(code for system, code, _ in codings_of(concept) if system == LOINC)
