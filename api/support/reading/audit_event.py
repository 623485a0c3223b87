"""An event of the log as FHIR R4 AuditEvent, in the shapes of IHE BALP where one fits.

What the log does not keep is marked as absent, never made up: it holds no network addresses, and
of a search the kinds asked for, not the request line. A field withheld for a time is masked.
"""

import base64
from collections.abc import Mapping
from html import escape
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.access_log.events import EventName
from api.access_log.rows import LogRow
from api.core.actor import ActorKind
from api.fhir import codes

Json = dict[str, Any]

BALP: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
AUTHZ: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
ROLE_CLASS: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
SECURITY_ROLE: Final = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
SOURCE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
RESOURCE_TYPE: Final = "http://hl7.org/fhir/resource-types"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
OUR_EVENT: Final = "urn:tsunagu:event"
CLIENT: Final = "urn:tsunagu:client"
ACCOUNT: Final = "urn:tsunagu:account"

# In place of a facility that is masked: the event had one, and which is not said.
HIDDEN: Final = UUID(int=0)

_SOURCE: Final = {"system": DICOM, "code": "110153", "display": "Source Role ID"}
_DESTINATION: Final = {"system": DICOM, "code": "110152", "display": "Destination Role ID"}
_APPLICATION: Final = {"system": DICOM, "code": "110150", "display": "Application"}
_REST: Final = {"system": EVENT_TYPE, "code": "rest", "display": "RESTful Operation"}
_REFUSED: Final = frozenset(
    {
        EventName.RECORD_READ,
        EventName.CONSENT_READ,
        EventName.PARTICIPANT_SOUGHT,
        EventName.ACCESS_EVALUATED,
    }
)


class Shape(NamedTuple):
    """Which pattern an event follows. `is_query`: the client is the source (BALP, as in DICOM)."""

    profile: str
    type: Json
    subtype: Json
    action: str
    user: str = "IRCP"
    is_query: bool = True


class Server(NamedTuple):
    """Where the log is kept; `base` is the FHIR endpoint, `site` the host people know."""

    base: str
    site: str


_SHAPES: Final = {
    **dict.fromkeys(
        (EventName.RECORD_READ, EventName.APP_READ),
        Shape("PatientQuery", _REST, {"system": INTERACTION, "code": "search-type"}, "E"),
    ),
    EventName.CONSENT_READ: Shape(
        "PatientRead", _REST, {"system": INTERACTION, "code": "read"}, "R", is_query=False
    ),
    EventName.PARTICIPANT_FOUND: Shape(
        "PatientRead", _REST, {"system": INTERACTION, "code": "read"}, "R", is_query=False
    ),
    EventName.RECORD_STORED: Shape(
        "PatientCreate", _REST, {"system": INTERACTION, "code": "create"}, "C", "AUT"
    ),
    EventName.OWN_RECORD_ADDED: Shape(
        "PatientCreate", _REST, {"system": INTERACTION, "code": "create"}, "C", "AUT"
    ),
    EventName.CHILD_BOOK_TAKEN: Shape(
        "PatientCreate", _REST, {"system": INTERACTION, "code": "create"}, "C", "AUT"
    ),
    EventName.PAPER_TAKEN: Shape(
        "PatientCreate", _REST, {"system": INTERACTION, "code": "create"}, "C", "AUT"
    ),
    **dict.fromkeys(
        (
            EventName.DISCLOSURE_CHANGED,
            EventName.PARTICIPATION_CHANGED,
            EventName.RESIDENCE_CHANGED,
            EventName.RECORD_WITHDRAWN,
        ),
        Shape("PatientUpdate", _REST, {"system": INTERACTION, "code": "update"}, "U", "AUT"),
    ),
    **dict.fromkeys(
        (EventName.RECORDS_EXPORTED, EventName.LOG_EXPORTED, EventName.LAW_ENFORCEMENT),
        Shape(
            "PrivacyDisclosure.Source",
            {"system": DICOM, "code": "110106", "display": "Export"},
            {"system": LIFECYCLE, "code": "disclose", "display": "Disclose Record Lifecycle Event"},
            "R",
            is_query=False,
        ),
    ),
    **{
        event: Shape(
            "",
            {"system": DICOM, "code": "110114", "display": "User Authentication"},
            {"system": DICOM, "code": code, "display": display},
            "E",
        )
        for event, code, display in (
            (EventName.SIGNED_IN, "110122", "Login"),
            (EventName.SIGNED_OUT, "110123", "Logout"),
        )
    },
}
_CONSENT_DECISION: Final = Shape(
    "AuthZconsent",
    {"system": DICOM, "code": "110113", "display": "Security Alert"},
    {"system": AUTHZ, "code": "AuthZ-Consent"},
    "E",
)
# As the profile of FHIR's own resource that an event reads or writes.
_OF_PATIENT: Final = (EventName.PARTICIPANT_FOUND, EventName.RESIDENCE_CHANGED)


