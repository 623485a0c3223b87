"""Stored records as they leave: opened, with their source named, and as a line people read."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import keystore
from api.core import i18n
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.phr.entries import sealing
from api.records.own import queries as own_queries
from api.records.own.plain import facts_of
from api.records.own.service import most_shown
from api.records.taking_out.lines import Line
from api.records.taking_out.resources import Json, Source, decoded, going_out, source_of


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

    def read(self, row: asyncpg.Record, body: str) -> Read:
        """`body` is opened already."""
        source = None if row["is_own"] or self.is_safe else self._source(row["source_facility_id"])
        resource = going_out(decoded(body), source, row["sensitivity"])
        line = Line(
            record_id=str(row["record_id"]),
            category=row["category"],
            on=row["effective_on"],
            at=row["effective_at"],
            title=row["title"],
            facts=facts_of(resource),
            source=self._written_by(row["is_own"], row["source_facility_id"], resource),
        )
        return Read(resource, line)

    def _source(self, facility_id: UUID) -> Source:
        known = self.facilities[facility_id]
        return Source(self.id_systems.get(facility_id, ""), known.code, known.name)

    def _written_by(self, is_own: bool, facility_id: UUID, resource: Json) -> str:
        brought = source_of(resource) if is_own else None
        if is_own and brought is None:
            return i18n.text(self.locale, "taking_out.source.self")
        if self.is_safe:
            return i18n.text(self.locale, "directory.name_hidden")
        if brought is not None:
            return brought.name
        return self.facilities[facility_id].label(self.locale)


async def reader(actor: Actor, locale: str) -> Reader:
    if actor.participant_id is None:
        raise NotFound
    async with unit_of_work(actor) as tx:
        ciphers = await keystore.phr_ciphers(tx.connection, [actor.participant_id])
        sources = await own_queries.sources(tx, most_shown(actor))
        facilities = {each.facility_id: each for each in await directory.facilities_in(tx, sources)}
        systems = await directory.id_systems_in(tx, sources)
    return Reader(
        actor.participant_id,
        ciphers.get(actor.participant_id),
        facilities,
        systems,
        locale,
        actor.is_safe,
    )


async def opened(actor: Actor, with_: Reader, rows: Sequence[asyncpg.Record]) -> list[str]:
    """The bodies of these rows, as whoever asks may have them."""
    bodies = [with_.opened(row["body"]) for row in rows]
    if not with_.is_safe:
        return bodies
    told = await directory.without_names(actor, f"[{','.join(bodies)}]")
    return [bytes(each).decode() for each in msgspec.json.decode(told, type=list[msgspec.Raw])]
