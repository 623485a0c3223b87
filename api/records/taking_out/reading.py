"""Stored records as they leave: opened, with their source named, and as a line people read."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import keystore
from api.core import i18n
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.phr.entries import sealing
from api.records.own import queries as own_queries
from api.records.own.plain import facts_of
from api.records.own.service import most_shown
from api.records.provenance import OWN_SOURCE, by_of
from api.records.taking_out.lines import Line
from api.records.taking_out.resources import Filed, Json, Source, decoded, going_out, source_of

# Whom a line names as its writer anyway.
WRITER: Final = "written_by"


class Told(NamedTuple):
    """The body, opened, and the title of a record."""

    body: str
    title: str


class Read(NamedTuple):
    resource: Json
    line: Line


class Reader(NamedTuple):
    """What is needed to read any record of one participant. In safe mode no place is named."""

    participant_id: UUID
    cipher: AESGCM | None
    facilities: dict[UUID, FacilityLine]
    id_systems: dict[UUID, str]
    locale: str
    is_safe: bool

    def opened(self, body: str) -> str:
        if not sealing.is_sealed(body):
            return body
        return sealing.opened(self.cipher, self.participant_id, body)

    def going_out(self, row: asyncpg.Record, body: Json, title: str) -> Json:
        source = (
            None if row["is_own"] or self.is_safe else self.source_named(row["source_facility_id"])
        )
        filed = Filed(row["category"], title, row["sensitivity"])
        return going_out(body | {"id": str(row["record_id"])}, source, filed)

    def read(self, row: asyncpg.Record, told: Told) -> Read:
        body = decoded(told.body)
        resource = self.going_out(row, body, told.title)
        line = Line(
            record_id=str(row["record_id"]),
            category=row["category"],
            on=row["effective_on"],
            at=row["effective_at"],
            title=told.title,
            facts=[each for each in facts_of(body) if each.kind != WRITER],
            source=self.written_by(row["is_own"], row["source_facility_id"], resource),
        )
        return Read(resource, line)

    def source_named(self, facility_id: UUID) -> Source:
        known = self.facilities[facility_id]
        return Source(self.id_systems.get(facility_id, ""), known.code, known.name)

    def written_by(self, is_own: bool, facility_id: UUID, resource: Json) -> str:
        brought = source_of(resource) if is_own else None
        if is_own and brought is None:
            is_by_proxy = by_of(OWN_SOURCE, resource) == "proxy"
            key = "clinic.by.proxy" if is_by_proxy else "taking_out.source.self"
            return i18n.text(self.locale, key)
        if self.is_safe:
            return i18n.text(self.locale, "directory.name_hidden")
        if brought is not None:
            return brought.name
        return self.facilities[facility_id].label(self.locale)


async def reader_in(tx: Transaction, actor: Actor, locale: str, *, is_safe: bool) -> Reader:
    if tx.subject is None:
        raise NotFound
    ciphers = await keystore.phr_ciphers(tx.connection, [tx.subject])
    sources = await own_queries.sources(tx, most_shown(actor))
    facilities = {each.facility_id: each for each in await directory.facilities_in(tx, sources)}
    systems = await directory.id_systems_in(tx, sources)
    return Reader(tx.subject, ciphers.get(tx.subject), facilities, systems, locale, is_safe)


async def told(actor: Actor, with_: Reader, rows: Sequence[asyncpg.Record]) -> list[Told]:
    """What these rows say, as whoever asks may have it."""
    found = [Told(with_.opened(row["body"]), row["title"]) for row in rows]
    if not with_.is_safe:
        return found
    pairs = [f"[{each.body},{msgspec.json.encode(each.title).decode()}]" for each in found]
    text = await directory.without_names(actor, f"[{','.join(pairs)}]")
    placeless = msgspec.json.decode(text, type=list[tuple[msgspec.Raw, str]])
    return [Told(bytes(body).decode(), title) for body, title in placeless]
