"""Joining, refusing and leaving: each one more version of a participation, logged with it."""

from datetime import date, datetime
from typing import NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import queries
from api.consent.agreeing.shutting_out import tell_shut_out
from api.consent.settings import widening
from api.consent.stored import settings_in, settings_of
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.keys import stepping_up


async def join_in(
    tx: Transaction,
    actor: Actor,
    *,
    state: str = "participating",
    signed_on: date | None = None,
    because: str | None = None,
) -> int:
    """Records that the subject joins, refuses or withdraws, inside the caller's transaction.

    `signed_on`: the day of the paper that says so; `because`: the variant of the event's sentence.
    Answers the participation version.
    """
    await queries.lock(tx)
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    from_joining = directory.profile().consent.data_from == "participation_date"
    data_from = (signed_on or clock.today_in_japan()) if from_joining else None
    if row["state"] == "participating":
        data_from = row["data_from"]
    following = ParticipationRow(state, directory.profile().terms_in_force.version, data_from)
    said = {"because": f"paper_{state}", "signed_on": str(signed_on)} if signed_on else {}
    if because is not None:
        said = {"because": because}
    return await participate_in(tx, actor, following, **said)


class ParticipationRow(NamedTuple):
    """A row of participation to be; `joined_at`: when the taking part began that it continues."""

    state: str
    terms_version: str
    data_from: date | None
    joined_at: datetime | None = None


async def participate_in(
    tx: Transaction, actor: Actor, following: ParticipationRow, **said: object
) -> int:
    """Appends this participation of the subject, logs it with what `said` adds, and tells whoever
    it shuts out.

    The caller holds the head's lock. Answers the participation version. Raises `StepUpNeeded` and
    `Frozen` where it opens more.
    """
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    version: int = row["participation_version"] + 1
    state, terms, data_from, joined_at = following
    before = settings_of(row)
    if actor.kind is ActorKind.PARTICIPANT and widening.takes_part_more(
        before.participation, state, data_from, clock.now()
    ):
        await stepping_up.demand(tx, actor)
    await queries.add_participation(
        tx, version, state, terms, data_from, actor.account_id, joined_at=joined_at
    )
    await access_log.append(
        tx,
        EventName.PARTICIPATION_CHANGED,
        detail={"state": state, "terms": terms, "data_from": data_from} | said,
    )
    await tell_shut_out(tx, before, await settings_in(tx))
    return version
