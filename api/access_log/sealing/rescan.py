"""Every event looked at once: its body, its fields, its place in the chain, and its entry."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import opening
from api.access_log.events import EventName
from api.access_log.keystore import NOBODY, Unwrapper
from api.access_log.opening import OpenedEvent
from api.access_log.sealing import rescan_queries as queries
from api.access_log.sealing.findings import Code, Findings
from api.access_log.verifier import (
    ZEROS,
    commit_hash,
    erasure_value,
    field_digest,
    inner_hash,
    salt,
)

SHOWN_EVERY: Final = 500
LEEWAY: Final = queries.LEEWAY_SECONDS * 1_000_000

Show = Callable[[int], None]
"""Told now and then how many more events were looked at."""


class Chain:
    """One participant's events, in order."""

    def __init__(
        self, head: asyncpg.Record, erased: int, ciphers: Mapping[int, AESGCM], found: Findings
    ) -> None:
        self._head = head
        self._erased = erased
        self._ciphers = ciphers
        self._found = found
        self._number = 0
        self._commit = ZEROS
        self._at = 0

    def take(self, row: asyncpg.Record) -> None:
        number, participant = row["pseq"], row["participant_id"]
        follows = number == self._number + 1
        if not follows:
            self._say(Code.EVENT_MISSING, self._number + 1)
        commit = commit_hash(row["inner_hash"], participant.bytes, number, row["prev"], row["at"])
        if commit != row["commit"] or (follows and row["prev"] != self._commit):
            self._say(Code.EVENT_ALTERED, number)
        if row["leaf"] is None and row["is_late"]:
            self._say(Code.NOT_SEALED, number)
        if row["is_ahead"] or row["at"] + LEEWAY < self._at:
            self._say(Code.TIME_WRONG, number)
        self._number, self._commit, self._at = number, row["commit"], row["at"]
        if row["sealed"] is None:
            if number > self._erased:
                self._say(Code.BODY_MISSING, number)
        elif number <= self._erased:
            self._say(Code.BODY_NOT_ERASED, number)
        else:
            code = body_fault(row, self._ciphers)
            if code is not None:
                self._say(code, number)

    def end(self) -> None:
        if self._head["last_pseq"] > self._number:
            self._say(Code.EVENT_MISSING, self._number + 1)
        elif (self._head["last_pseq"], self._head["last_commit"]) != (self._number, self._commit):
            self._say(Code.HEAD_DIFFERS, self._number)

    def _say(self, code: Code, number: int) -> None:
        self._found.add(code, participant=self._head["participant_id"], number=number)


async def look_at_people(
    connection: asyncpg.Connection, keys: Unwrapper, found: Findings, show: Show
) -> int:
    """Some people in each transaction. Answers how many of their events are in the tree."""
    position, sealed = -1, 0
    while True:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            heads = await queries.heads_after(connection, position)
            if not heads:
                return sealed
            position = heads[-1]["position"]
            chains = await _chains(connection, heads, keys, found)
            count = 0
            async for row in queries.events_of(connection, list(chains)):
                chains[row["participant_id"]].take(row)
                sealed += row["leaf"] is not None
                count += 1
                if count % SHOWN_EVERY == 0:
                    show(SHOWN_EVERY)
            show(count % SHOWN_EVERY)
            for chain in chains.values():
                chain.end()


async def _chains(
    connection: asyncpg.Connection,
    heads: list[asyncpg.Record],
    keys: Unwrapper,
    found: Findings,
) -> dict[UUID, Chain]:
    people = [head["participant_id"] for head in heads]
    ciphers: dict[UUID, dict[int, AESGCM]] = {each: {} for each in people}
    newest = {head["participant_id"]: head["key_version"] for head in heads}
    for row in await queries.keys_of(connection, people):
        participant, version = row["participant_id"], row["version"]
        if version < newest[participant]:
            found.add(Code.KEY_NOT_DESTROYED, participant=participant, number=version)
        try:
            ciphers[participant][version] = keys.cipher(participant, row["wrapped"])
        except InvalidTag:
            found.add(Code.BODY_UNREADABLE, participant=participant)
    erased = dict.fromkeys(people, 0)
    for row in await queries.certificates_of(connection, people):
        participant = row["participant_id"]
        erased[participant] = max(erased[participant], row["events"])
        value = erasure_value(participant.bytes, row["events"], row["last_commit"], row["at"])
        if value != row["value"]:
            found.add(Code.CERTIFICATE_ALTERED, participant=participant)
    return {
        head["participant_id"]: Chain(
            head, erased[head["participant_id"]], ciphers[head["participant_id"]], found
        )
        for head in heads
    }


async def look_at_system(connection: asyncpg.Connection, keys: Unwrapper, found: Findings) -> int:
    """Events that concern no participant. Answers how many are in the tree."""
    sealed = 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for row in queries.system_events(connection):
            sealed += row["leaf"] is not None
            place = row["leaf"]
            commit = commit_hash(row["inner_hash"], NOBODY.bytes, 0, ZEROS, row["at"])
            if commit != row["commit"]:
                found.add(Code.EVENT_ALTERED, place=place)
            if row["is_ahead"]:
                found.add(Code.TIME_WRONG, place=place)
            if place is None and row["is_late"]:
                found.add(Code.NOT_SEALED)
            nobodys = dict(row) | {
                "participant_id": NOBODY,
                "key_version": 1,
                "purpose_of_use": None,
            }
            code = body_fault(nobodys, {1: keys.system})
            if code is not None:
                found.add(code, place=place)
    return sealed


def body_fault(row: Any, ciphers: Mapping[int, AESGCM]) -> Code | None:
    """Opens the body and recomputes fields, then `inner`, and compares the readable columns."""
    try:
        event = opening.opened(row, ciphers)
    except (InvalidTag, ValueError, KeyError, msgspec.DecodeError):
        return Code.BODY_UNREADABLE
    if event is None:
        return Code.BODY_MISSING
    digests = [
        field_digest(salt(event.ek_other if name == "other" else event.ek, name), name, text)
        for name, text in event.texts.items()
    ]
    if inner_hash(digests) != row["inner_hash"]:
        return Code.BODY_ALTERED
    return None if _agrees(row, event) else Code.COLUMNS_DIFFER


def _agrees(row: Any, event: OpenedEvent) -> bool:
    """Columns under an embargo say less than the body, never something else."""
    about, actor = (msgspec.json.decode(event.texts[name]) for name in ("about", "actor"))
    facility = (actor["facility"] or {}).get("id")
    said = {
        "event": about["event"],
        "outcome": about["outcome"],
        "eid": about["eid"],
        "actor_kind": actor["kind"],
        "actor_id": actor["id"],
        "facility_id": facility,
        "purpose_of_use": msgspec.json.decode(event.texts["purpose"]),
    }
    open_to_say = event.embargo is not None
    for name, value in said.items():
        column = None if row[name] is None else str(row[name])
        is_silent = open_to_say and (column is None or column == EventName.WITHHELD)
        if column != value and not is_silent:
            return False
    return True
