"""One door into the log, and the participant's own view of it."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.access_log import appending, filters, keystore, queries, receipts
from api.access_log.appending import (
    Appended,
    Owed,
    Place,
    append_owed,
    append_owed_alike,
    common,
    common_in_emergency,
    first_access_statement,
    forget_if_gone,
    owed_statement,
    under_profile,
)
from api.access_log.commitments import (
    NONE,
    WHILE_HELD,
    Common,
    Embargo,
    OnBehalf,
    Resources,
    Way,
)
from api.access_log.erasing import Certificate, erase_in, newest_at
from api.access_log.events import EventName
from api.access_log.filters import EVERYTHING, Wanted
from api.access_log.opening import OpenedEvent, log_row, opened, waits_for_a_hold
from api.access_log.rows import LogRow, Withheld
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import Transaction, unit_of_work

__all__ = (
    "NONE",
    "WHILE_HELD",
    "Appended",
    "Certificate",
    "Common",
    "Embargo",
    "LogRow",
    "OnBehalf",
    "OpenedEvent",
    "Owed",
    "Place",
    "Resources",
    "Withheld",
    "append_owed",
    "append_owed_alike",
    "common",
    "common_in_emergency",
    "erase_in",
    "first_access_statement",
    "forget_if_gone",
    "newest_at",
    "owed_statement",
    "under_profile",
)
CHUNK: Final = 200
MONTHS_AHEAD: Final = 12


class LogPage(NamedTuple):
    """Newest first; `total` counts all that match; `before` is where the next page begins, None at
    the end."""

    rows: list[LogRow]
    total: int
    before: int | None


class Named(NamedTuple):
    """Facilities and purposes that the log names, with how many events name each."""

    facilities: Counter[UUID]
    purposes: Counter[str]


async def append(
    tx: Transaction,
    event: EventName,
    *,
    outcome: str = "permitted",
    detail: dict[str, Any],
    undisclosed: dict[str, Any] | None = None,
    on_behalf: OnBehalf | None = None,
    session: str | None = None,
    emergency: str | None = None,
    facility_seq: int | None = None,
    embargo: Embargo | None = None,
) -> Appended:
    """Appends to the log of the transaction's subject, in the name of its actor.

    The event is part of the deed: it commits with the caller's transaction or not at all. Of
    `detail`, `actor` (name, profession, facility, client) adds to what is known of the actor;
    `resources` (type, category, count) and `ids` are the records that were told; `asked`, `basis`,
    `text` and `versions` say why. `undisclosed` (resources, ids) is what the participant is not to
    be told, ever; what `embargo` names, not until its day.
    """
    return await appending.append(
        tx,
        event,
        outcome,
        detail,
        undisclosed,
        on_behalf=on_behalf,
        way=Way(None, session, emergency, facility_seq),
        embargo=embargo,
    )


async def append_system(
    tx: Transaction, event: EventName, *, outcome: str, detail: dict[str, Any]
) -> Appended:
    """Appends an event that concerns no participant."""
    return await appending.append_system(tx, event, outcome, detail)


async def prepare() -> None:
    """Before anybody is served: the key store opens, and the coming months have their tables.

    Raises `SettingFault` when the master key is not the one of this database.
    """
    async with unit_of_work(OPERATOR) as tx:
        await keystore.check(tx.connection)
        await queries.make_months(tx, MONTHS_AHEAD)
        origin = await queries.origin(tx)
    if origin is not None:
        receipts.under_origin(origin)


async def page(
    actor: Actor,
    wanted: Wanted = EVERYTHING,
    *,
    before: int | None = None,
    skip: int = 0,
    count: int = 20,
) -> LogPage:
    """The actor's own log, narrowed."""
    async with unit_of_work(actor) as tx:
        return await page_in(tx, wanted, before=before, skip=skip, count=count)


async def page_in(
    tx: Transaction,
    wanted: Wanted = EVERYTHING,
    *,
    before: int | None = None,
    skip: int = 0,
    count: int = 20,
) -> LogPage:
    bounds = await _bounds(tx, wanted)
    rows = await rows_in(tx, await queries.page(tx, bounds, before, skip, count + 1))
    more = rows[count - 1].number if len(rows) > count else None
    total = queries.matches(tx, bounds) if wanted != EVERYTHING else queries.length(tx)
    return LogPage(rows[:count], await total, more)


