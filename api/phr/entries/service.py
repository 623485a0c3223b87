"""Writing, reading, changing and removing entries; what they mean their books know.

Reading one's own entries writes no row of the access log; a proxy's look does. Each write and each
removal is an event, by kind and number, never by content.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID, uuid5

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import keystore
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.consent.facts import NORMAL, SECRET
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.phr.entries import kinds as pure
from api.phr.entries import queries, sealing
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.kinds import JAPAN, PROVENANCE, SOURCE, By, Json, Kind, Values
from api.phr.entries.queries import Row

MOST: Final = 2000
# Others are served between so many sealed or opened.
_IN_ONE_GO: Final = 250


class Entry(NamedTuple):
    """`values` as the form takes them, with "on" and "time"; absent ones are left out."""

    entry_id: UUID
    kind: str
    book: str
    version: int
    on: date
    at: datetime | None
    values: dict[str, str]
    by: By
    device: str
    written_at: datetime
    is_restricted: bool


class Newest(NamedTuple):
    """What was written last of a kind, by the title that stands unsealed."""

    kind: str
    title: str
    written_at: datetime
    entries: int


class Wish(NamedTuple):
    """A new entry, or with `entry_id` a change of the one whose version is `version`.

    `key`: a name of the sender's own; what came under it already is left as it is. `sure` says yes
    to odd values, as `Typed.sure`; with `is_sure` nothing odd is asked about (what a device
    measured, what was asked about before). `is_read`: the fields are what `kinds.read` made of them
    just now, without a fault and with nothing odd to ask about. `least`: at least so delicate from
    now on.
    """

    kind: Kind
    fields: Values
    book: str = ""
    sure: str = ""
    entry_id: UUID | None = None
    version: int = 0
    by: By = "self"
    device: str = ""
    key: str = ""
    is_sure: bool = False
    is_read: bool = False
    least: int = NORMAL


async def write(actor: Actor, wish: Wish) -> Entry:
    """Raises `EntryFaults`, `EntryChanged`, `NotTakingPart`, and `NotFound` for a change of what is
    not there."""
    async with unit_of_work(actor) as tx:
        (entry,) = await write_all_in(tx, actor, [wish])
    return entry


async def write_all_in(tx: Transaction, actor: Actor, wishes: Sequence[Wish]) -> list[Entry]:
    """All or none, one event; raises as `write`, `EntryFaults.place` is the wish at fault."""
    level = await _open(tx)
    known = await _known(tx, actor, wishes)
    subject = _subject(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject], is_writing=True))[subject]
    now, today = clock.now(), clock.now().astimezone(JAPAN)
    entries, rows = list[Entry](), list[Row]()
    for place, wish in enumerate(wishes):
        if place % _IN_ONE_GO == _IN_ONE_GO - 1:
            await asyncio.sleep(0)
        if ":" in wish.book:  # it would part the identifier elsewhere
            raise NotFound
        entry_id = _id_of(subject, wish)
        before = known.get(entry_id) if entry_id else None
        if before is not None and wish.key and wish.entry_id is None:
            entries.append(_entry(before, wish.kind, subject, cipher))
            continue
        _check(wish, before)
        if wish.is_read:
            typed = pure.Typed(dict(wish.fields), {}, {})
        else:
            typed = pure.read(wish.kind, wish.fields, today.date(), today.time())
        is_odd = bool(typed.odd) and not wish.is_sure and wish.sure != typed.sure
        if typed.faults or is_odd:
            raise EntryFaults(typed.faults, typed.odd, typed.sure, typed.values, place, wish.kind)
        by: By = "proxy" if wish.by == "self" and actor.is_proxy else wish.by
        book = before["identifier_value"].split(":")[1] if before is not None else wish.book
        version = before["version"] + 1 if before is not None else 1
        sensitivity = max(before["sensitivity"] if before is not None else level, wish.least)
        number = entry_id or uuid7()
        values = {name: value for name, value in typed.values.items() if value}
        at = _moment(values)
        resource = with_head(
            pure.resource_of(wish.kind, values, number, book, subject, by, wish.device),
            number,
            version,
            now,
            by,
        )
        row = Row(
            record_id=number,
            version=version,
            resource_type=wish.kind.resource_type,
            category=wish.kind.category,
            sensitivity=sensitivity,
            effective_on=date.fromisoformat(values["on"]),
            effective_at=at,
            recorded_at=now,
            identifier_value=pure.name_of(wish.kind, book, number),
            title=wish.kind.title,
            body=sealing.sealed(cipher, subject, resource),
        )
        rows.append(row)
        entry = Entry(
            number, wish.kind.name, book, version, row.effective_on, at, values, by,
            wish.device, now, sensitivity == SECRET,
        )  # fmt: skip
        entries.append(entry)
        known[number] = row._asdict()
    if rows:
        if older := [row.record_id for row in rows if row.version > 1]:
            await queries.supersede(tx, older)
        await queries.add(tx, rows)
        await note_in(tx, EventName.OWN_RECORD_ADDED, (_Line(*row[:1], *row[2:4]) for row in rows))
    return entries


async def entries(
    actor: Actor,
    kinds: Sequence[Kind],
    *,
    book: str | None = None,
    since: date | None = None,
    until: date | None = None,
    most: int = MOST,
) -> list[Entry]:
    """Newest day first."""
    async with unit_of_work(actor) as tx:
        return await entries_in(tx, actor, kinds, book=book, since=since, until=until, most=most)


async def entries_in(
    tx: Transaction,
    actor: Actor,
    kinds: Sequence[Kind],
    *,
    book: str | None = None,
    since: date | None = None,
    until: date | None = None,
    most: int = MOST,
) -> list[Entry]:
    names = [each.name for each in kinds]
    shown = _most_shown(actor)
    rows = await queries.listed(tx, names, book, since, until, shown, most)
    return await _read(tx, actor, kinds, rows)


async def unshown_in(tx: Transaction, actor: Actor, kinds: Sequence[Kind]) -> list[Entry]:
    """To decide something by: nothing of them is shown, so nobody looked."""
    names = [each.name for each in kinds]
    rows = await queries.listed(tx, names, None, None, None, _most_shown(actor), MOST)
    return await _read(tx, actor, kinds, rows, is_shown=False)


async def newest_in(tx: Transaction, actor: Actor) -> list[Newest]:
    """One for each kind there is an entry of."""
    rows = await queries.newest(tx, _most_shown(actor))
    if rows and actor.is_proxy:
        seen = [_Line(row["record_id"], row["resource_type"], row["category"]) for row in rows]
        await note_in(tx, EventName.PROXY_LOOKED, seen)
    return [Newest(row["kind"], row["title"], row["recorded_at"], row["entries"]) for row in rows]


async def one(actor: Actor, kinds: Sequence[Kind], entry_id: UUID) -> Entry:
    """As it stands. Raises `NotFound`, alike for absent, somebody else's, another kind's."""
    async with unit_of_work(actor) as tx:
        return await one_in(tx, actor, kinds, entry_id)


async def one_in(tx: Transaction, actor: Actor, kinds: Sequence[Kind], entry_id: UUID) -> Entry:
    rows = await queries.current(tx, [entry_id], _most_shown(actor))
    found = await _read(tx, actor, kinds, rows)
    if not found:
        raise NotFound
    return found[0]


async def several_in(
    tx: Transaction, actor: Actor, kinds: Sequence[Kind], entry_ids: Sequence[UUID]
) -> list[Entry]:
    """Those of them that are there, as they stand."""
    rows = await queries.current(tx, entry_ids, _most_shown(actor))
    return await _read(tx, actor, kinds, rows)


async def history(actor: Actor, kinds: Sequence[Kind], entry_id: UUID) -> list[Entry]:
    """Every version, the newest first. Raises as `one`."""
    async with unit_of_work(actor) as tx:
        rows = await queries.versions(tx, entry_id, _most_shown(actor))
        found = await _read(tx, actor, kinds, rows)
    if not found:
        raise NotFound
    return found


async def remove(actor: Actor, entry_id: UUID) -> None:
    """Every version, for good. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await remove_in(tx, actor, [entry_id])


