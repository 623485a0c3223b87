"""Joining the network: account, passkey, participation and first session, or none of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import service as consent
from api.consent.errors import NoSuchScheme
from api.consent.lifecycle import participating, schemes
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity import service as identity
from api.identity.devices import UNKNOWN, Device
from api.identity.enrolling import enrolment
from api.identity.enrolling.enrolment import Finished, TicketHolder
from api.identity.errors import NotAccepted
from api.identity.service import OpenedSession
from notifications import service as notifications


def data_from() -> date | None:
    """From which day on facilities would see the records of someone who joins today."""
    from_joining = directory.profile().consent.data_from == "participation_date"
    return clock.today_in_japan() if from_joining else None


async def accept(token: str, terms_version: str, scheme: str | None = None) -> None:
    """The holder of the ticket agrees to take part, under the terms they were shown.

    `scheme`: the way of letting people in they picked. Raises `NotAccepted` when the terms are no
    longer in force, and `NoSuchScheme`.
    """
    if terms_version != consent.terms_in_force():
        raise NotAccepted
    if scheme is not None and not schemes.is_offered(scheme):
        raise NoSuchScheme
    await enrolment.accept(token, terms_version, scheme)


async def finish(
    token: str,
    credential: Mapping[str, Any],
    earlier_token: str | None = None,
    *,
    device: Device = UNKNOWN,
) -> OpenedSession:
    """One transaction; sent twice, the second raises `AlreadyEnrolled` and changes nothing.

    `credential` is the JSON form of a new WebAuthn credential. Raises also `TicketGone`,
    `NotAccepted`, `PasskeyRefused`.
    """
    holder = await enrolment.holder_of(token)
    actor, terms = _joining(holder), consent.terms_in_force()
    async with unit_of_work(actor) as tx:
        done = await enrolment.finish_in(tx, token, holder, credential, terms_version=terms)
        session = await _joined_in(tx, actor, done, device)
    if earlier_token:
        await identity.end_session(earlier_token)
    return session


async def finish_by_my_number(
    token: str, earlier_token: str | None = None, *, device: Device = UNKNOWN
) -> OpenedSession:
    """As `finish`, for whoever holds a ticket got with a My Number card: the card is their key."""
    holder = await enrolment.holder_of(token)
    actor, terms = _joining(holder), consent.terms_in_force()
    async with unit_of_work(actor) as tx:
        done = await enrolment.finish_by_my_number_in(tx, token, holder, terms_version=terms)
        session = await _joined_in(tx, actor, done, device)
    if earlier_token:
        await identity.end_session(earlier_token)
    return session


def _joining(holder: TicketHolder) -> Actor:
    return Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=holder.account_id or uuid7(),
        participant_id=holder.participant_id,
    )


async def _joined_in(
    tx: Transaction, actor: Actor, done: Finished, device: Device
) -> OpenedSession:
    await participating.join_in(tx, actor)
    await schemes.begin_in(tx, actor, done.scheme)
    await access_log.append(
        tx, EventName.ENROLLED, detail={} if done.passkey_id else {"way": "my_number"}
    )
    await notifications.enqueue(tx, "welcome")
    return await identity.open_session(
        tx,
        actor,
        way="passkey" if done.passkey_id else "my_number",
        device=device,
        passkey_id=done.passkey_id,
    )


async def refuse(token: str) -> None:
    """Records that the person does not take part; no account is made."""
    holder = await enrolment.holder_of(token)
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=holder.participant_id)
    async with unit_of_work(actor) as tx:
        await enrolment.refuse_in(tx, token)
        await participating.join_in(tx, actor, state="refused")
