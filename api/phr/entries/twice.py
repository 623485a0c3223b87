"""A second tap on "remove" finds what the first one did, and says the same."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.filters import Kind, Wanted
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound

_MEANWHILE: Final = timedelta(hours=1)
_EVENTS: Final = 20


@asynccontextmanager
async def removing(
    actor: Actor, entry_ids: Sequence[UUID] = (), book: str = ""
) -> AsyncIterator[None]:
    """Around the transaction. `NotFound` of what the subject's own log says was removed just now is
    no fault: of all these entries, or of what was removed under this name. To who acts for somebody
    it is one unless they did it: not every id is theirs to know."""
    try:
        yield
    except NotFound:
        if not await _are_removed(actor, entry_ids, book):
            raise


async def _are_removed(actor: Actor, entry_ids: Sequence[UUID], book: str) -> bool:
    wanted = Wanted(kind=Kind.RECEIVED, since=clock.now() - _MEANWHILE)
    async with unit_of_work(actor) as tx:
        rows = (await access_log.page_in(tx, wanted, count=_EVENTS)).rows
    told = [
        row
        for row in rows
        if row.event == EventName.OWN_RECORD_REMOVED
        and (not actor.is_proxy or row.actor_id == actor.account_id)
    ]
    if book:
        return any(row.detail.get("book") == book for row in told)
    gone = {one for row in told for one in row.record_ids}
    return bool(entry_ids) and gone.issuperset(entry_ids)