async def remove_in(tx: Transaction, actor: Actor, entry_ids: Sequence[UUID]) -> int:
    await stored.locked_settings_in(tx)
    gone = await queries.remove(tx, entry_ids, None, _most_shown(actor))
    if not gone:
        raise NotFound
    await note_in(tx, EventName.OWN_RECORD_REMOVED, [_Line(*row.values()) for row in gone])
    return len(gone)


async def remove_book_in(tx: Transaction, actor: Actor, book: str) -> int:
    """All entries of a book; 0 where there is none."""
    await stored.locked_settings_in(tx)
    gone = await queries.remove(tx, None, book, _most_shown(actor))
    if gone:
        await note_in(tx, EventName.OWN_RECORD_REMOVED, [_Line(*row.values()) for row in gone])
    return len(gone)


async def sealed_in(tx: Transaction, texts: Sequence[str]) -> list[str]:
    """Resources as they are to be stored in the transaction's subject's own name."""
    subject = _subject(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject], is_writing=True))[subject]
    return [sealing.sealed(cipher, subject, pure.decoded(text)) for text in texts]


async def opened_in(tx: Transaction, text: str) -> str:
    """What is stored of the transaction's subject, as it was written."""
    if not sealing.is_sealed(text):
        return text
    subject = _subject(tx)
    ciphers = await keystore.phr_ciphers(tx.connection, [subject])
    return sealing.opened(ciphers.get(subject), subject, text)


