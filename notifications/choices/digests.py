"""A month in sum, and its one question: was anything unexpected?"""

from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from notifications.choices import queries

Answer = Literal["nothing", "wrong"]
MOST: Final = 24


class Digest(NamedTuple):
    """`month` is its first day. `times`: how often records were seen, by so many facilities."""

    month: date
    facilities: int
    times: int
    sent_at: datetime
    answer: Answer | None


async def mine(actor: Actor) -> list[Digest]:
    """The newest first, of at most two years."""
    async with unit_of_work(actor) as tx:
        return [Digest(*row.values()) for row in await queries.digests(tx, MOST)]


async def of_month(actor: Actor, month: date) -> Digest | None:
    async with unit_of_work(actor) as tx:
        row = await queries.digest(tx, month)
        return None if row is None else Digest(*row.values())


async def answer(actor: Actor, month: date, said: Answer) -> Digest:
    """Nothing unexpected, or something looks wrong; may be said anew. What is wrong is asked about
    event by event in the log. Raises `NotFound` for a month that was not summed up."""
    async with unit_of_work(actor) as tx:
        if await queries.answer_digest(tx, month, said):
            detail = {"told": {"month": month.isoformat()[:7]}, "answer": said}
            await access_log.append(tx, EventName.DIGEST_ANSWERED, detail=detail)
        row = await queries.digest(tx, month)
    if row is None:
        raise NotFound
    return Digest(*row.values())
