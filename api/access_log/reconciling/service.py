"""A facility's day: what the log says it was answered, against the receipts it holds."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from api.access_log import appending
from api.access_log.events import EventName
from api.access_log.reconciling import queries
from api.access_log.showing import service as showing
from api.access_log.verifier import Malformed, Receipt, Vkey, parse_receipt, parse_vkey
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Problem

# Every answer to a facility's system that is about somebody bears a receipt.
WITH_RECEIPT: Final = (
    EventName.RECORD_READ,
    EventName.PARTICIPANT_FOUND,
    EventName.PARTICIPANT_SOUGHT,
    EventName.CONSENT_READ,
)


class DayNotOver(Problem):
    status = 422
    key = "error.receipts.day"


class BadReceipts(Problem):
    """`where` names the first that cannot be read."""

    key = "error.receipts.form"

    def __init__(self, place: int) -> None:
        super().__init__()
        self.members = {"where": [f"receipts[{place}]"]}


class Answered(NamedTuple):
    """`at` in microseconds since 1970 UTC; `leaf` None while it is not in the tree."""

    commit: bytes
    at: int
    leaf: int | None


class Compared(NamedTuple):
    """Of one day: rows of the log, those with a receipt, commits of those without; receipts signed
    by us that the log does not know, and those among them we never signed."""

    rows: int
    matched: int
    missing: list[bytes]
    unknown: list[bytes]
    not_ours: list[str]


async def answered(actor: Actor, day: date) -> list[Answered]:
    """What the systems of the actor's facility were answered on this day in Japan."""
    async with unit_of_work(actor) as tx:
        return [Answered(*row) for row in await queries.answered(tx, day, WITH_RECEIPT)]


async def reconcile(actor: Actor, day: date, texts: Sequence[str]) -> Compared:
    """Compares all the receipts the actor's facility holds of one day that is over.

    Whose access the facility has no receipt of is told so in their log, until it has. Raises
    `DayNotOver`, `BadReceipts`.
    """
    if day >= clock.today_in_japan():
        raise DayNotOver
    receipts = await asyncio.to_thread(_read, texts)
    keys = await _keys()
    async with unit_of_work(actor) as tx:
        commits = [each.commit for each in receipts]
        row = await queries.reconcile(tx, day, WITH_RECEIPT, commits, EventName.RECEIPT_MISSING)
        await appending.append_owed_alike(
            tx, row["owed"], EventName.RECEIPT_MISSING, {"day": day.isoformat()}
        )
        others = [receipts[place - 1] for place in row["others"]]
        signed = await asyncio.to_thread(_signed, others, keys)
        counts = (row["rows"], row["matched"], len(row["missing"]))
        unknown = await queries.note(
            tx,
            day,
            counts,
            [(each.commit, _moment(each.at), str(each)) for each in signed],
        )
        detail = {"day": day.isoformat(), "rows": counts[0], "matched": counts[1]}
        detail |= {"missing": counts[2], "unknown": len(unknown)}
        await appending.append_system(tx, EventName.RECONCILED, "permitted", detail)
    ours = set(signed)
    not_ours = [str(each) for each in others if each not in ours]
    return Compared(counts[0], counts[1], row["missing"], unknown, not_ours)


async def unconfirmed_in(tx: Transaction, numbers: Iterable[int]) -> frozenset[int]:
    """Which of these events of the subject's the facility has not confirmed."""
    return frozenset(await queries.unconfirmed(tx, list(numbers)))


async def unconfirmed(actor: Actor, numbers: Iterable[int]) -> frozenset[int]:
    async with unit_of_work(actor) as tx:
        return await unconfirmed_in(tx, numbers)


async def _keys() -> list[Vkey]:
    """None before the log's first start."""
    try:
        return [parse_vkey(each) for each in (await showing.keys()).keys]
    except NotFound:
        return []


def _read(texts: Sequence[str]) -> list[Receipt]:
    """Each once."""
    found: dict[str, Receipt] = {}
    for place, text in enumerate(texts):
        try:
            found[text] = parse_receipt(text)
        except Malformed as error:
            raise BadReceipts(place) from error
    return list(found.values())


def _signed(receipts: Sequence[Receipt], keys: Sequence[Vkey]) -> list[Receipt]:
    return [each for each in receipts if any(each.is_signed(key) for key in keys)]


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
