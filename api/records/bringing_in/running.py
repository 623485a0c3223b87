"""Storing what was looked at and wished for: in one transaction, all of it or nothing."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import keystore
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Problem
from api.core.logging import log
from api.phr import noting
from api.phr.entries import sealing
from api.phr.maternal import kinds as maternal
from api.phr.maternal import minors
from api.records.bringing_in import queries, service
from api.records.bringing_in.planning import Planned, Taking, renamed
from api.records.bringing_in.queries import Row
from api.records.taking_out import files, rules, sealed_file
from api.records.taking_out.running import Taken, taken_of
from notifications import service as notifications

LEASE_SECONDS: Final = 120
AT_ONCE: Final = 500
# Of a whole life the log names how many of what; of a few, which.
MOST_NAMED: Final = 200


async def take(worker: UUID) -> Taken | None:
    async with unit_of_work(OPERATOR) as tx:
        row = await queries.take(tx, worker, LEASE_SECONDS)
    return None if row is None else taken_of(row, worker)


async def work(taken: Taken) -> None:
    """Until it is stored, or given up: then nothing of it is."""
    try:
        if taken.attempts > rules.MOST_TRIES:
            raise NotFound
        await _stored(taken)
    except (Problem, sealed_file.Broken, OSError) as error:
        log.error("records:own_import:failed", error=type(error).__name__)
        with suppress(NotFound):  # of a proxy, too, who may no more
            async with unit_of_work(taken.actor) as tx:
                await queries.turn(tx, taken.job_id, service.OPEN, "failed")
                await notifications.enqueue(tx, "import_failed")
    await asyncio.to_thread(files.remove, taken.job_id)


async def _stored(taken: Taken) -> None:
    actor = taken.actor
    async with unit_of_work(actor) as tx:
        key = await queries.file_key(tx, taken.job_id)
        if key is None:
            return
        body = await asyncio.to_thread(_taken_up, taken.job_id, key)
        plan, level = await service.plan_in(tx, actor, body)
        if tx.subject is None:
            raise NotFound
        if plan.taking:
            ciphers = await keystore.phr_ciphers(tx.connection, [tx.subject], is_writing=True)
            of_pregnancy = max(level, await minors.least_in(tx, actor))
            for some in _pieces(plan.taking):
                rows = await asyncio.to_thread(
                    _rows, some, plan, (level, of_pregnancy), ciphers[tx.subject], actor
                )
                await queries.add_records(tx, rows)
            await _note(tx, plan)
            await noting.note_all_in(tx, actor)
        counts = msgspec.json.encode(plan.counts).decode()
        if not await queries.turn(tx, taken.job_id, ["running"], "done", counts):
            raise NotFound
        await notifications.enqueue(tx, "import_done", count=plan.counts.total)


def _taken_up(import_id: UUID, key: bytes) -> bytes:
    path = files.folder_of(import_id) / service.FILE
    return b"".join(sealed_file.read(path, sealed_file.key_of(key, service.FILE)))


def _pieces(taking: Sequence[Taking]) -> Iterator[Sequence[Taking]]:
    for start in range(0, len(taking), AT_ONCE):
        yield taking[start : start + AT_ONCE]


def _rows(
    taking: Sequence[Taking],
    plan: Planned,
    levels: tuple[int, int],
    cipher: AESGCM,
    actor: Actor,
) -> list[Row]:
    subject = actor.participant_id
    if subject is None:
        raise NotFound
    now = clock.now()
    today = clock.day_in_japan(now)
    return [
        Row(
            record_id=each.record_id,
            resource_type=each.item.resource_type,
            category=each.item.category,
            sensitivity=max(each.item.level, levels[each.item.category == maternal.CATEGORY]),
            effective_on=each.item.on or today,
            effective_at=each.item.at,
            recorded_at=now,
            marks=" ".join(sorted(each.item.marks)),
            identifier_system=each.system,
            identifier_value=each.value,
            title=each.item.title,
            body=sealing.sealed(
                cipher,
                subject,
                renamed(each, plan.renaming, now, is_by_proxy=actor.is_proxy),
            ),
        )
        for each in taking
    ]


async def _note(tx: Transaction, plan: Planned) -> None:
    kinds = Counter((each.item.resource_type, each.item.category) for each in plan.taking)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(kinds.items())]
    detail: dict[str, Any] = {"resources": lines}
    detail["ids"] = [each.record_id for each in plan.taking[:MOST_NAMED]]
    await access_log.append(tx, EventName.OWN_RECORD_ADDED, detail=detail)
