"""FHIR R4 for facility systems: search by patient, read by id; every answer is a logged act."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from api.access_log import receipts
from api.access_log.events import EventName
from api.access_log.service import Appended
from api.core import runtime
from api.core.actor import Actor
from api.core.errors import NotFound
from api.fhir import codes
from api.fhir.bundle import entry_text, searchset_bytes
from api.fhir.capability import capability_statement
from api.identity.apps.tokens import AppAccess
from api.identity.guards import anyone, apps_and_reading_systems
from api.records import service
from api.records.apps import service as app_reading
from api.records.asking import service as evaluation
from api.records.errors import PatientNeeded, UnknownParameter, UnknownType
from api.records.mapping import CATEGORIES_OF_TYPE, Identifier

FHIR_JSON = "application/fhir+json"
CONSENT = "Consent"
# The access log is served above this feature, to participants and auditors (reading.fhir_routes).
READ_ONLY = (CONSENT, "AuditEvent")
PUBLISHED_ON = "2026-11-21"
MOST_PARAMETERS = 40
PARAMETERS = frozenset(
    {
        "patient",
        "patient.identifier",
        "patient:identifier",
        "patient:Patient.identifier",
        "identifier",
        "_id",
        "_count",
        "_before",
        "_format",
    }
)
OF_APPS = frozenset({"patient", "_id", "_count", "_before", "_format"})

FhirRequest = Request[Any, Any, Any]


class FhirReads(Controller):
    """Unknown, forbidden and empty answer alike: an empty Bundle, or 404 for one id."""

    path = "/fhir/R4"
    opt = {"door": "fhir"}  # noqa: RUF012 - Litestar's own declaration
    tags = ["FHIR R4"]  # noqa: RUF012

    @get("/metadata", guards=[anyone], media_type=FHIR_JSON)
    async def capabilities(self) -> Response[bytes]:
        """CapabilityStatement."""
        statement = capability_statement(
            _base(), "0.1.0", PUBLISHED_ON, {*CATEGORIES_OF_TYPE, "Patient"}, READ_ONLY
        )
        return _fhir(msgspec.json.encode(statement))

    @get("/{resource_type:str}", guards=[apps_and_reading_systems], media_type=FHIR_JSON)
    async def search(
        self, request: FhirRequest, resource_type: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Search by `patient` (id) or `patient.identifier` / `patient:identifier`
        (system|value); `_count` up to 200, paging through the `next` link. An app finds what it
        was allowed of the one person who connected it."""
        app = request.scope["state"].get("app")
        if app is not None:
            return await _own(app, resource_type, _parameters(request, OF_APPS))
        if resource_type not in (*CATEGORIES_OF_TYPE, CONSENT):
            raise UnknownType
        asked = _parameters(request)
        if resource_type == "Patient":
            return await _patients(actor, asked)
        subject = await _subject(actor, asked)
        if resource_type == CONSENT:
            return await _consents(actor, subject, asked)
        if subject is None:
            page = await service.nothing(actor)
        else:
            page = await service.read(
                actor,
                subject,
                (resource_type,),
                before=_uuid(asked["_before"]) if "_before" in asked else None,
                count=_count(asked.get("_count", "50")),
            )
        # What was typed stays out of the answer: a card number is not for copying about.
        link = f"{resource_type}?patient={subject}" if "patient" in asked else resource_type
        following = None
        if page.before is not None:
            following = (
                f"{resource_type}?patient={subject}&_count={asked.get('_count', '50')}"
                f"&_before={page.before}"
            )
        body = searchset_bytes(_base(), link, page.entries, page.total, following)
        return _fhir(body, page.event, is_shown=bool(page.entries))

    @get(
        "/{resource_type:str}/{resource_id:str}",
        guards=[apps_and_reading_systems],
        media_type=FHIR_JSON,
    )
    async def one(
        self,
        request: FhirRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """One resource by its id."""
        app = request.scope["state"].get("app")
        if app is not None:
            return await _own_one(app, resource_type, _uuid(resource_id))
        if resource_type not in (*CATEGORIES_OF_TYPE, CONSENT):
            raise UnknownType
        record_id = _uuid(resource_id)
        if resource_type == CONSENT:
            held = await evaluation.consent_of(actor, record_id)
            if held.consent is None:
                raise _not_found(held.event)
            return _fhir(msgspec.json.encode(held.consent), held.event)
        if resource_type == "Patient":
            found = await service.show(actor, record_id)
            if found.person is None:
                raise _not_found(found.event)
            return _fhir(msgspec.json.encode(_patient(found.person, None)), found.event)
        subject = await service.owner_of(actor, record_id)
        if subject is None:
            raise _not_found((await service.nothing(actor)).event)
        page = await service.read(actor, subject, (resource_type,), record_id=record_id)
        entries = msgspec.json.decode(b"[%b]" % page.entries, type=list[dict[str, msgspec.Raw]])
        if not entries:
            raise _not_found(page.event)
        return _fhir(bytes(entries[0]["resource"]), page.event, is_shown=True)


async def _own(app: AppAccess, resource_type: str, asked: dict[str, str]) -> Response[bytes]:
    """For anybody else's id there is nothing, as for one that nobody has."""
    if resource_type not in app_reading.TYPES:
        raise UnknownType
    own = str(app.actor.participant_id)
    named = [asked["patient"].removeprefix("Patient/")] if "patient" in asked else []
    wanted = _uuid(asked["_id"]) if "_id" in asked else None
    entries: list[str] = []
    total, following = 0, None
    if resource_type == app_reading.PATIENT:
        if all(each == own for each in named) and wanted in (None, app.actor.participant_id):
            person = await app_reading.patient(app, "s")
            text = msgspec.json.encode(_patient(person, None)).decode()
            entries, total = [entry_text(_base(), "Patient", own, text)], 1
    elif all(each == own for each in named):
        page = await app_reading.search(
            app,
            resource_type,
            record_id=wanted,
            before=_uuid(asked["_before"]) if "_before" in asked else None,
            count=_count(asked.get("_count", "50")),
        )
        entries = [entry_text(_base(), resource_type, str(i), text) for i, text in page.records]
        total = page.total
        if page.before is not None:
            count = asked.get("_count", "50")
            following = f"{resource_type}?patient={own}&_count={count}&_before={page.before}"
    link = f"{resource_type}?patient={own}" if own in named else resource_type
    return _fhir(searchset_bytes(_base(), link, entries, total, following))


async def _own_one(app: AppAccess, resource_type: str, record_id: UUID) -> Response[bytes]:
    if resource_type not in app_reading.TYPES:
        raise UnknownType
    if resource_type != app_reading.PATIENT:
        return _fhir((await app_reading.one(app, resource_type, record_id)).encode())
    if record_id != app.actor.participant_id:
        raise NotFound
    person = await app_reading.patient(app, "r")
    return _fhir(msgspec.json.encode(_patient(person, None)))


async def _consents(actor: Actor, subject: UUID | None, asked: dict[str, str]) -> Response[bytes]:
    """At most one: what holds for who asks, now."""
    if subject is None:
        event = await service.log_nobody(actor, EventName.CONSENT_READ)
        held = evaluation.Held(None, event)
    else:
        held = await evaluation.consent_of(actor, subject)
    entries = []
    if held.consent is not None:
        text = msgspec.json.encode(held.consent).decode()
        entries = [entry_text(_base(), CONSENT, str(subject), text)]
    link = f"{CONSENT}?patient={subject}" if "patient" in asked else CONSENT
    return _fhir(searchset_bytes(_base(), link, entries, len(entries)), held.event)


async def _patients(actor: Actor, asked: dict[str, str]) -> Response[bytes]:
    identifier = None
    if "identifier" in asked:
        identifier = _identifier(asked["identifier"])
        person, event = await service.find(actor, identifier)
    elif "_id" in asked:
        person, event = await service.show(actor, _uuid(asked["_id"]))
    else:
        raise PatientNeeded
    entries = []
    if person is not None:
        resource = msgspec.json.encode(_patient(person, identifier)).decode()
        entries = [entry_text(_base(), "Patient", str(person.participant_id), resource)]
    # The identifier stays out of the answer's links: a card number is not for copying about.
    return _fhir(searchset_bytes(_base(), "Patient", entries, len(entries)), event)


async def _subject(actor: Actor, asked: dict[str, str]) -> UUID | None:
    if "patient" in asked:
        return _uuid(asked["patient"].removeprefix("Patient/"))
    for name in ("patient.identifier", "patient:identifier", "patient:Patient.identifier"):
        if name in asked:
            return await service.locate(actor, _identifier(asked[name]))
    raise PatientNeeded


def _patient(person: service.Person, identifier: Identifier | None) -> dict[str, Any]:
    """FHIR R4 Patient in the JP Core shape; what the settings do not show is simply not there."""
    wire: dict[str, Any] = {"resourceType": "Patient", "id": str(person.participant_id)}
    if identifier is not None:
        wire["identifier"] = [{"system": identifier.system, "value": identifier.value}]
    if person.name is not None:
        wire["name"] = [
            _name(person.name, "IDE"),
            _name(person.name_kana or "", "SYL"),
        ]
        wire["gender"] = person.sex
        wire["birthDate"] = person.birth_on.isoformat() if person.birth_on else None
    return wire


def _name(text: str, representation: str) -> dict[str, Any]:
    return {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation",
                "valueCode": representation,
            }
        ],
        "use": "official",
        "text": text,
    }


