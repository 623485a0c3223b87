"""Entries written, changed and removed: all that is asked for at once, or nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import keystore
from api.access_log.events import EventName
from api.consent import stored
from api.consent.facts import SECRET
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.phr.entries import asking, once, queries, sealing
from api.phr.entries import kinds as pure
from api.phr.entries.entry import Entry, Wish, book_of, entry_of, id_of_key, kind_of, with_head
from api.phr.entries.errors import EntryChanged, EntryFaults
from api.phr.entries.kinds import JAPAN, By, Values
from api.phr.entries.queries import Row
from api.phr.entries.standing import Line, hold_in, most_shown, note_in, subject_of
from api.phr.entries.typed import Typed, read

# Others are served between so many sealed.
_IN_ONE_GO: Final = 250


class _Writer(NamedTuple):
    """Who writes whose, under which key, when, and how delicate new entries are at least."""

    actor: Actor
    subject: UUID
    cipher: AESGCM
    now: datetime
    level: int


async def write(actor: Actor, wish: Wish) -> Entry:
    """Raises `EntryFaults`, `EntryChanged`, `NotTakingPart`, and `NotFound` for a change of what is
    not there. A change that is there already, word for word and of the same version, is itself."""
    async with unit_of_work(actor) as tx:
        (entry,) = await write_all_in(tx, actor, [wish])
    return entry


async def write_all_in(tx: Transaction, actor: Actor, wishes: Sequence[Wish]) -> list[Entry]:
    """All or none, one event; raises as `write`, `EntryFaults.place` is the wish at fault."""
    level = await hold_in(tx)
    subject = subject_of(tx)
    if len(wishes) <= once.MOST:
        wishes = [once.keyed(each) for each in wishes]
    ids = [_id_of(subject, each) for each in wishes]
    known = await _known(tx, actor, [each for each in ids if each is not None])
    cipher = (await keystore.phr_ciphers(tx.connection, [subject], is_writing=True))[subject]
    writer = _Writer(actor, subject, cipher, clock.now(), level)
    entries, rows = list[Entry](), list[Row]()
    for place, (wish, entry_id) in enumerate(zip(wishes, ids, strict=True)):
        if place % _IN_ONE_GO == _IN_ONE_GO - 1:
            await asyncio.sleep(0)
        if ":" in wish.book:  # it would part the identifier elsewhere
            raise NotFound
        before = known.get(entry_id) if entry_id else None
        if before is not None and wish.key and wish.entry_id is None:
            entries.append(entry_of(before, wish.kind, subject, cipher))
            continue
        _check(wish, before)
        if before is not None and wish.version == before["version"] - 1:
            entries.append(_said_already(writer, wish, place, before))
            continue
        typed = _typed(wish, writer.now.astimezone(JAPAN))
        if wish.kind.leaps is not None and not wish.is_read:
            was = entry_of(before, wish.kind, subject, cipher) if before else None
            typed = await asking.asked_in(tx, actor, wish, typed, was)
        values = _kept(wish, place, typed)
        row, entry = _following(writer, wish, values, entry_id or uuid7(), before)
        rows.append(row)
        entries.append(entry)
        if entry_id is not None:  # it may be named again
            known[entry_id] = row._asdict()
    if rows:
        if older := [row.record_id for row in rows if row.version > 1]:
            await queries.supersede(tx, older)
        await queries.add(tx, rows)
        lines = [Line(row.record_id, row.resource_type, row.category) for row in rows]
        await note_in(tx, EventName.OWN_RECORD_ADDED, lines)
    return entries


async def remove(actor: Actor, entry_id: UUID) -> None:
    """Every version, for good. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await remove_in(tx, actor, [entry_id])


async def remove_in(
    tx: Transaction,
    actor: Actor,
    entry_ids: Sequence[UUID],
    version: int | None = None,
    book: str = "",
) -> int:
    """How many, every version of each. `version`: the one that was shown of the first; `book`: the
    name they are removed under. Raises `NotFound` where none of them is there, and as
    `unchanged_in`."""
    await stored.locked_settings_in(tx)
    await unchanged_in(tx, actor, entry_ids[0], version)
    gone = await queries.remove(tx, entry_ids, None, most_shown(actor))
    if not gone:
        raise NotFound
    await note_in(tx, EventName.OWN_RECORD_REMOVED, [Line(*row.values()) for row in gone], book)
    return len(gone)


async def unchanged_in(tx: Transaction, actor: Actor, entry_id: UUID, version: int | None) -> None:
    """From here to the end of the transaction. Raises `EntryChanged` where another version stands
    by now; of any without a version."""
    if version is None:
        return
    await stored.locked_settings_in(tx)
    rows = await queries.current(tx, [entry_id], most_shown(actor))
    if any(row["version"] != version for row in rows):
        raise EntryChanged


