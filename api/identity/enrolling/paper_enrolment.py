"""Enrolment from a form on paper: one officer types it, another confirms it before the scan.

A participant arises at the confirmation, or the person who already is one gets the card. Nobody
sets a credential for them: a code on paper lets them make a key of their own later.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import crypto, runtime
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.core.media import media_type
from api.identity import closed
from api.identity.card import CardNumber, CardScheme
from api.identity.enrolling import intake, intake_queries, look_alikes, paper_enrolment_queries
from api.identity.enrolling.activation_code import ActivationCode
from api.identity.enrolling.enrolment import Birth, birth_of
from api.identity.enrolling.look_alikes import LookAlike
from api.identity.enrolling.paper_form import Form, Typed, read_form
from api.identity.errors import (
    CardOfAnother,
    EnrolmentFaults,
    ScanNotSeen,
    ScanRefused,
    SecondOfficerNeeded,
)
from notifications import service as notifications

queries = paper_enrolment_queries
MOST_BYTES: Final = 10_000_000
MOST_SHOWN: Final = 200


class Waiting(NamedTuple):
    """A form that waits; `is_own`: the asking officer typed it, and may not confirm it."""

    enrolment_id: UUID
    form: Form
    by_name: str
    typed_at: datetime
    has_scan: bool
    is_own: bool


class Opened(NamedTuple):
    """`has_looked`: the asking officer has seen the scan that is there now."""

    waiting: Waiting
    look_alikes: list[LookAlike]
    has_looked: bool


class Choice(NamedTuple):
    """What the confirming officer decided about people who look alike: `join` is the participant
    the form is about, None for somebody new; `reason` is asked for wherever somebody looks alike.
    """

    join: UUID | None = None
    reason: str = ""


class Confirmed(NamedTuple):
    """`code` is known once; None for who already has a key of their own."""

    participant_id: UUID
    card: CardNumber
    code: ActivationCode | None


async def put_down(actor: Actor, typed: Typed, birth: Birth, *, scheme: CardScheme) -> UUID:
    """The first officer's step. Raises `EnrolmentFaults`; nothing is kept then."""
    form = read_form(typed, birth_of(birth), scheme)
    if isinstance(form, dict):
        raise EnrolmentFaults(form)
    async with unit_of_work(actor) as tx:
        enrolment_id = await queries.add(tx, _encoded(form), actor.name or "")
        await _note(tx, actor, EventName.PAPER_TYPED, enrolment_id)
    return enrolment_id


async def attach(actor: Actor, enrolment_id: UUID, scan: bytes) -> None:
    """The scan of the form, in place of an earlier one. Raises `ScanRefused` and `NotFound`."""
    kind = media_type(scan)
    if kind is None or len(scan) > MOST_BYTES:
        raise ScanRefused
    sealed = crypto.sealed(runtime.keys().paper_scans, scan, _name(enrolment_id))
    async with unit_of_work(actor) as tx:
        await _one(tx, enrolment_id)
        await queries.replace_scan(tx, enrolment_id, kind, sealed)


async def waiting(actor: Actor) -> list[Waiting]:
    """For officers, the oldest first."""
    async with unit_of_work(actor) as tx:
        return [_waiting(row, actor) for row in await queries.waiting(tx, MOST_SHOWN)]


async def opened(actor: Actor, enrolment_id: UUID) -> Opened:
    """A form that waits, with whom it may be about. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        found = _waiting(await _one(tx, enrolment_id), actor)
        alike = await look_alikes.of_form_in(tx, found.form)
        return Opened(found, alike, await queries.has_looked(tx, enrolment_id))


async def scan(actor: Actor, enrolment_id: UUID) -> tuple[str, bytes]:
    """Media type and content; who looked is in the log, the participant's once there is one."""
    async with unit_of_work(actor) as tx:
        row = await queries.became(tx, enrolment_id)
    if row is None:
        raise NotFound
    async with unit_of_work(actor, subject=row["became"]) as tx:
        found = await queries.scan(tx, enrolment_id)
        if found is None:
            raise NotFound
        await queries.note_look(tx, enrolment_id)
        if row["became"] is None:
            await _note(tx, actor, EventName.PAPER_SCAN_SEEN, enrolment_id)
        else:
            detail = {"actor": {"name": actor.name}}
            await access_log.append(tx, EventName.PAPER_SCAN_SEEN, detail=detail)
    content = crypto.unsealed(runtime.keys().paper_scans, found["sealed"], _name(enrolment_id))
    return found["media_type"], content


