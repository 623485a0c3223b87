"""A participant in short: for whoever may see them, for their apps, and for themselves."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended
from api.consent.facts import EMERGENCY
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.fhir import codes
from api.identity.apps import scopes
from api.identity.apps.errors import ScopeNeeded
from api.identity.apps.tokens import AppAccess
from api.records import parse
from api.records import queries as record_queries
from api.records import service as records
from api.records.own.service import most_shown
from api.records.parse import Json
from api.records.summary import queries
from api.records.summary.document import Facilities, Issuer, Person, document
from api.records.summary.rules import TYPES, summary_of
from api.records.summary.sections import Given, Summary
from api.records.whole import service as whole
from api.records.whole.queries import Permitted

# More than anybody has; of those before them nothing is said.
MOST_RECORDS: Final = 5_000
PATIENT: Final = "Patient"


class Made(NamedTuple):
    """`document` is its JSON, None where nothing at all is shown; `event` is what the log says."""

    document: bytes | None
    event: Appended


class Own(NamedTuple):
    """One's own summary, with the names of the facilities it comes from."""

    summary: Summary
    person: Person
    facilities: Facilities


async def for_requester(actor: Actor, subject: UUID) -> Made:
    """What this requester may see of them. Nobody, and somebody of whom nothing is shown, answer
    alike; both are logged."""
    if actor.purpose_of_use in EMERGENCY:
        return Made(None, (await records.read(actor, subject, TYPES)).event)
    async with unit_of_work(actor, subject=subject) as tx:
        allowed = await whole.allowed_in(tx, actor, (*TYPES, PATIENT))
        if allowed is not None:
            found = await whole.newest_in(tx, allowed, MOST_RECORDS)
            known = await whole.named_in(tx, allowed)
            summary = await _summary(found)
            shown = [each for each in found if each.record_id in summary.record_ids]
            is_named = known is not None and known.row is not None
            event = await whole.note_in(
                tx, allowed, EventName.RECORD_READ, shown, is_person_shown=is_named
            )
            facilities = await _facilities_in(tx, shown)
            code = await _code_in(tx, actor.facility_id)
    if allowed is None:
        return Made(None, (await records.nothing(actor)).event)
    if not shown and not is_named:
        return Made(None, event)
    named = Person(subject, *(known.row if known and known.row else ()))
    system = codes.patient_in_facility(code)
    numbers = known.local_ids if known and code else []
    person = named._replace(identifiers=tuple((system, number) for number in numbers))
    return Made(await _written(summary, person, facilities), event)


async def for_app(access: AppAccess, subject: UUID) -> bytes:
    """Their own, told records of the types the app was allowed. Raises `ScopeNeeded`; `NotFound`
    for anybody else's."""
    types = tuple(each for each in TYPES if scopes.allows(access.scopes, each, "s"))
    if not types:
        raise ScopeNeeded
    if subject != access.actor.participant_id:
        raise NotFound
    async with unit_of_work(access.actor) as tx:
        found = await queries.own(tx, most_shown(access.actor), types, MOST_RECORDS)
        row = None
        if scopes.allows(access.scopes, PATIENT, "r") or scopes.allows(access.scopes, PATIENT, "s"):
            row = await record_queries.person(tx)
        summary = await _summary(found)
        shown = [each for each in found if each.record_id in summary.record_ids]
        asked = list(types) + ([PATIENT] if row else [])
        read = whole.resources_of(shown, is_person_shown=row is not None)
        detail = {"told": {"app": access.names}, "asked": asked} | read
        await access_log.append(tx, EventName.APP_READ, detail=detail)
        facilities = await _facilities_in(tx, shown)
    person = Person(subject, *(row.values() if row else ()))
    return await _written(summary, person, facilities)


async def own(actor: Actor) -> Own:
    """The actor's own, told records. A proxy's look is an event."""
    async with unit_of_work(actor) as tx:
        found = await queries.own(tx, most_shown(actor), TYPES, MOST_RECORDS)
        row = await record_queries.person(tx)
        if row is None or tx.subject is None:
            raise NotFound
        summary = await _summary(found)
        shown = [each for each in found if each.record_id in summary.record_ids]
        if actor.is_proxy and shown:
            await access_log.append(tx, EventName.PROXY_LOOKED, detail=whole.resources_of(shown))
        facilities = await _facilities_in(tx, shown)
        return Own(summary, Person(tx.subject, *row.values()), facilities)


async def own_document(actor: Actor) -> bytes:
    """As `own`, as an IPS document."""
    mine = await own(actor)
    return await _written(mine.summary, mine.person, mine.facilities)


async def _summary(found: Sequence[Permitted]) -> Summary:
    """Others are served meanwhile: somebody's records can be many."""
    return await asyncio.to_thread(_gathered, found, clock.today_in_japan())


def _gathered(found: Iterable[Permitted], today: date) -> Summary:
    return summary_of((_given(each) for each in found), today)


def _given(record: Permitted) -> Given:
    body = parse.decode(record.body.encode(), max_bytes=len(record.body) * 4)
    return Given(*record[:6], body)


async def _written(summary: Summary, person: Person, facilities: Facilities) -> bytes:
    profile = directory.profile()
    issuer = Issuer((codes.NETWORK, profile.id), profile.name.ja, profile.name.en)
    made: Json = await asyncio.to_thread(document, summary, person, issuer, facilities, clock.now())
    return parse.encode(made).encode()


async def _facilities_in(tx: Transaction, shown: Iterable[Permitted]) -> Facilities:
    found = await directory.facilities_in(tx, sorted({each.facility_id for each in shown}))
    return {each.facility_id: {"ja": each.name, "en": each.name_en} for each in found}


async def _code_in(tx: Transaction, facility_id: UUID | None) -> str:
    found = [] if facility_id is None else await directory.facilities_in(tx, [facility_id])
    return found[0].code if found else ""