async def remove_book_in(tx: Transaction, actor: Actor, book: str) -> int:
    """All entries of a book; 0 where there is none."""
    await stored.locked_settings_in(tx)
    gone = await queries.remove(tx, None, book, most_shown(actor))
    if gone:
        lines = [Line(*row.values()) for row in gone]
        await note_in(tx, EventName.OWN_RECORD_REMOVED, lines, book)
    return len(gone)


async def _known(
    tx: Transaction, actor: Actor, entry_ids: Sequence[UUID]
) -> dict[UUID, Mapping[str, Any]]:
    if not entry_ids:
        return {}
    rows = await queries.current(tx, entry_ids, most_shown(actor))
    return {row["record_id"]: row for row in rows}


def _id_of(subject: UUID, wish: Wish) -> UUID | None:
    if wish.entry_id is not None:
        return wish.entry_id
    return id_of_key(subject, wish.kind, wish.key) if wish.key else None


def _check(wish: Wish, before: Mapping[str, Any] | None) -> None:
    if wish.entry_id is None:
        return
    if before is None or kind_of(before) != wish.kind.name:
        raise NotFound
    if before["version"] not in (wish.version, wish.version + 1):
        raise EntryChanged


def _said_already(writer: _Writer, wish: Wish, place: int, before: Mapping[str, Any]) -> Entry:
    """The entry as it stands, where the version after the corrected one says just what is wished: a
    tap too many, or an answer that was lost on its way. What is odd was asked about then. Raises
    `EntryChanged` for anything else."""
    entry = entry_of(before, wish.kind, writer.subject, writer.cipher)
    try:
        typed = _typed(wish, writer.now.astimezone(JAPAN))
        values = _kept(wish._replace(is_sure=True), place, typed)
    except EntryFaults:
        raise EntryChanged from None
    is_as_delicate = _level(writer, wish, before) == before["sensitivity"]
    if values != entry.values or not is_as_delicate:
        raise EntryChanged
    return entry


def _typed(wish: Wish, now: datetime) -> Typed:
    if wish.is_read:
        return Typed(dict(wish.fields), {}, {})
    return read(wish.kind, wish.fields, now.date(), now.time())


def _kept(wish: Wish, place: int, typed: Typed) -> Values:
    """What is to be kept, without fault and nothing odd left to ask about."""
    is_odd = bool(typed.odd) and not wish.is_sure and wish.sure != typed.sure
    if typed.faults or is_odd:
        raise EntryFaults(
            typed.faults, typed.odd, typed.sure, typed.values, place, wish.kind, typed.beside
        )
    return {name: value for name, value in typed.values.items() if value}


def _following(
    writer: _Writer,
    wish: Wish,
    values: Values,
    entry_id: UUID,
    before: Mapping[str, Any] | None,
) -> tuple[Row, Entry]:
    """The first version, or the one after `before`."""
    by: By = "proxy" if wish.by == "self" and writer.actor.is_proxy else wish.by
    book = wish.book if before is None else book_of(before)
    version = 1 if before is None else before["version"] + 1
    sensitivity = _level(writer, wish, before)
    resource = pure.resource_of(wish.kind, values, entry_id, book, writer.subject, by, wish.device)
    headed = with_head(resource, entry_id, version, writer.now, by)
    row = Row(
        record_id=entry_id,
        version=version,
        resource_type=wish.kind.resource_type,
        category=wish.kind.category,
        sensitivity=sensitivity,
        effective_on=date.fromisoformat(values["on"]),
        effective_at=_moment(values),
        recorded_at=writer.now,
        identifier_value=pure.name_of(wish.kind, book, entry_id),
        title=wish.kind.title,
        body=sealing.sealed(writer.cipher, writer.subject, headed),
    )
    entry = Entry(
        entry_id=entry_id,
        kind=wish.kind.name,
        book=book,
        version=version,
        on=row.effective_on,
        at=row.effective_at,
        values=dict(values),
        by=by,
        device=wish.device,
        written_at=writer.now,
        is_restricted=sensitivity == SECRET,
        level=sensitivity,
    )
    return row, entry


def _level(writer: _Writer, wish: Wish, before: Mapping[str, Any] | None) -> int:
    level = writer.level if before is None else before["sensitivity"]
    return min(max(level, wish.least), wish.most)


def _moment(values: Values) -> datetime | None:
    if not values.get("time"):
        return None
    return datetime.fromisoformat(f"{values['on']}T{values['time']}").replace(tzinfo=JAPAN)
