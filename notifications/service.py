"""The outbox: a notice is enqueued in the transaction it tells of, and delivered by the worker."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from api.core import i18n
from api.core.actor import OPERATOR, Actor
from api.core.database import Transaction, unit_of_work
from notifications import delivering, fanning, queries
from notifications.channels import Channel
from notifications.kinds import KIND_OF
from notifications.rules import Pace

OVERDUE_SECONDS: Final = 5


class Notice(NamedTuple):
    """`event` names the message keys `notice.<event>.title` and `.body`, filled with `params`."""

    notice_id: UUID
    event: str
    params: dict[str, Any]
    created_at: datetime
    is_unread: bool


def said(notice: Notice, locale: str) -> tuple[str, str]:
    """Title and body; of a parameter in both languages the one asked for, and days as people read
    them.
    """
    params = {name: _worded(name, value, locale) for name, value in notice.params.items()}
    event = notice.event
    if event == "emergency_opened" and "facility" not in params:  # to who is in safe mode
        event = "quiet_emergency"
    return (
        i18n.text(locale, f"notice.{event}.title", **params),
        i18n.text(locale, f"notice.{event}.body", **params),
    )


def _worded(name: str, value: Any, locale: str) -> object:
    if isinstance(value, dict):
        return value.get(locale, "")
    match name:
        case "act":
            return i18n.text(locale, f"notice.act.{value.split(':')[0]}")
        case "kind":
            return i18n.text(locale, f"notices.kind.{value}.name")
        case "day":
            return i18n.day(locale, date.fromisoformat(value))
        case "month":
            return i18n.month(locale, date.fromisoformat(f"{value}-01"))
        case _:
            return value


async def enqueue(tx: Transaction, event: str, **params: str | int | dict[str, str]) -> None:
    """For the transaction's subject. `params` hold no record content; `day` is an ISO date.

    LookupError for an event that `kinds` does not know.
    """
    if event not in KIND_OF:
        raise LookupError(event)
    await queries.enqueue(tx, event, msgspec.json.encode(params).decode())


async def hold_anew(tx: Transaction) -> None:
    """After an officer's answer to a hold: what waits of the subject's notices for a hold waits as
    long as something is held now, and no longer."""
    await queries.hold_anew(tx)


async def deliver(limit: int = 200, channels: Mapping[str, Channel] | None = None) -> int:
    """One round of what is due, without the queue: into the inbox, and out on these channels.

    Answers how many notices it placed and attempts it made.
    """
    placed = await fanning.fan_out(limit=limit)
    if not channels:
        return placed
    attempts = await delivering.begin_oldest(list(channels), limit)
    ends = [
        (each.key, await delivering.send(channels[each.key.channel], each, Pace()))
        for each in attempts
    ]
    await delivering.note(ends)
    return placed + len(attempts)


async def deliver_overdue() -> None:
    """Fills the inbox where no worker does."""
    async with unit_of_work(OPERATOR) as tx:
        is_late = await queries.is_overdue(tx, OVERDUE_SECONDS)
    while is_late and await fanning.fan_out():
        pass


async def unread(actor: Actor) -> int:
    async with unit_of_work(actor) as tx:
        return await queries.unread(tx)


async def inbox(actor: Actor, *, page: int = 1, count: int = 20) -> tuple[list[Notice], int]:
    """The actor's notices, newest first, and how many there are; all on the page become read."""
    async with unit_of_work(actor) as tx:
        rows = await queries.inbox(tx, (page - 1) * count, count)
        if not actor.is_proxy:  # what a proxy has seen, the principal has not
            await queries.mark_read(tx, [row["notice_id"] for row in rows])
        notices = [
            Notice(
                row["notice_id"],
                row["event"],
                msgspec.json.decode(row["params"]),
                row["created_at"],
                row["read_at"] is None,
            )
            for row in rows
        ]
        return notices, await queries.count(tx)
