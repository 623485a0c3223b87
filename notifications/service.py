"""The outbox: a notice is enqueued in the transaction it tells of, and delivered by the worker."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from api.core import i18n
from api.core.actor import OPERATOR, Actor
from api.core.database import Transaction, unit_of_work
from notifications import queries


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
    return (
        i18n.text(locale, f"notice.{notice.event}.title", **params),
        i18n.text(locale, f"notice.{notice.event}.body", **params),
    )


def _worded(name: str, value: Any, locale: str) -> object:
    if isinstance(value, dict):
        return value.get(locale, "")
    if name == "act":
        return i18n.text(locale, f"notice.act.{value.split(':')[0]}")
    return i18n.day(locale, date.fromisoformat(value)) if name == "day" else value


async def enqueue(tx: Transaction, event: str, **params: str | int | dict[str, str]) -> None:
    """For the transaction's subject. `params` hold no record content; `day` is an ISO date."""
    await queries.enqueue(tx, event, msgspec.json.encode(params).decode())


async def hold_anew(tx: Transaction) -> None:
    """After an officer's answer to a hold: the subject's waiting emergency notices wait as long as
    something is held now, and no longer."""
    await queries.hold_anew(tx)


async def deliver(limit: int = 200) -> int:
    """One round of the worker; answers how many notices it delivered."""
    async with unit_of_work(OPERATOR) as tx:
        return await queries.deliver_inbox(tx, limit)


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
