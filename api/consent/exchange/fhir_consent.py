"""A directive as FHIR R4 Consent: one root, one level of exceptions, as IHE PCF lays it out.

What FHIR lacks stands in extensions under `urn:tsunagu:consent:`. Those that widen or narrow a row
are modifier extensions, so that a reader who does not know them refuses the row instead of
misreading it (FHIR R4 §2.4). A category is `class`, which PCF leaves out.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from api.consent.facts import (
    NORMAL,
    RESTRICTED,
    SECRET,
    Directive,
    NetworkRules,
    Participation,
    ParticipationState,
    Provision,
    Team,
)
from api.fhir import codes

Json = dict[str, Any]

CONFIDENTIALITY_OF: Final = {NORMAL: "N", RESTRICTED: "R", SECRET: "V"}
STATUS_OF: Final[dict[ParticipationState, str]] = {
    "unanswered": "proposed",
    "participating": "active",
    "refused": "rejected",
    "withdrawn": "inactive",
    "lapsed": "inactive",
}
_SECOND_DAY: Final = date.min + timedelta(days=1)
RECIPIENT_ROLE: Final = "IRCP"
CONSENT_DOCUMENT: Final = "59284-0"
PRIVACY: Final = "patient-privacy"


def consent_of(
    directive: Directive,
    subject: UUID,
    participation: Participation,
    network: NetworkRules,
    recorded_at: datetime,
) -> Json:
    """The whole directive; names nobody but by ids, save the teams by the participant's words."""
    patient = reference("Patient", codes.PARTICIPANT, subject)
    wire: Json = {
        "resourceType": "Consent",
        "id": str(subject),
        "meta": {"versionId": str(directive.version)},
        "status": STATUS_OF[participation.state],
        **privacy_consent(network),
        "patient": patient,
        "dateTime": instant(recorded_at),
        "performer": [patient],
        "provision": _root(directive, network),
    }
    if participation.terms_version:
        terms = {"system": codes.TERMS, "value": participation.terms_version}
        wire["sourceReference"] = {"type": "DocumentReference", "identifier": terms}
    if directive.teams:
        wire["contained"] = [_team(team) for team in directive.teams]
    if extensions := list(_of_directive(directive, participation)):
        wire["extension"] = extensions
    return wire


def privacy_consent(network: NetworkRules) -> Json:
    """What every Consent of this network says alike: scope, category, who enforces which policy."""
    return {
        "scope": concept(codes.CONSENT_SCOPE, PRIVACY),
        "category": [concept(codes.LOINC, CONSENT_DOCUMENT)],
        "organization": [reference("Organization", codes.NETWORK, network.profile_id)],
        "policy": [{"uri": policy_uri(network)}],
    }


def policy_uri(network: NetworkRules) -> str:
    return f"{codes.NETWORK}:{network.profile_id}:{network.profile_version}"


def root_type(network: NetworkRules) -> str:
    return "permit" if network.recipient_default == "permit" else "deny"


def recipient(target: Json | None, *modifiers: Json) -> Json:
    """An actor of a provision; R4 wants a reference, also to nobody in particular."""
    actor: Json = {
        "role": concept(codes.PARTICIPATION_TYPE, RECIPIENT_ROLE),
        "reference": target or {"type": "Organization"},
    }
    if modifiers:
        actor["modifierExtension"] = list(modifiers)
    return actor


def reference(kind: str, system: str, value: object) -> Json:
    return {"type": kind, "identifier": {"system": system, "value": str(value)}}


def concept(system: str, code: str) -> Json:
    return {"coding": [coding(system, code)]}


def coding(system: str, code: str) -> Json:
    return {"system": system, "code": code}


def extension(name: str, kind: str, value: object) -> Json:
    return {"url": f"{codes.CONSENT_EXTENSION}{name}", f"value{kind}": value}


def instant(at: datetime) -> str:
    """In UTC, but for the first and last hours of the calendar, which have no other zone."""
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        return at.isoformat()
    return at.isoformat().replace("+00:00", "Z")


def confidentiality(level: int) -> Json:
    return coding(codes.CONFIDENTIALITY, CONFIDENTIALITY_OF[level])


def _root(directive: Directive, network: NetworkRules) -> Json:
    root: Json = {
        "type": root_type(network),
        "extension": [extension("network-default", "Code", network.recipient_default)],
    }
    if directive.provisions:
        root["provision"] = [_row(rule) for rule in directive.provisions]
    return root


