"""One-time sign-in links of the demo; PostgreSQL itself refuses them anywhere else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, OPERATOR
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity import queries
from api.identity.errors import DemoLinkGone
from api.identity.service import OpenedSession, actor_from, end_session, log_session, open_session

LINK_VALID_FOR: Final = timedelta(hours=12)


async def make_demo_links(accounts: Sequence[UUID]) -> list[str]:
    """One address for each account, in order; each signs in once, within 12 hours."""
    expires_at = clock.now() + LINK_VALID_FOR
    links = []
    async with unit_of_work(OPERATOR) as tx:
        for account_id in accounts:
            token = new_token()
            await queries.add_demo_link(tx, sha256(token.encode()), account_id, expires_at)
            links.append(f"{runtime.settings().public_url}/demo/sign-in/{token}")
    return links


async def redeem_demo_link(token: str, earlier_token: str | None = None) -> OpenedSession:
    """Raises `DemoLinkGone` for a link that is unknown, used or too old."""
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
        session = await open_session(tx, actor)
        await log_session(tx, actor, EventName.SIGNED_IN)
    if earlier_token:
        await end_session(earlier_token)
    return session
