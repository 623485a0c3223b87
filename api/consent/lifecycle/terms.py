"""New terms put to a participant: what is asked, and their answer."""

from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg

from api.consent import queries, service
from api.consent.errors import NothingAsked, TermsNotInForce
from api.consent.lifecycle import participating
from api.consent.lifecycle import queries as lifecycle_queries
from api.consent.lifecycle.participating import ParticipationRow
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from notifications import service as notifications

Answer = Literal["accept", "refuse"]


class Question(NamedTuple):
    """Taking part ends at `ends_at` unless `terms_version` is accepted; `answer_by` included."""

    terms_version: str
    answer_by: date
    ends_at: datetime

    @property
    def is_over(self) -> bool:
        return clock.now() >= self.ends_at

    @property
    def days_left(self) -> int:
        """Today and the last day both count; 0 when it is over."""
        return max(0, (self.answer_by - clock.today_in_japan()).days + 1)


async def question(actor: Actor) -> Question | None:
    """What the actor was asked and has not answered."""
    async with unit_of_work(actor) as tx:
        return await question_in(tx)


async def question_in(tx: Transaction) -> Question | None:
    row = await lifecycle_queries.question(tx)
    return Question(*row.values()) if row else None


async def answer(actor: Actor, said: Answer, terms_version: str) -> None:
    """Goes on under the terms in force with settings and `data_from` as they were, or leaves.

    Whoever refused may still accept, and is then as if they had at once. Raises
    `TermsNotInForce` for other terms than those, `NothingAsked` where there is nothing to answer.
    """
    if terms_version != service.terms_in_force():
        raise TermsNotInForce
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        held = await _held(tx, said)
        state = "participating" if said == "accept" else "refused"
        following = ParticipationRow(
            state,
            terms_version,
            held["data_from"],
            held["joined_at"] if said == "accept" else None,
        )
        await participating.participate_in(tx, actor, following, because=_BECAUSE[said])
        await notifications.enqueue(tx, _BECAUSE[said])


_BECAUSE = {"accept": "terms_accepted", "refuse": "terms_refused"}


async def _held(tx: Transaction, said: Answer) -> asyncpg.Record:
    """The participation under older terms that the answer is about."""
    in_force = service.terms_in_force()
    newest = await queries.current(tx)
    if newest is None:
        raise NothingAsked
    if newest["state"] == "participating" and newest["terms_version"] != in_force:
        return newest
    before = await queries.participation(tx, newest["participation_version"] - 1)
    has_refused = newest["state"] == "refused" and before and before["state"] == "participating"
    if said == "accept" and has_refused:
        return before
    raise NothingAsked