def audit_event(
    row: LogRow,
    subject: Json | None,
    server: Server,
    *,
    said: str = "",
    reason: str = "",
    facility: str = "",
    locale: str = "ja",
    hides_places: bool = False,
) -> Json:
    """`subject`: the participant as a Reference to a Patient, None for an event about nobody.

    `said`: the event in a sentence, `reason` why it was decided so, `facility` its name, all in the
    language `locale`. `hides_places`: which facility it was is masked.
    """
    if hides_places and row.facility_id is not None:
        facility, row = "", row._replace(facility_id=HIDDEN)
    shape = _shape(row) if subject is not None else _activity(row)
    is_denied = row.outcome == "denied"
    wire: Json = {
        "resourceType": "AuditEvent",
        "id": str(row.eid),
        "language": locale,
        "type": shape.type,
        "subtype": [shape.subtype],
        "action": shape.action,
        "recorded": row.at.isoformat().replace("+00:00", "Z"),
        "outcome": "8" if is_denied else "0",
        "agent": _agents(row, shape, subject, server, facility),
        "source": {
            "site": server.site,
            "observer": _observer(server),
            "type": [{"system": SOURCE_TYPE, "code": "4", "display": "Application Server"}],
        },
        "entity": _entities(row, shape, subject),
    }
    if shape.profile:
        wire["meta"] = {"profile": [BALP + shape.profile]}
    if said:
        text = escape(f"{said} {reason}".strip())
        div = f'<div xmlns="http://www.w3.org/1999/xhtml" lang="{locale}">{text}</div>'
        wire["text"] = {"status": "generated", "div": div}
    if is_denied and reason:
        wire["outcomeDesc"] = reason
    if row.purpose_of_use is not None:
        wire["purposeOfEvent"] = [_purpose(row.purpose_of_use)]
    return wire


def _shape(row: LogRow) -> Shape:
    is_refusal = row.outcome == "denied" and row.event in _REFUSED
    if is_refusal or row.event == EventName.ACCESS_EVALUATED:
        return _CONSENT_DECISION
    known = _SHAPES.get(EventName(row.event)) if row.event in list(EventName) else None
    if known is not None and (row.outcome == "permitted" or not known.profile):
        return known
    return _activity(row)


def _activity(row: LogRow) -> Shape:
    """What no pattern fits goes by its own name."""
    activity = {"system": DICOM, "code": "110100", "display": "Application Activity"}
    return Shape("", activity, {"system": OUR_EVENT, "code": row.event}, "E")


def _agents(
    row: LogRow, shape: Shape, subject: Json | None, server: Server, facility: str
) -> list[Json]:
    client, keeper = (_SOURCE, _DESTINATION) if shape.is_query else (_DESTINATION, _SOURCE)
    if shape is _CONSENT_DECISION:
        authorizer = {"system": SECURITY_ROLE, "code": "authserver"}
        return [
            _agent(_APPLICATION, _client(row), network=_unkept()),
            _user(row, shape, subject),
            _organization(row, facility),
            _agent(authorizer, _observer(server)),
        ]
    agents = [
        _agent(client, _client(row), network=_unkept()),
        _agent(keeper, _observer(server), network={"address": server.base, "type": "5"}),
        _user(row, shape, subject),
    ]
    return [*agents, _organization(row, facility)] if row.facility_id is not None else agents


