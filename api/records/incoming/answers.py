"""One answer for a sender who asks again under the same key: what was stored is stored once."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from api.core.database import Transaction, turn_to, unit_of_work
from api.records import queries as record_queries
from api.records.errors import KeyReused, NotStored
from api.records.incoming import queries
from api.records.incoming.planned import Kind
from api.records.incoming.sending import Sending, Stored, StoredRecord
from api.records.incoming.versions import Change, Key, Version
from api.records.parse import Fault

_WITH_BODY: Final = ("single", "document")


class _Record(msgspec.Struct, tag="record"):
    """One stored record by its names; what is in it stays where it is."""

    resource_type: str
    resource_id: UUID
    record_id: UUID
    number: int
    at: datetime
    change: Change


class _Refusal(msgspec.Struct, tag="refusal"):
    faults: tuple[Fault, ...]
    is_kept: bool


class _Answer(msgspec.Struct):
    kind: Kind
    entries: tuple[_Record | _Refusal | None, ...]
    participant_id: UUID | None = None


async def earlier(sending: Sending) -> Stored | None:
    """What this request was answered under this key; None without a key, or the first time.

    Raises `KeyReused` where the key was used for another request.
    """
    if sending.asked.key_hash is None:
        return None
    async with unit_of_work(sending.actor) as tx:
        row = await queries.answered(tx, sending.asked.key_hash)
        if row is None:
            return None
        if row["request_hash"] != sending.asked.request_hash:
            raise KeyReused
        answer = msgspec.json.decode(row["answer"], type=_Answer)
        body = ""
        first = answer.entries[0] if answer.entries else None
        if answer.kind in _WITH_BODY and answer.participant_id and isinstance(first, _Record):
            await turn_to(tx, await record_queries.one_person(tx, answer.participant_id))
            body = await queries.body_of(tx, first.record_id, first.number) or ""
    return Stored(answer.kind, tuple(_entry(each, body) for each in answer.entries))


async def keep(sending: Sending, stored: Stored) -> Stored:
    """For a sending of several transactions, once all are through."""
    if sending.asked.key_hash is None:
        return stored
    try:
        async with unit_of_work(sending.actor) as tx:
            await keep_in(tx, sending, stored, None)
    except asyncpg.UniqueViolationError:
        return await earlier(sending) or stored
    return stored


async def keep_in(
    tx: Transaction, sending: Sending, stored: Stored, participant_id: UUID | None
) -> None:
    if sending.asked.key_hash is None:
        return
    answer = _Answer(stored.kind, tuple(map(_said, stored.entries)), participant_id)
    await queries.forget_answers(tx)
    await queries.keep_answer(
        tx,
        sending.asked.key_hash,
        sending.asked.request_hash,
        msgspec.json.encode(answer).decode(),
    )


def _said(entry: StoredRecord | NotStored | None) -> _Record | _Refusal | None:
    match entry:
        case StoredRecord(resource_type, resource_id, version, change):
            return _Record(
                resource_type,
                resource_id,
                version.record_id,
                version.number,
                version.recorded_at,
                change,
            )
        case NotStored():
            return _Refusal(entry.faults, entry.is_kept)
        case _:
            return None


def _entry(said: _Record | _Refusal | None, body: str) -> StoredRecord | NotStored | None:
    match said:
        case _Record():
            key = Key(said.resource_type, "", "")
            version = Version(said.record_id, said.number, said.at, key, body, 0)
            return StoredRecord(said.resource_type, said.resource_id, version, said.change)
        case _Refusal(faults, is_kept):
            return NotStored(faults, is_kept=is_kept)
        case _:
            return None
