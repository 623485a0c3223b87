"""A clinician asks, the participant edits and approves, or declines; nobody learns of a card."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import policies, queries, stored
from api.consent.agreeing import amending
from api.consent.agreeing import queries as asking_queries
from api.consent.agreeing.asking import LONGEST_GRANT, REQUEST_WAITS, Whom, opened
from api.consent.errors import AskingThrottled, CannotApprove, EndOutOfReach
from api.consent.facts import TREATMENT, Provision, Request
from api.consent.stored import Settings
from api.core import clock, i18n, runtime
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import PersonLine, Standing
from api.identity import attempts
from notifications import service as notifications

MOST_OPEN = 10
MOST_SHOWN = 20


class Wish(NamedTuple):
    """What is asked for: `days` from the approval on, up to sensitivity `level`."""

    whom: Whom
    days: int
    level: int
    reason: str
    note: str


class AccessRequest(NamedTuple):
    """One request that waits for the participant's answer."""

    request_id: UUID
    asker: PersonLine
    wish: Wish
    asked_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + REQUEST_WAITS


class Asked(NamedTuple):
    """One's own request: `participant_id` and `until` once it was approved, else it waits."""

    card_end: str
    asked_at: datetime
    participant_id: UUID | None
    until: datetime | None


async def ask(actor: Actor, card: str, wish: Wish) -> None:
    """`card`: 16 digits. The same answer for every card; for 30 days a second request for it
    changes nothing, unless the first was approved. Raises `AskingThrottled`.
    """
    if actor.professional_id is None:
        raise NotFound
    async with unit_of_work(actor) as tx:
        subject = await asking_queries.participant_of_card(tx, card)
    tried = attempts.asking_keys(actor.professional_id, card)
    async with unit_of_work(actor, subject=subject) as tx:
        wait = await attempts.charge(tx, tried)
        if not wait:
            await _ask(tx, actor, card, wish, is_somebodys=subject is not None)
        await attempts.sweep(tx)
    if wait:
        raise AskingThrottled(wait)


async def ask_about(actor: Actor, participant_id: UUID, wish: Wish) -> None:
    """As `ask`, for whoever's page is open: the same answer for every id, anybody's or nobody's."""
    if actor.professional_id is None:
        raise NotFound
    async with unit_of_work(actor, subject=participant_id) as tx:
        card = await asking_queries.card_of_subject(tx)
    await ask(actor, card or _nobodys(participant_id), wish)


def _nobodys(participant_id: UUID) -> str:
    """In the place of a card's number, what can be no card's: nobody is asked by chance."""
    return f"{participant_id}-0000"


async def _ask(tx: Transaction, actor: Actor, card: str, wish: Wish, *, is_somebodys: bool) -> None:
    standing = await directory.standing_in(tx, actor)
    who = policies.requester(actor, standing)
    if not (who.facility_is_active and who.professional_is_active and who.is_trained):
        raise NotFound
    card_hmac = runtime.keys().keyed_hash("asked_card", card)
    newest = await asking_queries.newest_asked(tx, card_hmac)
    is_waiting = newest is not None and not newest["is_approved"]
    if newest and is_waiting and newest["asked_at"] > clock.now() - REQUEST_WAITS:
        return
    request_id = await asking_queries.add_asked(tx, card_hmac, card[-4:])
    if is_somebodys:
        await _place(tx, actor, standing, request_id, wish)
    else:
        await access_log.append_system(
            tx, EventName.ACCESS_ASKED, outcome="denied", detail={"name": actor.name}
        )