def _agent(of_type: Json, who: Json, **more: Any) -> Json:
    return {"type": {"coding": [of_type]}, "who": who, "requestor": False, **more}


def _user(row: LogRow, shape: Shape, subject: Json | None) -> Json:
    """Whoever acted; of a facility's system that named nobody, the system itself."""
    actor: Mapping[str, Any] = row.detail.get("actor") or {}
    kind = {"system": codes.PARTICIPATION_TYPE, "code": shape.user}
    agent = _agent(kind, _masked()) | {"requestor": True}
    if not _hides(row, "actor"):
        agent["who"] = _who(row, actor, subject)
        if actor.get("name"):
            agent["name"] = actor["name"]
        if actor.get("profession"):
            coding = {"system": codes.PROFESSION, "code": actor["profession"]}
            agent["role"] = [{"coding": [coding]}]
    if row.purpose_of_use is not None:
        agent["purposeOfUse"] = [_purpose(row.purpose_of_use)]
    return agent


def _who(row: LogRow, actor: Mapping[str, Any], subject: Json | None) -> Json:
    if row.actor_kind == ActorKind.PARTICIPANT and subject is not None:
        return subject
    who: Json = {}
    if row.actor_id is not None:
        is_professional = row.actor_kind in (ActorKind.PROFESSIONAL, ActorKind.SYSTEM)
        system = codes.PROFESSIONAL if is_professional else ACCOUNT
        who["identifier"] = {"system": system, "value": str(row.actor_id)}
        if is_professional:
            who["type"] = "Practitioner"
    name = actor.get("name")
    if name or not who:
        who["display"] = name or row.actor_kind
    return who


def _organization(row: LogRow, facility: str) -> Json:
    kind = {"system": ROLE_CLASS, "code": "PROV", "display": "healthcare provider"}
    if row.facility_id is None or row.facility_id == HIDDEN:
        return _agent(kind, _masked() if row.facility_id or _hides(row, "actor") else _unknown())
    identifier = {"system": codes.FACILITY, "value": str(row.facility_id)}
    who = {"type": "Organization", "identifier": identifier}
    return _agent(kind, who | ({"display": facility} if facility else {}))


def _client(row: LogRow) -> Json:
    if _hides(row, "way") or _hides(row, "actor"):
        return _masked()
    client = (row.detail.get("actor") or {}).get("client")
    if client is None:
        return {"display": "Tsunagu"}
    return {"identifier": {"system": CLIENT, "value": client}}


def _entities(row: LogRow, shape: Shape, subject: Json | None) -> list[Json]:
    if subject is None:
        log = {"system": ENTITY_TYPE, "code": "2", "display": "System Object"}
        return [{"what": {"display": "Tsunagu"}, "type": log, "detail": _details(row)}]
    patient = {
        "what": subject,
        "type": {"system": ENTITY_TYPE, "code": "1", "display": "Person"},
        "role": {"system": OBJECT_ROLE, "code": "1", "display": "Patient"},
        "detail": _details(row),
    }
    if shape is _CONSENT_DECISION:
        return [patient, _consent(row, subject)]
    if shape.profile == "PatientQuery":
        return [patient, _query(row, subject), *_kinds(row)]
    if shape.profile.startswith("Patient"):
        return [patient, _data(row, subject)]
    return [patient, *_kinds(row)]


def _details(row: LogRow) -> list[Json]:
    """What proves the event, and what it is called."""
    basis: Mapping[str, Any] = row.detail.get("basis") or {}
    texts = {
        "event": row.event,
        "number": str(row.number) if row.number else None,
        "step": basis.get("step"),
        "settings": basis.get("settings_version"),
        **{f"withheld.{each.name}": f"{each.until}: {each.reason}" for each in row.withheld},
    }
    details: list[Json] = [
        {"type": name, "valueString": str(text)} for name, text in texts.items() if text is not None
    ]
    if row.commit:
        commit = base64.b64encode(row.commit).decode()
        details.append({"type": "commit", "valueBase64Binary": commit})
    return details


