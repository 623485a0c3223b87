"""A facility administrator looks after their own facility's people, and sees nobody's records.

Everything here is in the name of the facility the session stands for; PostgreSQL holds the same.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import registry_queries, service, staff_queries
from api.directory.errors import HasLeft, ProfessionNotShown, StaffFaults
from api.identity.keys import stepping_up
from api.identity.my_number import contains_my_number
from api.identity.staff import invitations
from api.identity.staff.invitations import Invitation, StaffAccount

LONGEST_NAME: Final = 80


class NewColleague(NamedTuple):
    """`profession` is a code of the network's profile."""

    name: str
    name_kana: str
    profession: str


class Colleague(NamedTuple):
    """One of a facility's people. `shown_by`: how the profession was shown, `hpki` or `vouched`;
    `vouched_until`: the last day the network's word stands; `invited_until`: of a code not used."""

    professional_id: UUID
    name: str
    name_kana: str
    profession: str
    is_active: bool
    trained_on: date | None
    vouched_until: date | None
    shown_by: str | None
    shown_at: datetime | None
    account: StaffAccount | None

    @property
    def has_key(self) -> bool:
        return self.account is not None and self.account.has_key

    @property
    def invited_until(self) -> datetime | None:
        return self.account.invited_until if self.account else None

    def state(self, today: date) -> str:
        """What stands between them and a participant's records, the first thing first."""
        if not self.is_active:
            return "left"
        if self.vouched_until is not None and self.vouched_until < today:
            return "vouch_over"
        if self.trained_on is None and self.shown_by is None:
            return "profession_open"
        if self.trained_on is None or self.trained_on > today:
            return "training_open"
        return "working"


class Added(NamedTuple):
    professional_id: UUID
    invitation: Invitation


async def staff(actor: Actor, *, page: int, count: int) -> tuple[list[Colleague], int]:
    """Who is at work first, in kana order; and how many there are."""
    async with unit_of_work(actor) as tx:
        accounts = await invitations.staff_accounts_in(tx)
        rows = await staff_queries.staff(tx, (page - 1) * count, count)
        return [_colleague(row, accounts) for row in rows], await staff_queries.size(tx)


async def one(actor: Actor, professional_id: UUID) -> Colleague:
    """Raises `NotFound`, also for another facility's."""
    async with unit_of_work(actor) as tx:
        return await _one_in(tx, professional_id)


async def invite(actor: Actor, wish: NewColleague) -> Added:
    """Enters somebody into the directory, untrained, with a code to make their passkey with.

    Raises `StaffFaults`, `StepUpNeeded`.
    """
    wish = _checked(wish)
    if actor.facility_id is None:
        raise NotFound
    professional_id = uuid7()
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        await registry_queries.add_professional(tx, professional_id, actor.facility_id, *wish, None)
        account_id = await invitations.open_account_in(tx, professional_id)
        await _log(
            tx, EventName.PROFESSIONAL_ADDED, professional_id, {"profession": wish.profession}
        )
        return Added(professional_id, await invitations.invite_in(tx, account_id))


async def invite_again(actor: Actor, professional_id: UUID) -> Invitation:
    """A new code in place of one that was lost, or for somebody who had left and is back.

    Whoever comes back shows their profession anew and is trained anew. Raises `NotFound`, `HasKey`
    for whoever signs in already, `StepUpNeeded`.
    """
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        if not await staff_queries.lock(tx, professional_id):
            raise NotFound
        colleague = await _one_in(tx, professional_id)
        if not colleague.is_active:
            await staff_queries.come_back(tx, professional_id)
            await _log(tx, EventName.PROFESSIONAL_BACK, professional_id, {})
        account_id = (
            colleague.account.account_id
            if colleague.account
            else await invitations.open_account_in(tx, professional_id)
        )
        return await invitations.invite_in(tx, account_id)


async def record_training(actor: Actor, professional_id: UUID, trained_on: date) -> None:
    """From that day on they may view what participants let them. Raises `NotFound`, `HasLeft`,
    `ProfessionNotShown`, `StaffFaults` for a day to come, `StepUpNeeded`."""
    if trained_on > clock.today_in_japan():
        raise StaffFaults({"trained_on": "error.staff.training_to_come"})
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        if not await staff_queries.lock(tx, professional_id):
            raise NotFound
        colleague = await _one_in(tx, professional_id)
        if not colleague.is_active:
            raise HasLeft
        if not _is_shown(colleague):
            raise ProfessionNotShown
        await staff_queries.train(tx, professional_id, trained_on)
        await _log(
            tx, EventName.PROFESSIONAL_TRAINED, professional_id, {"trained_on": str(trained_on)}
        )


async def leave(actor: Actor, professional_id: UUID) -> None:
    """At once: no session, token, key or code of theirs opens anything; the history stays.

    Raises `NotFound`, `HasLeft`. Shutting somebody out never waits for a proof of who is there.
    """
    async with unit_of_work(actor) as tx:
        if not await staff_queries.lock(tx, professional_id):
            raise NotFound
        colleague = await _one_in(tx, professional_id)
        if not colleague.is_active:
            raise HasLeft
        if colleague.account is not None:
            await invitations.shut_out_in(tx, colleague.account.account_id)
        await staff_queries.leave(tx, professional_id)
        await _log(tx, EventName.PROFESSIONAL_LEFT, professional_id, {})


def _is_shown(colleague: Colleague) -> bool:
    until = colleague.vouched_until
    return colleague.shown_by is not None and (until is None or until >= clock.today_in_japan())


async def _one_in(tx: Transaction, professional_id: UUID) -> Colleague:
    row = await staff_queries.one(tx, professional_id)
    if row is None:
        raise NotFound
    return _colleague(row, await invitations.staff_accounts_in(tx))


def _colleague(row: asyncpg.Record, accounts: Mapping[UUID, StaffAccount]) -> Colleague:
    return Colleague._make((*row, accounts.get(row["professional_id"])))


def _checked(wish: NewColleague) -> NewColleague:
    name, kana = checked_name(wish.name), checked_name(wish.name_kana)
    faults = {}
    if name is None:
        faults["name"] = "error.staff.name"
    if kana is None:
        faults["name_kana"] = "error.staff.name"
    if wish.profession not in {each.code for each in service.profile().professions}:
        faults["profession"] = "error.staff.profession"
    if faults or name is None or kana is None:
        raise StaffFaults(faults)
    return NewColleague(name, kana, wish.profession)


def checked_name(typed: str) -> str | None:
    """A person's name on one line; None for none, and for what holds a 個人番号."""
    name = " ".join(typed.split())
    is_name = 0 < len(name) <= LONGEST_NAME and name.isprintable()
    return name if is_name and not contains_my_number(name) else None


async def _log(
    tx: Transaction, event: EventName, professional_id: UUID, detail: dict[str, Any]
) -> None:
    await access_log.append_system(
        tx, event, outcome="permitted", detail={"professional": professional_id} | detail
    )
