"""FHIR AuditEvent: a participant's own log, and everybody's for the auditor, under no name."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.access_log import across
from api.access_log.across import Place
from api.core import i18n
from api.core.actor import Actor, ActorKind
from api.core.errors import NotFound
from api.fhir.bundle import entry_text, searchset_bytes
from api.identity.guards import API, participants_and_auditors
from api.records.errors import UnknownParameter
from api.support.reading import audit_event, exporting

FHIR_JSON = "application/fhir+json"
TYPE = "AuditEvent"
USUAL, MOST = 50, 200
PARAMETERS = frozenset({"patient", "_count", "_before", "_format"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FhirRequest = Request[Any, Any, Any]


@get(
    f"/fhir/R4/{TYPE}",
    guards=[participants_and_auditors],
    opt=API,
    media_type=FHIR_JSON,
    tags=["FHIR R4"],
    summary="The access log as AuditEvents",
)
async def search(request: FhirRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """Newest first; `_count` up to 200, paging through the `next` link. A participant gets their
    own events, and none for another `patient`; an auditor those of everybody, without names."""
    asked = _parameters(request)
    count = min(_count(asked.get("_count", str(USUAL))), MOST)
    link, following = TYPE, None
    if actor.kind is ActorKind.AUDITOR:
        if "patient" in asked:
            raise UnknownParameter("patient")
        found = await across.page(actor, before=_place(asked.get("_before")), count=count)
        events = [_audited(each) for each in found.rows]
        total = None
        if found.before is not None:
            following = f"{TYPE}?_count={count}&_before={_micros(found.before)}"
    else:
        own = str(actor.participant_id)
        before = _number(asked.get("_before"))
        events, total, rest = await exporting.audit_page(
            actor, _locale(request), before=before, count=count
        )
        if asked.get("patient", own).removeprefix("Patient/") != own:
            events, total, rest = [], 0, None
        if rest is not None:
            following = f"{TYPE}?_count={count}&_before={rest}"
    base = exporting.server().base
    entries = [
        entry_text(base, TYPE, each["id"], msgspec.json.encode(each).decode()) for each in events
    ]
    return Response(searchset_bytes(base, link, entries, total, following), media_type=FHIR_JSON)


@get(
    f"/fhir/R4/{TYPE}/{{event_id:str}}",
    guards=[participants_and_auditors],
    opt=API,
    media_type=FHIR_JSON,
    tags=["FHIR R4"],
    summary="One event of the access log",
)
async def one(
    request: FhirRequest, actor: NamedDependency[Actor], event_id: FromPath[str]
) -> Response[bytes]:
    """A participant's own, by its id; an auditor finds events by searching."""
    if actor.participant_id is None:
        raise NotFound
    try:
        wanted = UUID(event_id)
    except ValueError as error:
        raise NotFound from error
    found = await exporting.one_audit_event(actor, _locale(request), wanted)
    return Response(msgspec.json.encode(found), media_type=FHIR_JSON)


def _audited(each: across.AuditRow) -> dict[str, Any]:
    subject = audit_event.pseudonym(each.pseudonym) if each.pseudonym else None
    return audit_event.audit_event(each.row, subject, exporting.server())


def _parameters(request: FhirRequest) -> dict[str, str]:
    pairs = list(request.query_params.multi_items())
    asked = dict(pairs)
    # FHIR R4 §3.1.1: a parameter we would ignore could widen an answer, so it is refused.
    wrong = [
        name
        for name, times in Counter(name for name, _ in pairs).items()
        if times > 1 or name not in PARAMETERS
    ]
    if wrong:
        raise UnknownParameter(*wrong)
    return asked


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise UnknownParameter("_count")
    return max(1, int(text))


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not text.isascii() or not 0 < len(text) <= 18:
        raise UnknownParameter
    return int(text)


def _place(text: str | None) -> Place | None:
    """`<microseconds>_<event id>`, as the `next` link names it."""
    if text is None:
        return None
    micros, _, event_id = text.partition("_")
    try:
        return Place(EPOCH + timedelta(microseconds=_number(micros) or 0), UUID(event_id))
    except (ValueError, OverflowError) as error:
        raise UnknownParameter from error


def _micros(place: Place) -> str:
    return f"{(place.at - EPOCH) // timedelta(microseconds=1)}_{place.eid}"


def _locale(request: FhirRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


routes: list[ControllerRouterHandler] = [search, one]
