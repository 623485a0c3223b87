"""A participant's emergency card: in force until it is revoked or another takes its place."""

import os
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, i18n, runtime
from api.core.actor import Actor, Power
from api.core.client_keys import ClientKey
from api.core.crypto import base64url, sha256
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.emergency.cards import queries, rules, wire
from api.emergency.cards.content import Content, Line
from api.emergency.cards.keys import card_keys
from api.emergency.cards.rules import GOOD_FOR, Code, Medium, State
from api.emergency.cards.wire import Seal, Sealed
from api.emergency.errors import CardTooOld
from api.identity.keys import stepping_up

CODE_BYTES: Final = 16


class Shown(NamedTuple):
    """A code as it was printed or shown last, and whether it still serves."""

    medium: Medium
    made_at: datetime
    state: State
    used_at: datetime | None


class Held(NamedTuple):
    """The card in force. Delicate lines are left out for whoever they are not shown to, and then
    it `is_whole` no more and is not shown to be carried."""

    content: Content
    made_at: datetime
    good_until: datetime
    codes: list[Shown]
    is_whole: bool


class Issued(NamedTuple):
    """A card with a code of its own: `parts` are what its QR codes hold, `left_out` what only the
    words beside them say."""

    content: Content
    made_at: datetime
    good_until: datetime
    parts: tuple[str, ...]
    left_out: tuple[Line, ...]


async def mine(actor: Actor) -> Held | None:
    """The actor's own, if one is in force."""
    only_with_view(actor)
    async with unit_of_work(actor) as tx:
        row = await queries.running(tx)
        if row is None:
            return None
        codes = await queries.codes(tx, row["card_id"])
    whole = _content(row["content"])
    is_whole = actor.is_shown_restricted or not whole.is_delicate
    return Held(
        whole if is_whole else whole.without_delicate(),
        row["made_at"],
        row["made_at"] + GOOD_FOR,
        [_shown(each) for each in codes],
        is_whole,
    )


async def replace_in(tx: Transaction, actor: Actor, content: Content) -> None:
    """Makes this the subject's card; one there was is over, and its codes with it.

    Raises `StepUpNeeded` and `Frozen`: a card takes records out.
    """
    await stepping_up.demand(tx, actor)
    await queries.lock(tx)
    is_new = not await queries.end(tx, "replaced")
    await queries.add(tx, msgspec.json.encode(content).decode())
    await access_log.append(tx, EventName.EMERGENCY_CARD_MADE, detail={"is_first": is_new})


async def issue(actor: Actor, medium: Medium) -> Issued:
    """The card with a new code, to print or to keep on a telephone; an earlier code of the same
    medium serves no more. Raises `NotFound` without a card, and `CardTooOld`."""
    only_with_view(actor)
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        row = await queries.running(tx)
        content = None if row is None else _content(row["content"])
        if row is None or content is None:
            raise NotFound
        if content.is_delicate and not actor.is_shown_restricted:
            raise NotFound
        good_until = row["made_at"] + GOOD_FOR
        if clock.now() >= good_until:
            raise CardTooOld
        key, code = card_keys().current(), base64url(os.urandom(CODE_BYTES))
        sealed = sealed_with(content, row["made_at"], code, key)
        await queries.add_code(
            tx, row["card_id"], medium, key.kid, sha256(code.encode()), good_until
        )
        how = {each: i18n.text(each, f"card.medium.{medium}") for each in i18n.LOCALES}
        await access_log.append(tx, EventName.EMERGENCY_CARD_ISSUED, detail={"told": {"how": how}})
    return Issued(content, row["made_at"], good_until, sealed.parts, sealed.left_out)


async def revoke(actor: Actor) -> None:
    """No code of the card serves from now on; what is printed stays readable. Without a card
    nothing happens."""
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        if await queries.end(tx, "revoked"):
            await access_log.append(tx, EventName.EMERGENCY_CARD_REVOKED, detail={})


def fitted(content: Content) -> Sealed:
    """What would stand in the QR codes, to be seen before the card is made; its code serves
    nothing."""
    return sealed_with(
        content, clock.now(), base64url(os.urandom(CODE_BYTES)), card_keys().current()
    )


def sealed_with(content: Content, made_at: datetime, code: str, key: ClientKey) -> Sealed:
    address = runtime.settings().public_url
    return wire.seal(content, Seal(address, made_at, made_at + GOOD_FOR, code, key), page())


def page() -> str:
    """Where anybody reads a card: printed on it, and in front of what its QR codes hold."""
    return f"{runtime.settings().public_url}/card"


def published() -> list[dict[str, str]]:
    """The keys cards are checked with (RFC 7517)."""
    return card_keys().published()


async def number_in(tx: Transaction) -> str:
    """The subject's newest participant card; "" where there is none."""
    return await queries.card_number(tx)


def only_with_view(actor: Actor) -> None:
    """A card shows records: whoever acts for somebody needs to be let see them too."""
    if actor.powers is not None and Power.VIEW not in actor.powers:
        raise NotFound


def _content(stored: str) -> Content:
    return msgspec.json.decode(stored, type=Content)


def _shown(row: asyncpg.Record) -> Shown:
    code = Code(
        expires_at=row["expires_at"],
        card_ended=None,
        is_used=row["used_at"] is not None,
        is_newest=True,
    )
    return Shown(row["medium"], row["made_at"], rules.state(code, clock.now()), row["used_at"])