def _parameters(request: FhirRequest, known: frozenset[str] = PARAMETERS) -> dict[str, str]:
    pairs = list(request.query_params.multi_items())
    if len(pairs) > MOST_PARAMETERS:
        raise UnknownParameter
    asked = dict(pairs)
    # FHIR R4 §3.1.1: a parameter we would ignore could widen an answer, so it is refused.
    if len(asked) != len(pairs) or asked.keys() - known:
        raise UnknownParameter
    return asked


def _identifier(text: str) -> Identifier:
    system, bar, value = text.partition("|")
    if not bar or not value:
        raise PatientNeeded
    if system == codes.CARD:
        value = value.replace("-", "").replace(" ", "")
    return Identifier(system, value)


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise UnknownParameter
    return max(1, int(text))


def _uuid(text: str) -> UUID:
    """Ids of another form name nothing here."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _base() -> str:
    return f"{runtime.settings().public_url}/fhir/R4"


def _fhir(body: bytes, event: Appended | None = None, *, is_shown: bool = False) -> Response[bytes]:
    """Whoever asked gets a receipt of what was logged, be it about a participant or about nobody.

    The event's number only with content: a refusal must look like having nothing, its log row too.
    """
    headers = {} if event is None else {receipts.HEADER: receipts.header(event)}
    if event is not None and is_shown:
        headers["X-Tsunagu-Log-Number"] = str(event.number)
    return Response(body, media_type=FHIR_JSON, headers=headers)


def _not_found(event: Appended) -> NotFound:
    """Absent and forbidden answer alike, each with the receipt of its event."""
    problem = NotFound()
    problem.headers[receipts.HEADER] = receipts.header(event)
    return problem
