"""A participant brings in what they took out elsewhere: looking at it, wishing for it, the list.

The file lies sealed on the disk from the look to the end; storing itself is done in `running`.
"""

import asyncio
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.phr.entries.errors import NotTakingPart
from api.phr.entries.paging import USUAL, Page, Place, led_on, moment_of
from api.phr.maternal import aside
from api.records import queries as record_queries
from api.records.bringing_in import queries, reading
from api.records.bringing_in.errors import FileRefused, NotWaiting
from api.records.bringing_in.planning import Counts, Here, Planned, planned
from api.records.bringing_in.reading import NotRead, Person
from api.records.taking_out import files, sealed_file
from api.records.taking_out import service as taking_out
from api.records.taking_out.held import held_in

State = Literal["looked", "waiting", "running", "done", "cancelled", "failed", "expired"]
FILE: Final = "file"
OPEN: Final = ("looked", "waiting", "running")
WANTED: Final = ("waiting", "running", "done", "failed")


class Import(Struct, frozen=True, kw_only=True):
    """`counts` are those of the look; of one that is done, of what was stored."""

    import_id: UUID
    state: State
    looked_at: datetime
    counts: Counts
    finished_at: datetime | None


async def look(actor: Actor, body: bytes) -> Import:
    """Counts what the file would bring; stores nothing of it. Raises `FileRefused` and
    `NotTakingPart`."""
    found = await _plan(actor, body)
    import_id, key = uuid7(), sealed_file.fresh_key()
    async with unit_of_work(actor) as tx:
        await queries.add(
            tx,
            import_id,
            by_name=(actor.name or "")[:200],
            powers=None if actor.powers is None else sorted(actor.powers),
            is_shown_restricted=actor.is_shown_restricted,
            is_safe=actor.is_safe,
            counts=msgspec.json.encode(found.counts).decode(),
            file_key=key,
        )
        looked = await one_in(tx, import_id)
    # Once it is said that the file is wanted, no sweep takes it away.
    await asyncio.to_thread(_lay_down, import_id, key, body)
    return looked


async def keep(actor: Actor, import_id: UUID) -> None:
    """Stored in the background, all of it or nothing. Raises `NotFound`, `NotWaiting`."""
    async with unit_of_work(actor) as tx:
        await one_in(tx, import_id)
        if not await queries.turn(tx, import_id, ["looked"], "waiting"):
            raise NotWaiting
    taking_out.asked.set()


async def cancel(actor: Actor, import_id: UUID) -> None:
    """Before anything was stored; afterwards nothing is changed. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await one_in(tx, import_id)
        is_over = await queries.turn(tx, import_id, ["looked", "waiting"], "cancelled")
    if is_over:
        await asyncio.to_thread(files.remove, import_id)


async def one(actor: Actor, import_id: UUID) -> Import:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        return await one_in(tx, import_id)


async def listed(actor: Actor, after: str = "", count: int = USUAL) -> Page[Import]:
    """What was stored or is being, the newest first. Raises `UnknownPage`."""
    place = moment_of(after)
    async with unit_of_work(actor) as tx:
        rows = await queries.listed(tx, WANTED, count + 1, *place)
    return led_on([import_of(row) for row in rows], count, _place)


def _place(found: Import) -> Place:
    return Place(clock.day_in_japan(found.looked_at), found.looked_at, found.import_id)


async def one_in(tx: Transaction, import_id: UUID) -> Import:
    row = await queries.one(tx, import_id)
    if row is None:
        raise NotFound
    return import_of(row)


async def plan_in(tx: Transaction, actor: Actor, body: bytes) -> tuple[Planned, int]:
    """What is to be stored, and the least sensitivity of it; the participant is held still.

    Raises as `look`.
    """
    state = await stored.locked_settings_in(tx)
    if state is None or state.participation.state in ("refused", "withdrawn"):
        raise NotTakingPart
    row = await record_queries.person(tx)
    if row is None or tx.subject is None:
        raise NotFound
    person = Person(row["name"], row["name_kana"] or "", row["birth_on"])
    categories = frozenset(each.code for each in directory.profile().categories)
    try:
        found = await asyncio.to_thread(reading.read, body, person, categories)
    except NotRead as error:
        raise FileRefused(error.fault) from None
    if actor.is_proxy:
        found = reading.without_wishes(found)
    here = Here(*await held_in(tx, actor), await aside.open_in(tx, actor))
    plan = await asyncio.to_thread(planned, found, tx.subject, here)
    return plan, state.directive.incoming_level


def import_of(row: asyncpg.Record) -> Import:
    fields = {name: row[name] for name in Import.__struct_fields__}
    fields["counts"] = msgspec.json.decode(row["counts"], type=Counts)
    return Import(**fields)


async def _plan(actor: Actor, body: bytes) -> Planned:
    async with unit_of_work(actor) as tx:
        plan, _ = await plan_in(tx, actor, body)
    return plan


def _lay_down(import_id: UUID, key: bytes, body: bytes) -> None:
    path = files.made(import_id) / FILE
    writer = sealed_file.Writer(path, sealed_file.key_of(key, FILE))
    writer.write(body)
    writer.finish()
