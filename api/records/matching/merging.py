"""Two participants who are one person: asked by one officer, confirmed by another, in force with
the yes of who remains, and taken apart again without a trace in either's rows.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import service as consent
from api.consent import stored
from api.consent.facts import Directive, Participation
from api.consent.settings.switches import RefuseSource
from api.core import i18n
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, turn_to, unit_of_work
from api.core.errors import Conflict, NotFound
from api.identity.enrolling import look_alikes
from api.identity.errors import EnrolmentFaults, SecondOfficerNeeded
from api.records.errors import MergeRefused
from api.records.matching import merge_queries as queries
from api.records.matching.merge_rules import closed_on_arrival, refused_besides
from api.records.queries import person
from notifications import service as notifications

MOST_SHOWN: Final = 50
# Another step came first: seen before this one was written, or in the same moment.
_TOO_LATE: Final = (asyncpg.ExclusionViolationError, asyncpg.UniqueViolationError)
State = Literal["asked", "confirmed", "accepted"]


class Side(NamedTuple):
    """One of the two registrations, for officers; `card_end` are the last four digits."""

    participant_id: UUID
    name: str
    name_kana: str
    birth_on: date
    card_end: str | None


class Proposal(NamedTuple):
    """A pair said to be the same; `newer` joined later."""

    newer: Side
    older: Side
    reason: str
    by_name: str


class Merge(NamedTuple):
    """As officers see it: `is_own`: asked by who looks, so that another must confirm."""

    merge_id: UUID
    remains: Side
    other: Side
    reason: str
    by_name: str
    asked_at: datetime
    is_own: bool
    state: State


class OwnMerge(NamedTuple):
    """As a participant sees it; `remains`: it is they who go on."""

    merge_id: UUID
    remains: bool
    state: State
    other_card_end: str | None
    asked_at: datetime


async def proposals(actor: Actor) -> list[Proposal]:
    """For officers: the newest first."""
    async with unit_of_work(actor) as tx:
        return [
            Proposal(
                await _side(tx, row["participant_id"]),
                await _side(tx, row["other_id"]),
                row["reason"],
                row["decided_by_name"],
            )
            for row in await queries.proposable(tx, MOST_SHOWN)
        ]


async def going_on(actor: Actor) -> list[Merge]:
    """For officers: the oldest first."""
    async with unit_of_work(actor) as tx:
        return [
            Merge(
                row["merge_id"],
                await _side(tx, row["participant_id"]),
                await _side(tx, row["other_id"]),
                row["reason"],
                row["asked_by_name"],
                row["asked_at"],
                row["is_own"],
                row["state"],
            )
            for row in await queries.going_on(tx, MOST_SHOWN)
        ]


async def ask(actor: Actor, remains: UUID, other: UUID, reason: str) -> UUID:
    """By an officer, of a pair that was said to be the same.

    Raises `EnrolmentFaults`, `NotFound` for another pair, `MergeRefused` where one of them is part
    of another merge.
    """
    reason = " ".join(reason.split())
    if not look_alikes.is_reason(reason):
        raise EnrolmentFaults({"reason": "error.look_alike.reason"})
    try:
        async with unit_of_work(actor, subject=remains) as tx:
            if not await queries.is_proposable(tx, remains, other):
                raise NotFound
            merge_id = await queries.ask(tx, other, reason, actor.name or "")
            told = {"reason": reason}
            await _tell_both(tx, remains, other, EventName.MERGE_ASKED, told)
            return merge_id
    except asyncpg.ExclusionViolationError as error:
        raise MergeRefused from error


async def confirm(actor: Actor, merge_id: UUID) -> None:
    """By another officer; from here on who remains is asked. Raises `NotFound`,
    `SecondOfficerNeeded`, `MergeRefused`."""
    try:
        await _step(actor, merge_id, "confirmed", EventName.MERGE_CONFIRMED, notice="merge_asked")
    except asyncpg.InsufficientPrivilegeError as error:
        raise SecondOfficerNeeded from error


async def withdraw(actor: Actor, merge_id: UUID) -> None:
    """Before it was confirmed, by any officer. Raises `NotFound`, `MergeRefused`."""
    await _step(actor, merge_id, "withdrawn", EventName.MERGE_WITHDRAWN)


async def own(actor: Actor) -> list[OwnMerge]:
    """What waits for the participant's word, and what is in force."""
    async with unit_of_work(actor) as tx:
        return await own_in(tx)


async def own_in(tx: Transaction) -> list[OwnMerge]:
    """As `own`, of the transaction's subject."""
    rows = await queries.of_subject(tx)
    mine = tx.subject
    found = []
    for row in rows:
        other = row["other_id"] if row["remains"] else row["participant_id"]
        await turn_to(tx, other)
        found.append(
            OwnMerge(
                row["merge_id"],
                row["remains"],
                row["state"],
                await queries.card_end(tx),
                row["asked_at"],
            )
        )
        if mine is not None:
            await turn_to(tx, mine)
    return found


async def answer(actor: Actor, merge_id: UUID, *, is_yes: bool) -> int:
    """By who remains: with a yes the other's cards, numbers and records are theirs; how many
    versions of records moved. What the other had shut stays shut (`closed_on_arrival`), and whose
    records the other refused is refused.

    Raises `NotFound`, and `MergeRefused` for what is not asked, or not of them.
    """
    if not is_yes:
        await _step(actor, merge_id, "declined", EventName.MERGE_DECLINED)
        return 0
    try:
        async with unit_of_work(actor) as tx:
            return await _accept(tx, actor, merge_id, "", {})
    except (*_TOO_LATE, asyncpg.InsufficientPrivilegeError) as error:
        raise MergeRefused from error


