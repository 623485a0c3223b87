"""One patient's readable messages applied, order by order: what is shown, what is taken back."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.records.ssmix2 import path, queries, reading
from api.records.ssmix2.accounting import Outcome, State
from api.records.ssmix2.aside import file_row
from api.records.ssmix2.lifecycle import Offered, Standing, Step, next_step
from api.records.ssmix2.lying import names_of
from api.records.ssmix2.path import LIVE, OrderKey
from api.records.ssmix2.queries import OrderRow
from api.records.ssmix2.reading import Left, Read
from api.records.ssmix2.sending import Judged, Sending, Settled
from api.records.ssmix2.shelf import PATIENT_KEY, Shelf


async def apply_in(
    tx: Transaction,
    sending: Sending,
    patient: str,
    shelf: Shelf,
    good: Sequence[Judged],
    settled: Settled,
) -> None:
    """Writes what became of each order into `shelf` and `settled`, and our books of it."""
    by_key: dict[OrderKey, list[Judged]] = {}
    for each in good:
        by_key.setdefault(each.lying.name.key, []).append(each)
    standing = {
        OrderKey(row["on_date"], row["type"], row["order_number"]): row
        for row in await queries.orders(tx, patient, list(by_key))
    }
    held = {
        key: dict(zip(row["parts"], row["record_ids"], strict=True))
        for key, row in standing.items()
    }
    held |= await _by_name(tx, sending, patient, [key for key in by_key if key not in standing])
    ids = [record_id for parts in held.values() for record_id in parts.values()]
    if any(key.type == "ADT-00" for key in by_key):
        shelf.patient = await queries.standing_patient(tx, PATIENT_KEY)
        ids += [shelf.patient] if shelf.patient else []
    if ids:
        shelf.hold(await queries.newest_versions(tx, ids))
    orders = []
    for key, several in by_key.items():
        row, parts = standing.get(key), held.get(key, {})
        order = _apply_order(sending, patient, key, row, parts, several, shelf, settled)
        if order is not None:
            orders.append(order)
    if orders:
        await queries.put_orders(tx, orders)


async def _by_name(
    tx: Transaction, sending: Sending, patient: str, keys: Sequence[OrderKey]
) -> dict[OrderKey, dict[str, UUID]]:
    """What stands of orders our books of this participant do not hold."""
    if not keys:
        return {}
    named = {reading.order_name(patient, key): key for key in keys}
    found: dict[OrderKey, dict[str, UUID]] = {}
    system = reading.order_system(sending.system)
    for row in await queries.standing_under(tx, system, list(named)):
        *order, part = row["identifier_value"].split("/", 4)
        found.setdefault(named["/".join(order)], {})[part] = row["record_id"]
    return found


def _apply_order(
    sending: Sending,
    patient: str,
    key: OrderKey,
    row: asyncpg.Record | None,
    ids: dict[str, UUID],
    several: Sequence[Judged],
    shelf: Shelf,
    settled: Settled,
) -> OrderRow | None:
    offered = [
        Offered(each.lying.name.stamp, _flag(each), each.lying.digest, place)
        for place, each in enumerate(several)
    ]
    before = Standing(row["stamp"], row["flag"], row["digest"]) if row is not None else None
    step = next_step(before, offered)
    written = dict.fromkeys(range(len(several)), 0)
    if step.deed == "show":
        for version in (*step.history, step.newest):
            if version is not None:
                is_shown = version is step.newest
                count = _show(sending, several[version.place], ids, shelf, is_shown=is_shown)
                written[version.place] = count
    elif step.deed == "withdraw":
        for record_id in ids.values():
            shelf.take_back(record_id)
    for place, each in enumerate(several):
        _say(patient, each, _state(each, place, step, before), written[place], settled)
    if step.deed == "nothing" or step.newest is None:
        return None
    newest = step.newest
    return OrderRow(
        patient, *key, newest.stamp, newest.flag, newest.digest, list(ids), list(ids.values())
    )


def _show(
    sending: Sending, judged: Judged, ids: dict[str, UUID], shelf: Shelf, *, is_shown: bool
) -> int:
    """Puts a version's records on the shelf, and takes back what the newest leaves out. How many
    versions of records it came to."""
    if not isinstance(judged.read, Read):
        return 0
    before = shelf.written
    if is_shown:
        named = {item.name for item in judged.read.items}
        for name, record_id in ids.items():
            if name not in named:
                shelf.take_back(record_id)
    for item in judged.read.items:
        identifier = reading.identifier(judged.lying.name, item.name, sending.system)
        ids[item.name] = shelf.put(ids.get(item.name), item, identifier, is_shown=is_shown)
    return shelf.written - before


def _flag(judged: Judged) -> str:
    is_withdrawn = isinstance(judged.read, Read) and judged.read.is_withdrawn
    return path.DELETED if is_withdrawn else judged.lying.name.flag


def _state(judged: Judged, place: int, step: Step, before: Standing | None) -> State:
    flag = _flag(judged)
    if flag == path.DELETED:
        return "deleted"
    is_newest = step.deed == "show" and step.newest is not None and step.newest.place == place
    version = (judged.lying.name.stamp, flag, judged.lying.digest)
    stands = step.deed == "nothing" and version == before
    if flag == LIVE and (is_newest or stands):
        is_text = isinstance(judged.read, Read) and judged.read.is_text
        return "text" if is_text else "stored"
    return "superseded"


def _say(patient: str, judged: Judged, state: State, written: int, settled: Settled) -> None:
    lying = judged.lying
    left = judged.read.left if isinstance(judged.read, Read) else Left()
    settled.files.append(file_row(patient, lying, state, left))
    shown: State = "unchanged" if state in ("stored", "text") and not written else state
    settled.outcomes.append(
        Outcome(lying.found.relative, shown, records=written, remains=names_of(left))
    )
    settled.outcomes += (Outcome(each.relative, "superseded") for each in lying.copies)
