"""Knowing somebody by the card they carry: its code says once who they are, and opens nothing.

Whoever copied or photographed a card has its code too. So the code is identification alone: every
gate of an emergency session stands as ever, and it serves one opening.
"""

from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.holding import embargo_in
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.crypto import sha256
from api.core.database import Transaction, unit_of_work
from api.directory import service as directory
from api.emergency.acting import has_right, in_emergency
from api.emergency.cards import queries, rules, wire
from api.emergency.cards.keys import card_keys
from api.emergency.cards.rules import Code, State
from api.emergency.errors import CardRefused, CardUnreadable, NotOpened
from api.emergency.stored import acted


class Known(NamedTuple):
    """Whom a card names, and its code, which an opening uses up."""

    participant_id: UUID
    code_id: UUID


async def known_by(actor: Actor, scanned: str) -> Known:
    """Whose card was scanned, for whoever has the emergency right.

    Raises `CardUnreadable`; `CardRefused`, once the attempt is in the participant's log.
    """
    acting = in_emergency(actor)
    if not has_right(await directory.standing(acting)):
        raise NotOpened("no_right")
    payload = _payload(scanned)
    async with unit_of_work(acting) as tx:
        row = None
        if payload is not None:
            row = await queries.code_of(tx, sha256(payload.jti.encode()))
        if row is None:
            await access_log.append_system(
                tx, EventName.EMERGENCY_SOUGHT, outcome="denied", detail={"name": actor.name}
            )
    if row is None:
        raise CardUnreadable
    known = Known(row["participant_id"], row["code_id"])
    found = Code(
        expires_at=row["expires_at"],
        card_ended=row["ended_because"],
        is_used=row["is_used"],
        is_newest=row["is_newest"],
    )
    state = rules.state(found, clock.now())
    if state != "good":
        await _log_refusal(acting, known.participant_id, state)
        raise CardRefused(state)
    return known


async def use_in(tx: Transaction, code_id: UUID | None, session_id: UUID) -> None:
    """In the transaction that opens: of two at once with one code, one opens."""
    if code_id is None or not await queries.use(tx, code_id, session_id):
        raise CardRefused("used")


def is_card(text: str) -> bool:
    """Whether the text looks like a card's code, good or not."""
    return wire.looks_like_a_part(text)


def number_on(text: str) -> str:
    """The participant card's number an emergency card of ours names; "" for anything else. It is an
    identifier: whether the card is revoked makes no difference to it."""
    payload = _payload(text) if is_card(text) else None
    return "" if payload is None else payload.id


def _payload(scanned: str) -> wire.Payload | None:
    try:
        payload = wire.opened(wire.read(scanned), card_keys().published())
    except wire.Unreadable:
        return None
    return payload if payload.iss == runtime.settings().public_url else None


async def _log_refusal(acting: Actor, subject: UUID, state: State) -> None:
    async with unit_of_work(acting, subject=subject) as tx:
        standing = await directory.standing_in(tx, acting)
        await access_log.append(
            tx,
            EventName.EMERGENCY_CARD_REFUSED,
            outcome="denied",
            detail={"actor": acted(acting, standing), "refusal": state},
            embargo=await embargo_in(tx),
        )