async def answered_in_person(tx: Transaction, actor: Actor, merge_id: UUID, reason: str) -> None:
    """As `answer` with a yes, which the subject gave to this officer, who writes down how.

    Raises `EnrolmentFaults` without a reason, `NotFound`, and `MergeRefused`, also for who was not
    identified in person.
    """
    reason = " ".join(reason.split())
    if not look_alikes.is_reason(reason):
        raise EnrolmentFaults({"reason": "error.look_alike.reason"})
    said = {each: i18n.text(each, "merge.in_person", reason=reason) for each in i18n.LOCALES}
    try:
        await _accept(tx, actor, merge_id, reason, {"reason": said})
    except (*_TOO_LATE, asyncpg.InsufficientPrivilegeError) as error:
        raise MergeRefused from error


async def _accept(
    tx: Transaction, actor: Actor, merge_id: UUID, reason: str, told: Mapping[str, object]
) -> int:
    row = await queries.one(tx, merge_id)
    if row is None or row["participant_id"] != tx.subject:
        raise NotFound
    remains, other = row["participant_id"], row["other_id"]
    held = await _held_still(tx, remains, other)
    await turn_to(tx, remains)
    closed = closed_on_arrival(held[remains], held[other])
    await queries.step(tx, remains, merge_id, "accepted", actor.name or "", reason)
    count = await queries.take_over(
        tx, merge_id, sorted(closed.record_ids), everything=closed.everything
    )
    refused = refused_besides(held[remains][1], held[other][1])
    if refused:
        wishes = [RefuseSource(each, on=True) for each in refused]
        settings = await consent.change_in(tx, actor, wishes)
        await queries.keep_refusals(tx, merge_id, refused, settings.version)
    await _tell_both(tx, remains, other, EventName.MERGE_ACCEPTED, told, notice="merge_accepted")
    await turn_to(tx, remains)
    return count


async def split(actor: Actor, merge_id: UUID, reason: str = "") -> int:
    """By an officer with a reason, or by either of both: everything is as it was; how many versions
    of records went back. Raises `EnrolmentFaults`, `NotFound`, `MergeRefused`."""
    reason = " ".join(reason.split())
    is_officer = actor.kind is ActorKind.SUPPORT
    if (is_officer or reason) and not look_alikes.is_reason(reason):
        raise EnrolmentFaults({"reason": "error.look_alike.reason"})
    return await _step(
        actor, merge_id, "split", EventName.MERGE_SPLIT, reason=reason, notice="merge_split"
    )


async def _held_still(
    tx: Transaction, *subjects: UUID
) -> dict[UUID, tuple[Participation, Directive]]:
    """What each chose: until the commit neither changes it, and nothing comes in of either."""
    found = {}
    # The lower id first, as in `_tell_both`.
    for subject in sorted(subjects):
        await turn_to(tx, subject)
        settings = await stored.locked_settings_in(tx)
        if settings is None:
            raise NotFound
        found[subject] = settings.participation, settings.directive
    return found


async def _step(
    actor: Actor,
    merge_id: UUID,
    act: str,
    event: EventName,
    *,
    reason: str = "",
    notice: str | None = None,
) -> int:
    count = 0
    async with unit_of_work(actor) as tx:
        row = await queries.one(tx, merge_id)
    if row is None:
        raise NotFound
    remains, other = row["participant_id"], row["other_id"]
    try:
        async with unit_of_work(actor) as tx:
            await _held_still(tx, remains, other)
            await turn_to(tx, actor.participant_id or remains)
            # A yes may have come since it was looked for.
            row = await queries.one(tx, merge_id)
            await queries.step(tx, remains, merge_id, act, actor.name or "", reason)
            if act == "split" and row is not None and row["state"] == "accepted":
                count = await queries.give_back(tx, merge_id)
                await turn_to(tx, remains)
                again = await queries.refusals(tx, merge_id)
                if again:
                    wishes = [RefuseSource(each, on=False) for each in again]
                    await consent.change_in(tx, actor, wishes)
            told = {"reason": reason} if reason else {}
            await _tell_both(tx, remains, other, event, told, notice=notice)
    except _TOO_LATE as error:
        raise MergeRefused from error
    except asyncpg.InsufficientPrivilegeError as error:
        if actor.kind is ActorKind.PARTICIPANT:
            raise NotFound from error
        raise
    return count


async def _tell_both(
    tx: Transaction,
    remains: UUID,
    other: UUID,
    event: EventName,
    told: Mapping[str, object],
    *,
    notice: str | None = None,
) -> None:
    """Neither log says who the other is. The transaction is about one of the two afterwards."""
    name = tx.acting.name or ""
    detail = {"told": {"reason": "", **told}, "actor": {"name": name}}
    # Always the lower id first: two deeds never wait for each other's log.
    for subject in sorted((remains, other)):
        await turn_to(tx, subject)
        await access_log.append(tx, event, detail=detail)
        if notice is not None:
            await notifications.enqueue(tx, notice)


async def _side(tx: Transaction, participant_id: UUID) -> Side:
    await turn_to(tx, participant_id)
    row = await person(tx)
    if row is None:
        raise Conflict
    return Side(
        participant_id,
        row["name"],
        row["name_kana"],
        row["birth_on"],
        await queries.card_end(tx),
    )
