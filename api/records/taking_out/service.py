"""A participant takes theirs out: asking for it, seeing how far it is, fetching, calling it off.

The work itself is done in `running`.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity.keys import stepping_up
from api.phr.entries.paging import USUAL, Page, Place, led_on, moment_of
from api.records.taking_out import files, queries, sealed_file
from api.records.taking_out.errors import EnoughToday, NotReady, OneAtATime, OverAlready
from api.records.taking_out.rules import FORMS, MOST_A_DAY, File, Form, Job, file_name

READY_ON_A_PAGE: Final = 10

# Set when something was asked for in this process: its worker need not wait.
asked = asyncio.Event()


class Overview(NamedTuple):
    """`newest` is the one being made, while one is."""

    newest: Job | None
    ready: Page[Job]


class Fetched(NamedTuple):
    """`pieces` are read as they are handed on."""

    file: File
    name: str
    pieces: Iterator[bytes]


async def start(actor: Actor, locale: str, forms: Sequence[Form] = FORMS) -> UUID:
    """Raises `StepUpNeeded`, `Frozen`, `OneAtATime`, `EnoughToday`."""
    wanted = [each for each in FORMS if each in forms] or list(FORMS)
    try:
        async with unit_of_work(actor) as tx:
            await stepping_up.demand(tx, actor)
            if await queries.recent(tx, clock.now() - timedelta(days=1)) >= MOST_A_DAY:
                raise EnoughToday(3600)
            export_id = await queries.add(
                tx,
                by_name=(actor.name or "")[:200],
                powers=None if actor.powers is None else sorted(actor.powers),
                is_shown_restricted=actor.is_shown_restricted,
                is_safe=actor.is_safe,
                locale=locale,
                forms=wanted,
                file_key=sealed_file.fresh_key(),
            )
    except asyncpg.UniqueViolationError as error:
        raise OneAtATime from error
    asked.set()
    return export_id


async def one(actor: Actor, export_id: UUID) -> Job:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        return await job_in(tx, export_id)


async def listed(actor: Actor, after: str = "", count: int = USUAL) -> Page[Job]:
    """The newest first. Raises `UnknownPage`."""
    place = moment_of(after)
    async with unit_of_work(actor) as tx:
        return _page(await queries.listed(tx, count + 1, *place), count)


async def overview(actor: Actor, after: str = "") -> Overview:
    """Those that can be fetched now, the newest first. Raises `UnknownPage`."""
    place, now = moment_of(after), clock.now()
    async with unit_of_work(actor) as tx:
        newest = await queries.listed(tx, 1, None, None)
        rows = await queries.listed(tx, READY_ON_A_PAGE + 1, *place, ready_at=now)
    return Overview(next((job_of(row) for row in newest), None), _page(rows, READY_ON_A_PAGE))


async def fetch(actor: Actor, export_id: UUID, called: str) -> Fetched:
    """Raises `StepUpNeeded`, `Frozen`, `NotFound`, `NotReady`, `OverAlready`."""
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        job = await job_in(tx, export_id)
        key = await queries.file_key(tx, export_id)
    if job.is_open:
        raise NotReady
    if not job.is_ready(clock.now()) or key is None:
        raise OverAlready
    file = job.file(called)
    if file is None:
        raise NotFound
    path = files.folder_of(export_id) / file.name
    if not await asyncio.to_thread(path.is_file):
        raise OverAlready
    day = clock.day_in_japan(job.requested_at).isoformat()
    part = file.part if job.parts(file.form) > 1 else 0
    pieces = sealed_file.read(path, sealed_file.key_of(key, file.name))
    return Fetched(file, file_name(file.form, day, part), pieces)


async def cancel(actor: Actor, export_id: UUID) -> None:
    """Nothing of it can be fetched any more; done twice it is done once. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await job_in(tx, export_id)
        await queries.end(tx, export_id, "cancelled")
    await asyncio.to_thread(files.remove, export_id)


async def job_in(tx: Transaction, export_id: UUID) -> Job:
    row = await queries.one(tx, export_id)
    if row is None:
        raise NotFound
    return job_of(row)


def _page(rows: Sequence[asyncpg.Record], count: int) -> Page[Job]:
    return led_on([job_of(row) for row in rows], count, _place)


def _place(job: Job) -> Place:
    return Place(clock.day_in_japan(job.requested_at), job.requested_at, job.export_id)


def job_of(row: asyncpg.Record) -> Job:
    fields = {name: row[name] for name in Job.__struct_fields__}
    fields["files"] = msgspec.json.decode(row["files"], type=tuple[File, ...])
    return Job(**fields)