def _row(rule: Provision) -> Json:
    axis = "exclusion" if rule.kind == "exclusion" else rule.axis
    row: Json = {
        "id": str(rule.id),
        "type": "permit" if rule.kind == "permit" else "deny",
        "modifierExtension": [extension("axis", "Code", axis)],
    }
    said: dict[str, Json | list[Json] | None] = {
        "extension": list(_history(rule)),
        "period": _period(rule.valid_from, rule.valid_to),
        "actor": _actor(rule),
        "purpose": [coding(codes.ACT_REASON, code) for code in rule.purposes],
        "class": [coding(codes.CATEGORY, rule.category)] if rule.category is not None else None,
        "securityLabel": [confidentiality(rule.level)] if rule.level else None,
        "dataPeriod": _data_period(rule.data_from, rule.data_to),
        "data": _data(rule),
    }
    return row | {name: value for name, value in said.items() if value}


def _history(rule: Provision) -> Iterable[Json]:
    if rule.set_at is not None:
        yield extension("set-at", "Instant", instant(rule.set_at))
    if rule.origin != "participant":
        yield extension("origin", "Code", rule.origin)
    if rule.delegated_by is not None:
        by = reference("Practitioner", codes.PROFESSIONAL, rule.delegated_by)
        yield extension("delegated-by", "Reference", by)


def _actor(rule: Provision) -> list[Json]:
    target = None
    if rule.professional_id is not None:
        target = reference("Practitioner", codes.PROFESSIONAL, rule.professional_id)
    elif rule.facility_id is not None:
        target = reference("Organization", codes.FACILITY, rule.facility_id)
    elif rule.team_id is not None:
        target = reference("CareTeam", codes.TEAM, rule.team_id)
    modifiers = []
    for name, system, code in (
        ("profession", codes.PROFESSION, rule.profession),
        ("facility-type", codes.FACILITY_TYPE, rule.facility_type),
        ("region", codes.REGION, rule.region),
    ):
        if code is not None:
            modifiers.append(extension(name, "Coding", coding(system, code)))
    if rule.lived is not None:
        modifiers.append(extension("lived", "Code", rule.lived))
    if rule.everyone:
        modifiers.append(extension("everyone", "Boolean", value=True))
    return [recipient(target, *modifiers)] if target or modifiers else []


def _period(start: datetime | None, end: datetime | None) -> Json | None:
    """To the instant: FHIR's inclusive end and our exclusive one differ by that instant alone."""
    bounds = {"start": start, "end": end}
    return {name: instant(at) for name, at in bounds.items() if at is not None} or None


def _data_period(start: date | None, end: date | None) -> Json | None:
    """FHIR counts the last day in; `data_to` is the day after it."""
    last = max(end, _SECOND_DAY) - timedelta(days=1) if end is not None else None
    bounds = {"start": start, "end": last}
    return {name: day.isoformat() for name, day in bounds.items() if day is not None} or None


def _data(rule: Provision) -> list[Json]:
    data = [
        {"meaning": "instance", "reference": {"identifier": _identifier(codes.RECORD, each)}}
        for each in rule.record_ids
    ]
    if rule.source_facility_id is not None:
        source = reference("Organization", codes.FACILITY, rule.source_facility_id)
        data.append({"meaning": "authoredby", "reference": source})
    return data


def _identifier(system: str, value: UUID) -> Json:
    return {"system": system, "value": str(value)}


def _team(team: Team) -> Json:
    wire: Json = {"resourceType": "CareTeam", "id": str(team.id)}
    if team.name:
        wire["name"] = team.name
    if team.professional_ids:
        wire["participant"] = [
            {"member": reference("Practitioner", codes.PROFESSIONAL, each)}
            for each in team.professional_ids
        ]
    return wire


def _of_directive(directive: Directive, participation: Participation) -> Iterable[Json]:
    for team in directive.teams:
        yield extension("team", "Reference", {"reference": f"#{team.id}"})
    for mark in directive.marks:
        record = {"identifier": _identifier(codes.RECORD, mark.record_id)}
        yield {
            "url": f"{codes.CONSENT_EXTENSION}mark",
            "extension": [
                {"url": "record", "valueReference": record},
                {"url": "level", "valueCoding": confidentiality(mark.level)},
            ],
        }
    if directive.incoming_level:
        level = confidentiality(directive.incoming_level)
        yield extension("incoming-level", "Coding", level)
    if directive.asks_first_since is not None:
        yield extension("asks-first-since", "Instant", instant(directive.asks_first_since))
    for each in directive.refused_sources:
        yield extension("refused-source", "Identifier", _identifier(codes.FACILITY, each))
    if participation.data_from is not None:
        yield extension("data-from", "Date", participation.data_from.isoformat())