async def _place(
    tx: Transaction, actor: Actor, standing: Standing, request_id: UUID, wish: Wish
) -> None:
    """Before the participant, unless they take no part, shut the asker out, or have too many."""
    await queries.lock(tx)
    state = await stored.settings_in(tx)
    now = clock.now()
    step = (
        policies.compiled(state)
        .scope(Request(policies.requester(actor, standing), TREATMENT, now))
        .basis.step
    )
    waiting = await asking_queries.open_requests(tx, now - REQUEST_WAITS)
    is_placed = step not in ("participation", "excluded") and len(waiting) < MOST_OPEN
    who = amending.party(actor, standing)
    await access_log.append(
        tx,
        EventName.ACCESS_ASKED,
        outcome="permitted" if is_placed else "denied",
        detail={"actor": who, "reason": wish.reason},
    )
    if is_placed:
        values = (wish.whom, wish.days, wish.level, wish.reason, wish.note)
        await asking_queries.add_request(
            tx, request_id, actor.professional_id, actor.facility_id, *values
        )
        await notifications.enqueue(
            tx, "access_asked", name=who["name"] or "", facility=who["facility"]
        )


async def mine(actor: Actor) -> list[Asked]:
    """The professional's own requests, newest first; refused ones wait as unanswered ones do."""
    now = clock.now()
    async with unit_of_work(actor) as tx:
        rows = await asking_queries.asked(tx, MOST_SHOWN)
    return [
        Asked(row["card_end"], row["asked_at"], row["participant_id"], row["until"])
        for row in rows
        if (row["until"] or row["asked_at"] + REQUEST_WAITS) > now
    ]


async def waiting(actor: Actor) -> list[AccessRequest]:
    """The participant's open requests, newest first."""
    async with unit_of_work(actor) as tx:
        rows = await asking_queries.open_requests(tx, clock.now() - REQUEST_WAITS)
    names = await directory.people(actor, (row["professional_id"] for row in rows))
    return [
        AccessRequest(
            row["request_id"],
            names[row["professional_id"]],
            Wish(row["wanted_for"], row["days"], row["level"], row["reason"], row["note"]),
            row["asked_at"],
        )
        for row in rows
    ]


async def approve(
    actor: Actor, request_id: UUID, *, whom: Whom, until: datetime, level: int
) -> Settings:
    """As the participant edited it. Raises `NotFound`, `EndOutOfReach`, `CannotApprove`."""
    now = clock.now()
    if not now < until <= now + LONGEST_GRANT:
        raise EndOutOfReach
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        row = await _open(tx, request_id)
        state = await stored.settings_in(tx)
        grant = Provision(
            0,
            "permit",
            "recipient",
            professional_id=row["professional_id"] if whom == "professional" else None,
            facility_id=row["facility_id"] if whom == "facility" else None,
            level=level,
            valid_to=until,
            origin="request",
        )
        following = opened(state.directive, grant, stored.network_rules(), lifts_denies=True)
        ((asker, standing),) = await directory.standings_in(tx, [], [row["professional_id"]])
        if not amending.is_let_in(state._replace(directive=following), asker, standing):
            raise CannotApprove
        await asking_queries.answer(tx, request_id, "approved", until)
        told = {"whom": await amending.whom(tx, grant), "until": amending.moment(until)}
        return await amending.amend_in(tx, actor, state, following, "request", who={}, told=told)


async def refuse(actor: Actor, request_id: UUID) -> None:
    """Nothing changes, and the asker is not told. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        row = await _open(tx, request_id)
        await asking_queries.answer(tx, request_id, "refused", None)
        asker = Provision(0, "permit", "recipient", professional_id=row["professional_id"])
        told = {"whom": await amending.whom(tx, asker)}
        await access_log.append(tx, EventName.ACCESS_REFUSED, detail={"told": told})


async def _open(tx: Transaction, request_id: UUID) -> asyncpg.Record:
    rows = await asking_queries.open_requests(tx, clock.now() - REQUEST_WAITS)
    row = next((row for row in rows if row["request_id"] == request_id), None)
    if row is None:
        raise NotFound
    return row


def end_after(days: int) -> datetime:
    """The midnight in Japan that ends the last of so many days, today not counted."""
    last = clock.today_in_japan() + timedelta(days=days + 1)
    return datetime(last.year, last.month, last.day, tzinfo=i18n.JAPAN)
