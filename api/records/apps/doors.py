"""What an app finds over FHIR: what it was allowed of the one person who connected it."""

from uuid import UUID

import msgspec

from api.core import runtime
from api.core.errors import NotFound
from api.fhir.bundle import entry_text, searchset_bytes
from api.identity.apps.tokens import AppAccess
from api.records.apps import service
from api.records.errors import UnknownParameter, UnknownType
from api.records.reading.doors import Pairs, named
from api.records.reading.search import id_of
from api.records.reading.wire import Answer, fhir, patient

PARAMETERS = frozenset({"patient", "_id", "_count", "_before", "_format"})


async def find(app: AppAccess, resource_type: str, pairs: Pairs) -> Answer:
    """For anybody else's id there is nothing, as for one that nobody has."""
    asked = named(pairs, PARAMETERS)
    if resource_type not in service.TYPES:
        raise UnknownType
    own = str(app.actor.participant_id)
    people = [asked["patient"].removeprefix("Patient/")] if "patient" in asked else []
    wanted = id_of(asked["_id"]) if "_id" in asked else None
    entries: list[str] = []
    total, following = 0, None
    if resource_type == service.PATIENT:
        if all(each == own for each in people) and wanted in (None, app.actor.participant_id):
            person = await service.patient(app, "s")
            text = msgspec.json.encode(patient(person, None)).decode()
            entries, total = [entry_text(runtime.fhir_base(), "Patient", own, text)], 1
    elif all(each == own for each in people):
        page = await service.search(
            app,
            resource_type,
            record_id=wanted,
            before=id_of(asked["_before"]) if "_before" in asked else None,
            count=_count(asked.get("_count", "50")),
        )
        entries = [
            entry_text(runtime.fhir_base(), resource_type, str(i), text) for i, text in page.records
        ]
        total = page.total
        if page.before is not None:
            count = asked.get("_count", "50")
            following = f"{resource_type}?patient={own}&_count={count}&_before={page.before}"
    link = f"{resource_type}?patient={own}" if own in people else resource_type
    return fhir(searchset_bytes(runtime.fhir_base(), link, entries, total, following))


async def read(app: AppAccess, resource_type: str, record_id: UUID) -> Answer:
    """One record the app may read, or the Patient. Raises `UnknownType`, `NotFound`."""
    if resource_type not in service.TYPES:
        raise UnknownType
    if resource_type != service.PATIENT:
        return fhir((await service.one(app, resource_type, record_id)).encode())
    if record_id != app.actor.participant_id:
        raise NotFound
    person = await service.patient(app, "r")
    return fhir(msgspec.json.encode(patient(person, None)))


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise UnknownParameter("_count")
    return max(1, int(text))