def _consent(row: LogRow, subject: Json) -> Json:
    """The settings the decision was made from, as far as they may be named."""
    version = (row.detail.get("basis") or {}).get("settings_version")
    what: Json = {"type": "Consent", "display": "Consent"}
    patient = subject.get("reference", "")
    if patient.startswith("Patient/"):
        what["reference"] = f"Consent/{patient.removeprefix('Patient/')}"
    entity: Json = {"what": what, "type": {"system": RESOURCE_TYPE, "code": "Consent"}}
    if version is not None:
        entity["detail"] = [{"type": "version", "valueString": str(version)}]
    return entity


def _query(row: LogRow, subject: Json) -> Json:
    """The kinds asked for; the request line itself is not kept."""
    entity: Json = {
        "type": {"system": ENTITY_TYPE, "code": "2", "display": "System Object"},
        "role": {"system": OBJECT_ROLE, "code": "24", "display": "Query"},
    }
    types = row.detail.get("asked")
    if types is None:
        return entity | {"_query": _masked()}
    asked = f"{','.join(types)}?patient={subject.get('reference', '')}"
    query = base64.b64encode(asked.encode()).decode()
    return entity | {"description": asked, "query": query}


_SENDINGS: Final = (
    EventName.RECORD_STORED,
    EventName.RECORD_WITHDRAWN,
    EventName.OWN_RECORD_ADDED,
    EventName.CHILD_BOOK_TAKEN,
)


def _data(row: LogRow, subject: Json) -> Json:
    patient = subject.get("reference", "").removeprefix("Patient/")
    if row.event in _SENDINGS:
        what: Json = {"type": "Bundle", "display": "Bundle"}
    elif row.event in _OF_PATIENT:
        what = subject
    else:
        what = {"type": "Consent", "display": "Consent"}
        if patient:
            what["reference"] = f"Consent/{patient}"
    return {
        "what": what,
        "type": {"system": ENTITY_TYPE, "code": "2", "display": "System Object"},
        "role": {"system": OBJECT_ROLE, "code": "4", "display": "Domain Resource"},
    }


def _kinds(row: LogRow) -> list[Json]:
    """Kinds of record and how many, never which."""
    return [
        {
            "type": {"system": RESOURCE_TYPE, "code": each["type"]},
            "role": {"system": OBJECT_ROLE, "code": "4", "display": "Domain Resource"},
            "detail": [
                {"type": "category", "valueString": each["category"]},
                {"type": "count", "valueString": str(each["count"])},
            ],
        }
        for each in row.detail.get("resources") or ()
    ]


def _observer(server: Server) -> Json:
    return {"type": "Device", "identifier": {"value": server.base}, "display": "Tsunagu"}


def _purpose(code: str) -> Json:
    return {"coding": [{"system": codes.ACT_REASON, "code": code}]}


def _hides(row: LogRow, name: str) -> bool:
    return any(each.name == name for each in row.withheld)


def _absent(code: str) -> Json:
    return {"extension": [{"url": ABSENT, "valueCode": code}]}


def _masked() -> Json:
    return _absent("masked")


def _unknown() -> Json:
    return _absent("unknown")


def _unkept() -> Json:
    """BALP asks for the client's network address; the log does not keep it."""
    return _absent("unsupported")


def patient(participant_id: UUID) -> Json:
    """The participant, as in every other resource of this server."""
    return {"reference": f"Patient/{participant_id}", "type": "Patient"}


def pseudonym(value: str) -> Json:
    """A participant who is not to be named: always the same for the same one."""
    return {"type": "Patient", "identifier": {"system": "urn:tsunagu:pseudonym", "value": value}}
