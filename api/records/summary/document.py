"""A patient summary as HL7's International Patient Summary (IPS) writes it: a FHIR document.

Every resource is made anew from named elements of the records, so that nothing comes along that
points out of the document. A section without entries has an `emptyReason` that is the same whether
there is nothing or nothing may be shown.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from api.fhir.codes import INDICATION, LOINC, RECORD
from api.phr.entries.kinds import PROVENANCE, SOURCE
from api.records.mapping import HIDDEN_MARKS
from api.records.parse import Json, as_object, as_objects, as_text
from api.records.provenance import OWN_SOURCE, by_of
from api.records.summary import narrative
from api.records.summary.rules import MEDICATION_TYPES
from api.records.summary.sections import SECTIONS, Entry, Section, Summary

_IPS: Final = "http://hl7.org/fhir/uv/ips/StructureDefinition"
_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_DOCUMENTS: Final = UUID("7d0bba3c-7a4f-5a40-9f0c-8a5f6a3f4d19")
TYPE_CODE: Final = "60591-5"

# Elements that say something by themselves; none of them refers to another resource.
_KEPT: Final[Mapping[str, str]] = {
    "AllergyIntolerance": (
        "clinicalStatus verificationStatus type category criticality code onsetDateTime"
        " recordedDate reaction"
    ),
    "Condition": (
        "clinicalStatus verificationStatus severity code bodySite onsetDateTime onsetPeriod"
        " onsetString abatementDateTime abatementPeriod recordedDate"
    ),
    "DiagnosticReport": (
        "status category code effectiveDateTime effectivePeriod issued conclusion conclusionCode"
    ),
    "DocumentReference": "status docStatus type date description",
    "Immunization": (
        "status vaccineCode occurrenceDateTime occurrenceString lotNumber doseQuantity site route"
    ),
    "Observation": (
        "status category code effectiveDateTime effectivePeriod effectiveInstant issued"
        " valueQuantity valueCodeableConcept valueString valueBoolean valueInteger valueRange"
        " valueRatio valueDateTime valuePeriod valueTime dataAbsentReason interpretation bodySite"
        " referenceRange component"
    ),
    "Procedure": (
        "status category code performedDateTime performedPeriod performedString bodySite outcome"
    ),
}
_SUBJECT: Final = {"AllergyIntolerance": "patient", "Immunization": "patient"}
_PROFILE: Final = {
    "AllergyIntolerance": "AllergyIntolerance-uv-ips",
    "Condition": "Condition-uv-ips",
    "Immunization": "Immunization-uv-ips",
    "MedicationStatement": "MedicationStatement-uv-ips",
    "Procedure": "Procedure-uv-ips",
}


class Person(NamedTuple):
    """Whom the summary is about. The demographics are None where they are not shown."""

    participant_id: UUID
    name: str | None = None
    name_kana: str | None = None
    sex: str | None = None
    birth_on: date | None = None
    identifiers: tuple[tuple[str, str], ...] = ()


class Issuer(NamedTuple):
    """The network that puts the summary together."""

    identifier: tuple[str, str]
    name: str
    name_en: str


Facilities = Mapping[UUID, Mapping[str, str]]


def document(
    summary: Summary, person: Person, issuer: Issuer, facilities: Facilities, made_at: datetime
) -> Json:
    """The IPS document Bundle; `facilities` are names by id and language, `made_at` is in UTC.

    Of the same summary at the same moment it is the same to the last character.
    """
    key = f"{person.participant_id}|{made_at.isoformat()}"
    at = made_at.isoformat(timespec="seconds").replace("+00:00", "Z")

    def urn(name: str) -> str:
        return f"urn:uuid:{uuid5(_DOCUMENTS, f'{key}|{name}')}"

    patient, author = urn("Patient"), urn("Organization")
    entries: list[Json] = []
    sections: list[Json] = []
    for section in SECTIONS:
        found = summary.entries[section.name]
        if not found and not section.is_always_there:
            continue
        urls = [urn(f"{section.name}|{each.sources[0].record_id}") for each in found]
        sections.append(_section(section, found, urls, facilities))
        entries += [
            _entry(url, _resource(each, patient, facilities))
            for url, each in zip(urls, found, strict=True)
        ]
    composition = {
        "resourceType": "Composition",
        "meta": {"profile": [f"{_IPS}/Composition-uv-ips"]},
        "language": "ja",
        "text": narrative.of_document(person.name, issuer.name, issuer.name_en, made_at),
        "status": "final",
        "type": {
            "coding": [{"system": LOINC, "code": TYPE_CODE, "display": "Patient summary Document"}],
            "text": "患者サマリー",
        },
        "subject": {"reference": patient},
        "date": at,
        "author": [{"reference": author}],
        "title": "患者サマリー Patient Summary",
        "confidentiality": "N",
        "custodian": {"reference": author},
        "section": sections,
    }
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{_IPS}/Bundle-uv-ips"]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": urn("Bundle")},
        "type": "document",
        "timestamp": at,
        "entry": [
            _entry(urn("Composition"), composition),
            _entry(patient, _patient(person)),
            _entry(author, _organization(issuer)),
            *entries,
        ],
    }


def _entry(url: str, resource: Json) -> Json:
    named = {"resourceType": resource["resourceType"], "id": url.removeprefix("urn:uuid:")}
    return {"fullUrl": url, "resource": named | resource}


def _section(
    section: Section, entries: Iterable[Entry], urls: list[str], facilities: Facilities
) -> Json:
    wire: Json = {
        "title": narrative.title_of(section.name),
        "code": {"coding": [{"system": LOINC, "code": section.code, "display": section.display}]},
        "text": narrative.of_section(section.name, tuple(entries), facilities),
    }
    if urls:
        return wire | {"entry": [{"reference": url} for url in urls]}
    # Why it is empty is not said: that something is withheld must not be told from its absence.
    reason = {
        "system": f"{_HL7}/list-empty-reason",
        "code": "unavailable",
        "display": "Unavailable",
    }
    return wire | {"emptyReason": {"coding": [reason], "text": narrative.nothing_said()}}


def _patient(person: Person) -> Json:
    unknown = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
    wire: Json = {
        "resourceType": "Patient",
        "meta": {"profile": [f"{_IPS}/Patient-uv-ips"]},
        "text": narrative.of_person(person.name, person.birth_on),
    }
    if person.identifiers:
        wire["identifier"] = [
            {"system": system, "value": value} for system, value in person.identifiers
        ]
    if person.name is None:
        return wire | {"name": [{"_text": unknown}], "_birthDate": unknown}
    wire["name"] = [_name(person.name, "IDE")]
    if person.name_kana:
        wire["name"].append(_name(person.name_kana, "SYL"))
    if person.sex:
        wire["gender"] = person.sex
    born = person.birth_on
    return wire | ({"birthDate": born.isoformat()} if born else {"_birthDate": unknown})


def _name(text: str, representation: str) -> Json:
    extension = {"url": _REPRESENTATION, "valueCode": representation}
    return {"extension": [extension], "use": "official", "text": text}


def _organization(issuer: Issuer) -> Json:
    system, value = issuer.identifier
    return {
        "resourceType": "Organization",
        "meta": {"profile": [f"{_IPS}/Organization-uv-ips"]},
        "identifier": [{"system": system, "value": value}],
        "name": issuer.name,
        "alias": [issuer.name_en],
    }


def _resource(entry: Entry, patient: str, facilities: Facilities) -> Json:
    make = _medication if entry.resource_type in MEDICATION_TYPES else _kept
    wire = make(entry, facilities)
    name = wire["resourceType"]
    profile = _PROFILE.get(name)
    meta: Json = {"profile": [f"{_IPS}/{profile}"]} if profile else {}
    # A mark that hides it from the participant goes with it wherever it goes.
    tags = [
        {"system": INDICATION, "code": as_text(tag.get("code"))}
        for tag in as_objects(as_object(entry.body.get("meta")).get("tag"))
        if as_text(tag.get("code")) in HIDDEN_MARKS
    ]
    if "own" in entry.marks:
        meta["source"] = SOURCE
        by = by_of(OWN_SOURCE, entry.body)
        tags += [{"system": PROVENANCE, "code": by}] if by != "brought" else []
    if tags:
        meta["tag"] = tags
    return {
        "resourceType": name,
        **({"meta": meta} if meta else {}),
        "text": narrative.of_entry(entry, facilities),
        "identifier": [
            {"system": RECORD, "value": str(source.record_id)} for source in entry.sources
        ],
        **{key: value for key, value in wire.items() if key != "resourceType"},
        _SUBJECT.get(name, "subject"): {"reference": patient},
    }


def _kept(entry: Entry, facilities: Facilities) -> Json:
    name = entry.resource_type
    body = entry.body
    wire: Json = {"resourceType": name}
    wire |= {key: without_references(body[key]) for key in _KEPT[name].split() if key in body}
    wire |= _COMPLETED.get(name, _as_it_is)(wire, entry)
    return wire


def _as_it_is(wire: Json, entry: Entry) -> Json:
    return {}


def _condition(wire: Json, entry: Entry) -> Json:
    """Without an outcome a disease goes on, as facilities here write them."""
    if "clinicalStatus" in wire:
        return {}
    code = "resolved" if entry.section == "past" else "active"
    return {"clinicalStatus": {"coding": [{"system": f"{_HL7}/condition-clinical", "code": code}]}}


def _observation(wire: Json, entry: Entry) -> Json:
    return _dated(wire, entry, "effective")


def _procedure(wire: Json, entry: Entry) -> Json:
    return _dated(wire, entry, "performed")


def _dated(wire: Json, entry: Entry, name: str) -> Json:
    if any(key.startswith(name) for key in wire):
        return {}
    return {f"{name}DateTime": entry.sources[0].on.isoformat()}


def _directive(wire: Json, entry: Entry) -> Json:
    """The document itself lies where it was written."""
    return {"content": [{"attachment": {"title": entry.title}}]}


_COMPLETED: Final[dict[str, Callable[[Json, Entry], Json]]] = {
    "Condition": _condition,
    "DiagnosticReport": _observation,
    "DocumentReference": _directive,
    "Observation": _observation,
    "Procedure": _procedure,
}


def _medication(entry: Entry, facilities: Facilities) -> Json:
    """Whatever it was, prescribed, dispensed or given: what the person takes."""
    period: Json = {"start": entry.on.isoformat()}
    if entry.until is not None and entry.until >= entry.on:
        period["end"] = entry.until.isoformat()
    wire: Json = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": without_references(entry.concept),
        "effectivePeriod": period,
        "derivedFrom": [
            {
                "identifier": {"system": RECORD, "value": str(source.record_id)},
                **_display(facilities.get(source.facility_id, {})),
            }
            for source in entry.sources
        ],
    }
    usages = narrative.usages(entry)
    if usages:
        wire["dosage"] = [{"text": each} for each in usages]
    return wire


def _display(names: Mapping[str, str]) -> Json:
    name = names.get("ja") or ""
    return {"display": name} if name else {}


def without_references(value: object) -> object:
    """The same without any reference, extension or id: those lead out of the document."""
    if isinstance(value, dict):
        return {
            key: without_references(inner)
            for key, inner in value.items()
            if key not in ("reference", "extension", "modifierExtension", "id", "authority")
            and not key.startswith("_")
        }
    if isinstance(value, list):
        return [without_references(inner) for inner in value]
    return value
