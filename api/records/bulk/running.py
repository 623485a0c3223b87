"""The work of exports, in the background of each server process: one person's piece at a time.

Invariants: a line is written only after the event that tells of it is committed; what counts of a
file is saved only after it is on the disk. Whoever dies in between leaves nothing behind but bytes
that do not count; the next worker reads that piece again, and the log says so again.
"""

import asyncio
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.access_log.events import EventName
from api.core import clock, i18n
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import Problem, Unavailable
from api.core.ids import uuid7
from api.core.logging import log
from api.directory import service as directory
from api.fhir import codes
from api.identity.tokens import systems
from api.records.bulk import files, queries, service, still_allowed
from api.records.bulk.files import Writer
from api.records.bulk.queries import Position, Taken
from api.records.bulk.rules import OUTCOME, PATIENT, File, Wish, outcome, patient
from api.records.whole import service as whole

LEASE_SECONDS: Final = 15
SAVE_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 2.0
SWEEP_SECONDS: Final = 60.0
MOST_TRIES: Final = 5
PATIENTS_AT_ONCE: Final = 200
RECORDS_AT_ONCE: Final = 200
CHARACTERS_AT_ONCE: Final = 2_000_000
KEPT_FOR: Final = timedelta(days=1)


class _Held(NamedTuple):
    """A job as its worker goes on with it; `system` is of the facility's patient numbers."""

    job: Taken
    actor: Actor
    wish: Wish
    system: str
    at: Position
    files: tuple[File, ...]


class _Read(NamedTuple):
    """One person's piece, by type; `after` where the next begins, None when that was all."""

    lines: dict[str, list[bytes]]
    after: UUID | None