async def opened_rows_in(
    tx: Transaction, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The same of rows with a `body`, of the transaction's subject all."""
    found = list[Mapping[str, Any]]()
    for row in rows:
        body = row["body"]
        if body and sealing.is_sealed(body):
            found.append(dict(row) | {"body": await opened_in(tx, body)})
        else:
            found.append(row)
    return found


class _Line(NamedTuple):
    """A record as an event counts it."""

    record_id: UUID
    resource_type: str
    category: str


async def note_in(tx: Transaction, event: EventName, lines: Iterable[_Line]) -> None:
    records = list(lines)
    counts = Counter((each.resource_type, each.category) for each in records)
    said = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    detail: dict[str, Any] = {"resources": said, "ids": [each.record_id for each in records]}
    await access_log.append(tx, event, detail=detail)


async def _open(tx: Transaction) -> int:
    """Holds the participant still; the least sensitivity they chose for new records."""
    state = await stored.locked_settings_in(tx)
    if state is None or state.participation.state in ("refused", "withdrawn"):
        raise NotTakingPart
    return state.directive.incoming_level


async def _known(
    tx: Transaction, actor: Actor, wishes: Sequence[Wish]
) -> dict[UUID, Mapping[str, Any]]:
    subject = _subject(tx)
    asked = [each for wish in wishes if (each := _id_of(subject, wish)) is not None]
    if not asked:
        return {}
    rows = await queries.current(tx, asked, _most_shown(actor))
    return {row["record_id"]: row for row in rows}


def _check(wish: Wish, before: Mapping[str, Any] | None) -> None:
    if wish.entry_id is None:
        return
    if before is None or before["identifier_value"].split(":")[0] != wish.kind.name:
        raise NotFound
    if before["version"] != wish.version:
        raise EntryChanged


def _id_of(subject: UUID, wish: Wish) -> UUID | None:
    if wish.entry_id is not None:
        return wish.entry_id
    return id_of_key(subject, wish.kind, wish.key) if wish.key else None


def id_of_key(participant_id: UUID, kind: Kind, key: str) -> UUID:
    """The id of what comes under a sender's own name for it."""
    return uuid5(participant_id, f"{kind.name}\0{key}")


def _subject(tx: Transaction) -> UUID:
    if tx.subject is None:
        raise NotFound
    return tx.subject


def _most_shown(actor: Actor) -> int:
    """A minor's restricted entries are not for who acts for them."""
    return SECRET if actor.is_shown_restricted else NORMAL


def _moment(values: Values) -> datetime | None:
    if not values.get("time"):
        return None
    return datetime.fromisoformat(f"{values['on']}T{values['time']}").replace(tzinfo=JAPAN)


def with_head(resource: Json, entry_id: UUID, version: int, at: datetime, by: By) -> Json:
    own = dict(resource)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
    meta = {
        "versionId": str(version),
        "lastUpdated": stamp,
        "source": SOURCE,
        "tag": [*own.pop("meta", {}).get("tag", ()), {"system": PROVENANCE, "code": by}],
    }
    head = {"resourceType": own.pop("resourceType"), "id": str(entry_id), "meta": meta}
    return head | own


async def _read(
    tx: Transaction,
    actor: Actor,
    kinds: Sequence[Kind],
    rows: Sequence[asyncpg.Record],
    *,
    is_shown: bool = True,
) -> list[Entry]:
    by_name = {each.name: each for each in kinds}
    wanted = [row for row in rows if row["identifier_value"].split(":")[0] in by_name]
    if not wanted:
        return []
    subject = _subject(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject])).get(subject)
    found = list[Entry]()
    for place, row in enumerate(wanted):
        if place % _IN_ONE_GO == _IN_ONE_GO - 1:
            await asyncio.sleep(0)
        kind = by_name[row["identifier_value"].split(":")[0]]
        found.append(_entry(row, kind, subject, cipher))
    if actor.is_proxy and is_shown:
        seen = {
            row["record_id"]: _Line(
                row["record_id"],
                by_name[row["identifier_value"].split(":")[0]].resource_type,
                by_name[row["identifier_value"].split(":")[0]].category,
            )
            for row in wanted
        }
        await note_in(tx, EventName.PROXY_LOOKED, seen.values())
    return found


def _entry(row: Mapping[str, Any], kind: Kind, subject: UUID, cipher: AESGCM | None) -> Entry:
    body = pure.decoded(sealing.opened(cipher, subject, row["body"]))
    tags = body["meta"]["tag"]
    by = next(tag["code"] for tag in tags if tag["system"] == PROVENANCE)
    return Entry(
        entry_id=row["record_id"],
        kind=kind.name,
        book=row["identifier_value"].split(":")[1],
        version=row["version"],
        on=row["effective_on"],
        at=row["effective_at"],
        values=pure.values_of(kind, body),
        by=cast(By, by),
        device=str(body.get("device", {}).get("display", "")) if by == "device" else "",
        written_at=row["recorded_at"],
        is_restricted=row["sensitivity"] == SECRET,
    )