async def withdraw(actor: Actor, enrolment_id: UUID) -> None:
    """Undone before anybody confirmed it: what was typed and scanned is gone. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await _one(tx, enrolment_id)
        await queries.settle(tx, enrolment_id, "withdrawn", actor.name or "", None)
        await queries.drop_scan(tx, enrolment_id)
        await _note(tx, actor, EventName.PAPER_WITHDRAWN, enrolment_id)


async def confirm(actor: Actor, enrolment_id: UUID, choice: Choice) -> Confirmed:
    """The second officer's step, all of it or nothing.

    Raises `SecondOfficerNeeded`, `ScanNotSeen`, `CardOfAnother`, `EnrolmentFaults` where somebody
    looks alike and no reason is given, `ClosingGoesOn`, and `NotFound`, also for a `join` who does
    not look alike.
    """
    reason = " ".join(choice.reason.split())
    participant_id = choice.join or uuid7()
    async with unit_of_work(actor, subject=participant_id) as tx:
        found = _waiting(await _one(tx, enrolment_id), actor)
        if found.is_own:
            raise SecondOfficerNeeded
        if not await queries.has_looked(tx, enrolment_id):
            raise ScanNotSeen
        alike = {each.participant_id: each for each in await look_alikes.of_form_in(tx, found.form)}
        if choice.join is not None and choice.join not in alike:
            raise NotFound
        if (alike or reason) and not look_alikes.is_reason(reason):
            raise EnrolmentFaults({"reason": "error.look_alike.reason"})
        holder = next((each.participant_id for each in alike.values() if "card" in each.why), None)
        if holder is not None and holder != choice.join:
            raise CardOfAnother
        await _enter(tx, found.form, participant_id, is_new=choice.join is None, holder=holder)
        await queries.settle(tx, enrolment_id, "confirmed", actor.name or "", participant_id)
        await closed.open_anew_in(tx)
        has_key = await queries.subject_has_key(tx)
        code = None if has_key else await intake.issue_code_in(tx, participant_id)
        told = {"first": found.by_name, "second": actor.name or ""}
        await access_log.append(
            tx,
            EventName.PAPER_CONFIRMED,
            detail={"told": told, "actor": {"name": actor.name}}
            | ({"reason": reason} if reason else {}),
        )
        await notifications.enqueue(tx, "enrolled_on_paper")
        if choice.join is None:
            await look_alikes.tell_apart_in(tx, participant_id, reason)
    return Confirmed(participant_id, CardNumber(found.form.card), code)


async def _enter(
    tx: Transaction, form: Form, participant_id: UUID, *, is_new: bool, holder: UUID | None
) -> None:
    if is_new:
        await intake_queries.add_participant(
            tx, participant_id, form.name, form.name_kana, form.sex, form.birth_on
        )
    if holder is None:
        try:
            await intake_queries.add_card(tx, participant_id, form.card)
        except asyncpg.UniqueViolationError as error:  # became somebody's at this very moment
            raise CardOfAnother from error
    await queries.set_registration(
        tx, form.address, form.phone, form.email, form.family_doctor, *_insurance(form)
    )


def _insurance(form: Form) -> Sequence[str]:
    return msgspec.structs.astuple(form.insurance) if form.insurance else ("", "", "", "")


async def _one(tx: Transaction, enrolment_id: UUID) -> asyncpg.Record:
    row = await queries.one(tx, enrolment_id)
    if row is None:
        raise NotFound
    return row


def _waiting(row: asyncpg.Record, actor: Actor) -> Waiting:
    return Waiting(
        row["enrolment_id"],
        msgspec.json.decode(row["form"], type=Form),
        row["typed_by_name"],
        row["typed_at"],
        row["has_scan"],
        row["typed_by"] == actor.account_id,
    )


async def _note(tx: Transaction, actor: Actor, event: EventName, enrolment_id: UUID) -> None:
    detail = {"name": actor.name, "enrolment": str(enrolment_id)}
    await access_log.append_system(tx, event, outcome="permitted", detail=detail)


def _name(enrolment_id: UUID) -> bytes:
    return b"tsunagu/1 enrolment scan " + enrolment_id.bytes


def _encoded(form: Form) -> str:
    return msgspec.json.encode(form).decode()
