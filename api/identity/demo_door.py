"""The door of a demo: a database that is one, and links that sign its people in without a key."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, OPERATOR
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.settings import SettingFault
from api.identity import queries
from api.identity.devices import UNKNOWN, Device
from api.identity.errors import DemoLinkGone
from api.identity.service import OpenedSession, actor_from, end_session, log_session, open_session

DEMO_LINK_VALID_FOR: Final = timedelta(hours=12)


async def declare_deployment(*, is_demo: bool) -> None:
    """Marks a new database for the demo or for production, once and for all.

    Raises `SettingFault` when it was made for the other.
    """
    kind = "demo" if is_demo else "production"
    async with unit_of_work(OPERATOR) as tx:
        found = await queries.declare_deployment(tx, kind)
    if found != kind:
        raise SettingFault(
            f"This database was made as a {found} one and cannot serve as {kind}; "
            "use another DATABASE_URL. Nothing was changed."
        )


async def make_demo_link(account_id: UUID) -> str:
    """A token that signs this account in once, within 12 hours.

    PostgreSQL refuses it in a database that is not a demo's.
    """
    token = new_token()
    async with unit_of_work(OPERATOR) as tx:
        await queries.add_demo_link(
            tx, sha256(token.encode()), account_id, clock.now() + DEMO_LINK_VALID_FOR
        )
    return token


async def redeem_demo_link(
    token: str, earlier_token: str | None = None, *, device: Device = UNKNOWN
) -> OpenedSession:
    """Raises `DemoLinkGone` for a token that is unknown, used or too old, and `AccountClosed`."""
    if not runtime.settings().is_demo:
        raise NotFound
    token_hash = sha256(token.encode())
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await queries.holder_of_demo_link(tx, token_hash)
    if holder is None:
        raise DemoLinkGone
    actor = actor_from(holder)
    async with unit_of_work(actor) as tx:
        if not await queries.use_demo_link(tx, token_hash):
            raise DemoLinkGone
        session = await open_session(tx, actor, way="demo", device=device)
        await log_session(tx, actor, EventName.SIGNED_IN)
    if earlier_token:
        await end_session(earlier_token)
    return session
