"""The work of taking out, in the background of each server process: from the start to the end, or
not at all. Whoever dies in between leaves files that open to nobody; the next worker begins anew.
"""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent.exchange import service as exchange
from api.consent.settings.telling import label
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind, Power
from api.core.database import unit_of_work
from api.core.errors import NotFound, Problem
from api.core.logging import log
from api.directory import service as directory
from api.records import queries as record_queries
from api.records.bulk.rules import patient
from api.records.own.service import most_shown
from api.records.taking_out import files, queries, reading, rules
from api.records.taking_out.booklet import Person
from api.records.taking_out.queries import Place
from api.records.taking_out.resources import decoded
from api.records.taking_out.writing import Forms
from notifications import service as notifications

LEASE_SECONDS: Final = 30
SAVE_SECONDS: Final = 0.5
AT_ONCE: Final = 500


class Taken(NamedTuple):
    """A job, its worker, and in whose name it goes on."""

    job_id: UUID
    worker: UUID
    actor: Actor
    attempts: int


class _CalledOff(Exception):
    """Or another worker's by now."""


async def sweep() -> None:
    """Ends what is over, and removes its files."""
    there = await asyncio.to_thread(files.FOLDERS.lying)
    async with unit_of_work(OPERATOR) as tx:
        wanted = await queries.sweep(tx)
    await asyncio.to_thread(files.FOLDERS.sweep, there, wanted)


async def take(worker: UUID) -> Taken | None:
    async with unit_of_work(OPERATOR) as tx:
        row = await queries.take(tx, worker, LEASE_SECONDS)
    return None if row is None else taken_of(row, worker)


def taken_of(row: asyncpg.Record, worker: UUID) -> Taken:
    powers = row["powers"]
    actor = Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=row["account_id"],
        participant_id=row["participant_id"],
        name=row["by_name"] or None,
        powers=None if powers is None else frozenset(map(Power, powers)),
        is_shown_restricted=row["is_shown_restricted"],
        is_safe=row["is_safe"],
    )
    return Taken(row["job_id"], worker, actor, row["attempts"])


async def work(taken: Taken) -> None:
    """Until it is ready, called off, or given up."""
    try:
        if taken.attempts > rules.MOST_TRIES:
            raise NotFound
        await _written(taken)
    except _CalledOff:
        await asyncio.to_thread(files.remove, taken.job_id)
    except Problem as error:  # of a proxy, too, who may no more
        log.error("records:own_export:failed", error=type(error).__name__)
        await asyncio.to_thread(files.remove, taken.job_id)
        with suppress(NotFound):
            async with unit_of_work(taken.actor) as tx:
                await queries.end(tx, taken.job_id, "failed")
                if taken.attempts > rules.MOST_TRIES:
                    await notifications.enqueue(tx, "export_failed")


async def _written(taken: Taken) -> None:
    actor = taken.actor
    async with unit_of_work(actor) as tx:
        row = await queries.one(tx, taken.job_id)
        key = await queries.file_key(tx, taken.job_id)
        if row is None or key is None:
            raise _CalledOff
        counted = await queries.counts(tx, most_shown(actor))
        person = await record_queries.person(tx)
        if person is None:
            raise NotFound
        # Nothing is written before the event that tells of it.
        detail: dict[str, Any] = {
            "resources": [
                {"type": each["resource_type"], "category": each["category"], "count": each[2]}
                for each in counted
            ],
            "format": list(row["forms"]),
        }
        if taken.attempts == 1:
            await access_log.append(tx, EventName.RECORDS_EXPORTED, detail=detail)
    categories: Counter[str] = Counter()
    for each in counted:
        categories[each["category"]] += each["records"]
    locale = row["locale"]
    folder = await asyncio.to_thread(files.made, taken.job_id)
    forms = Forms(
        folder,
        key,
        row["forms"],
        locale,
        Person(person["name"], person["name_kana"], person["birth_on"]),
        clock.today_in_japan(),
    )
    try:
        await _all(taken, forms, locale, categories, person)
        made = await asyncio.to_thread(forms.finish, _instant())
        async with unit_of_work(actor) as tx:
            until = clock.now() + rules.KEPT_FOR
            if not await queries.finish(tx, taken.job_id, taken.worker, made, until):
                raise _CalledOff
            day = clock.day_in_japan(until).isoformat()
            await notifications.enqueue(tx, "export_ready", day=day)
    finally:
        forms.abandon()


async def _all(
    taken: Taken, forms: Forms, locale: str, categories: Counter[str], person: asyncpg.Record
) -> None:
    actor = taken.actor
    if actor.participant_id is None:
        raise NotFound
    consent = None
    if actor.powers is None or Power.SETTINGS in actor.powers:
        _, text = await exchange.current(actor)
        consent = decoded(text)
    done, total, saved = 0, sum(categories.values()), -SAVE_SECONDS
    async with unit_of_work(actor) as tx:
        reader = await reading.reader_in(tx, actor, locale, is_safe=actor.is_safe)
        rows = await queries.books(tx, most_shown(actor))
    told = await reading.told(actor, reader, rows)
    books = {
        str(row["record_id"]): reader.read(row, each).resource
        for row, each in zip(rows, told, strict=True)
    }
    forms.about(patient(actor.participant_id, [], person), books, consent)
    for category in rules.in_order(categories):
        forms.begin(category, label(directory.profile(), "category", category, locale))
        after = queries.START
        while True:
            async with unit_of_work(actor) as tx:
                rows = await queries.piece(tx, most_shown(actor), category, after, AT_ONCE)
            if not rows:
                break
            told = await reading.told(actor, reader, rows)
            await asyncio.to_thread(_add, forms, reader, rows, told)
            done += len(rows)
            after = Place(rows[-1]["effective_on"], rows[-1]["record_id"])
            if time.monotonic() - saved >= SAVE_SECONDS:
                async with unit_of_work(actor) as tx:
                    is_ours = await queries.save(
                        tx, taken.job_id, taken.worker, category, done, total, LEASE_SECONDS
                    )
                if not is_ours:
                    raise _CalledOff
                saved = time.monotonic()
            if len(rows) < AT_ONCE:
                break


def _add(
    forms: Forms, reader: reading.Reader, rows: list[asyncpg.Record], told: list[reading.Told]
) -> None:
    read = [reader.read(row, each) for row, each in zip(rows, told, strict=True)]
    forms.add([each.resource for each in read], [each.line for each in read])


def _instant() -> str:
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