async def run() -> None:
    """Takes exports as they come, for as long as the process lives; a fault is noted and what was
    begun is taken again."""
    worker, swept = uuid7(), -SWEEP_SECONDS
    while True:
        try:
            if time.monotonic() - swept >= SWEEP_SECONDS:
                await sweep()
                swept = time.monotonic()
            service.asked.clear()
            async with unit_of_work(OPERATOR) as tx:
                taken = await queries.take(tx, worker, LEASE_SECONDS)
            if taken is not None:
                await work(taken)
                continue
        except Exception as error:  # whatever is wrong with one, the next is to be served
            log.error("records:export:failed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(service.asked.wait(), LOOK_SECONDS)


async def sweep() -> None:
    """Ends exports that are over, and removes their files."""
    there = await asyncio.to_thread(files.FOLDERS.lying)
    async with unit_of_work(OPERATOR) as tx:
        wanted = await queries.sweep(tx)
    await asyncio.to_thread(files.FOLDERS.sweep, there, wanted)


async def work(job: Taken) -> None:
    """Goes on with an export until it is finished, called off, or another worker's."""
    held = await _held(job)
    if held is None:
        return
    writer = Writer(job.export_id, held.files)
    try:
        if await _exported(held, writer):
            await _finish(held, "done", clock.now() + KEPT_FOR)
    finally:
        writer.close()


async def _held(job: Taken) -> _Held | None:
    asking = Actor(kind=ActorKind.SYSTEM, facility_id=job.facility_id)
    async with unit_of_work(asking) as tx:
        row = await queries.held(tx, job)
        (facility,) = await directory.facilities_in(tx, [job.facility_id])
    if row is None:
        return None
    held = _Held(
        job,
        still_allowed.acting_of(job.facility_id, row),
        Wish(tuple(row["types"]), row["since"], row["request_url"]),
        codes.patient_in_facility(facility.code),
        Position(row["at_patient"], row["at_record"], row["done"], row["patients"]),
        msgspec.json.decode(row["files"], type=tuple[File, ...]),
    )
    if row["attempts"] > MOST_TRIES:
        await _finish(held, "failed", None)
        return None
    return held


async def _exported(held: _Held, writer: Writer) -> bool:
    """Whether all of it was; else it was called off, or is another worker's."""
    at, saved = held.at, time.monotonic()
    while people := await _people(held, at.patient):
        for participant_id, patients in people:
            after, is_over = at.record, False
            while not is_over:
                read = await _piece(held, participant_id, after)
                for kind, lines in read.lines.items():
                    writer.write(kind, lines)
                after, is_over = read.after, read.after is None
                at = at._replace(record=after, patients=patients)
                if is_over:
                    at = Position(participant_id, None, at.done + 1, patients)
                if time.monotonic() - saved >= SAVE_SECONDS:
                    if not await _saved(held, at, writer):
                        return False
                    saved = time.monotonic()
                # Whoever waits for an answer of this process goes first.
                await asyncio.sleep(0)
    return await _saved(held, at, writer)


async def _people(held: _Held, after: UUID | None) -> list[tuple[UUID, int]]:
    async with unit_of_work(held.actor) as tx:
        rows = await queries.patients(tx, held.job.export_id, after, PATIENTS_AT_ONCE)
    return [(row["participant_id"], row["patients"]) for row in rows]


async def _piece(held: _Held, participant_id: UUID, after: UUID | None) -> _Read:
    """Decided, read and logged in one transaction; its lines are given once that is committed."""
    actor, wish = held.actor, held.wish
    lines: dict[str, list[bytes]] = {}
    try:
        async with unit_of_work(actor, subject=participant_id) as tx:
            allowed = await whole.allowed_in(tx, actor, wish.types)
            if allowed is None:
                return _Read({}, None)
            found = whole.NOTHING
            if wish.record_types:
                found = await whole.piece_in(
                    tx,
                    allowed,
                    wish.record_types,
                    since=wish.since,
                    after=after,
                    count=RECORDS_AT_ONCE,
                    size=CHARACTERS_AT_ONCE,
                )
            known = None
            if wish.has_patients and after is None:
                known = await whole.named_in(tx, allowed)
            if found.records or known is not None:
                await queries.hold(
                    tx,
                    held.job.export_id,
                    allowed.filter_hash,
                    allowed.policy_version,
                    allowed.holds_until,
                )
            await whole.note_in(
                tx,
                allowed,
                EventName.RECORDS_EXPORTED,
                found.records,
                is_person_shown=known is not None and known.row is not None,
            )
    except Unavailable:
        raise  # nothing is wrong with this one: all of it is tried again
    except Problem as error:
        log.error("records:export:piece_failed", error=type(error).__name__)
        said = {locale: i18n.text(locale, "bulk.piece_failed") for locale in i18n.LOCALES}
        return _Read({OUTCOME: [msgspec.json.encode(outcome(said))]}, None)
    if known is not None:
        numbers = [(held.system, number) for number in known.local_ids]
        lines[PATIENT] = [msgspec.json.encode(patient(participant_id, numbers, known.row))]
    for record in found.records:
        # Between the tokens of JSON alone can a line end stand.
        line = record.body.replace("\n", " ").replace("\r", " ").encode()
        lines.setdefault(record.resource_type, []).append(line)
    return _Read(lines, found.records[-1].record_id if found.has_more else None)


async def _saved(held: _Held, at: Position, writer: Writer) -> bool:
    settled = await asyncio.to_thread(writer.settled)
    client_id = held.actor.client_id
    if client_id is None or not await systems.may_export(client_id):
        await _finish(held, "cancelled", None)
        return False
    async with unit_of_work(held.actor) as tx:
        return await queries.save(tx, held.job, at, settled, LEASE_SECONDS)


async def _finish(held: _Held, state: str, expires_at: datetime | None) -> None:
    async with unit_of_work(held.actor) as tx:
        row = await queries.finish(
            tx, held.job.export_id, state, worker=held.job.worker, expires_at=expires_at
        )
        if row is not None:
            job = service.job_of(row)
            detail = {"state": state, "patients": job.done, "counts": job.counts}
            await still_allowed.note_in(tx, EventName.EXPORT_ENDED, job.export_id, detail)