async def chunks(
    actor: Actor, wanted: Wanted, *, before: int | None = None, most: int | None = None
) -> AsyncIterator[list[LogRow]]:
    """All that match, newest first, no more than `most`; no transaction is open in between."""
    bounds, left = None, most
    while left is None or left > 0:
        count = CHUNK if left is None else min(CHUNK, left)
        async with unit_of_work(actor) as tx:
            bounds = bounds or await _bounds(tx, wanted)
            rows = await rows_in(tx, await queries.page(tx, bounds, before, 0, count))
        if rows:
            yield rows
        if len(rows) < count:
            return
        before = rows[-1].number
        left = None if left is None else left - count


async def _bounds(tx: Transaction, wanted: Wanted) -> tuple[object, ...]:
    opened = await _once_withheld(tx) if wanted.asks_what else []
    return filters.bounds(wanted, [row.number for row in opened if filters.matches(row, wanted)])


async def _once_withheld(tx: Transaction) -> list[LogRow]:
    """What the columns do not say of these, they say themselves once their day has come."""
    return await rows_in(tx, await queries.withheld(tx))


async def named(actor: Actor) -> Named:
    """What the actor's own log can be narrowed to."""
    async with unit_of_work(actor) as tx:
        rows, opened = await queries.named(tx), await _once_withheld(tx)
    found = Named(Counter(), Counter())
    said = [(row["facility_id"], row["purpose_of_use"], row["events"]) for row in rows]
    said += [(row.facility_id, row.purpose_of_use, 1) for row in opened]
    for facility_id, purpose, events in said:
        if facility_id is not None:
            found.facilities[facility_id] += events
        if purpose is not None:
            found.purposes[purpose] += events
    return found


async def last_look_in(tx: Transaction, before: datetime) -> datetime | None:
    """When somebody of the acting professional's facility last looked at the subject's records, on
    a page, before then; None where nobody did lately."""
    return await queries.last_look(tx, before)


async def length(actor: Actor) -> int:
    """The number of the newest event of the actor's own log."""
    async with unit_of_work(actor) as tx:
        return await queries.length(tx)


async def event_in(tx: Transaction, number: int) -> LogRow | None:
    """One event of the subject's log, by its number."""
    row = await queries.event(tx, number)
    return None if row is None else (await rows_in(tx, [row]))[0]


async def event_of_id_in(tx: Transaction, event_id: UUID) -> LogRow | None:
    """One event of the subject's log, by its id."""
    row = await queries.event_of_id(tx, event_id)
    return None if row is None else (await rows_in(tx, [row]))[0]


async def rows_in(tx: Transaction, rows: list[queries.Record]) -> list[LogRow]:
    """Rows of the transaction's subject, as the participant may read them."""
    today = clock.today_in_japan()
    events = await opened_in(tx, rows)
    since = await queries.kept_back_since(tx) if waits_for_a_hold(events) else None
    found = [
        log_row(row, event, today, since is not None and row["at"] >= since)
        for row, event in zip(rows, events, strict=True)
    ]
    return [_for_proxies(row) for row in found] if tx.acting.is_proxy else found


def _for_proxies(row: LogRow) -> LogRow:
    """That somebody shut out whoever acted for them is not for who acts for them again."""
    if row.event != EventName.SAFE_MODE_CHANGED:
        return row
    return row._replace(event=EventName.WITHHELD, detail={})


async def opened_in(tx: Transaction, rows: list[queries.Record]) -> list[OpenedEvent | None]:
    """All ten fields of rows of the transaction's subject, what is never told included; None where
    the body was erased."""
    ciphers = await keystore.keys_of_subject(tx.connection) if rows else {}
    return [opened(row, ciphers) for row in rows]


async def readers(actor: Actor, *, before: datetime | None = None) -> set[UUID]:
    """Facilities that have read the actor's own records, of late or before a time."""
    async with unit_of_work(actor) as tx:
        rows, opened = await queries.readers(tx, before), await _once_withheld(tx)
    return {row["facility_id"] for row in rows} | {
        row.facility_id
        for row in opened
        if row.facility_id is not None
        and (row.event, row.outcome) == (EventName.RECORD_READ, "permitted")
        and (before is None or row.at < before)
    }


async def began_at(actor: Actor) -> datetime | None:
    """When the actor's own log began."""
    async with unit_of_work(actor) as tx:
        return await queries.began_at(tx)
