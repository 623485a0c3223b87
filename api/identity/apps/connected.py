"""The apps a participant connected: seen, and ended."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity.apps import queries


class ConnectedApp(NamedTuple):
    """`seen_at`: when it last read, to the minute; None when it never did."""

    grant_id: UUID
    client_id: str
    name_ja: str
    name_en: str
    publisher: str
    scopes: tuple[str, ...]
    connected_at: datetime
    ends_at: datetime
    seen_at: datetime | None

    def name(self, locale: str) -> str:
        return self.name_en if locale == "en" else self.name_ja


async def own(actor: Actor) -> list[ConnectedApp]:
    """The newest first."""
    if actor.is_proxy:
        raise NotFound
    async with unit_of_work(actor) as tx:
        return [
            ConnectedApp(
                row["grant_id"],
                row["client_id"],
                row["name_ja"],
                row["name_en"],
                row["publisher"],
                tuple(row["scopes"]),
                row["allowed_at"],
                row["ends_at"],
                row["seen_at"],
            )
            for row in await queries.grants(tx)
        ]


async def one(actor: Actor, grant_id: UUID) -> ConnectedApp:
    """Raises `NotFound`."""
    found = next((each for each in await own(actor) if each.grant_id == grant_id), None)
    if found is None:
        raise NotFound
    return found


async def end(actor: Actor, grant_id: UUID) -> None:
    """Its tokens open nothing from now on. Raises `NotFound`."""
    app = await one(actor, grant_id)
    async with unit_of_work(actor) as tx:
        if await queries.end_grant(tx, grant_id, "participant") is None:
            raise NotFound
        await _log_ended(tx, app.client_id, app.name_ja, app.name_en, "participant")


async def end_all_in(tx: Transaction, by: str) -> None:
    """Of the transaction's account, as `end`."""
    for row in await queries.end_every_grant(tx, by):
        await _log_ended(tx, row["client_id"], row["name_ja"], row["name_en"], by)


async def _log_ended(tx: Transaction, app: str, name_ja: str, name_en: str, by: str) -> None:
    told = {"app": {"ja": name_ja, "en": name_en}}
    await access_log.append(tx, EventName.APP_ENDED, detail={"told": told, "app": app, "by": by})
