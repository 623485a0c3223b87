"""A person's own passkeys and sessions: seen, named, added, taken away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity import queries, service
from api.identity.card import CardNumber
from api.identity.errors import LastWayIn, NoSuchName, PasskeyRefused, TooManyPasskeys
from api.identity.keys import key_queries, passkeys, stepping_up
from api.identity.keys.ways_in import ways_in
from api.identity.my_number import contains_my_number
from api.identity.service import CHALLENGE_VALID_FOR
from notifications import service as notifications

MOST_PASSKEYS: Final = 10
LONGEST_NAME: Final = 40
NEW_PASSKEY: Final = "new_passkey"


class OwnPasskey(NamedTuple):
    """`is_backed_up`: kept by a service too, so that losing one device does not lose it."""

    passkey_id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_backed_up: bool


class OwnSession(NamedTuple):
    """`device` as `devices.device_of` gives it; `way`: how it was opened."""

    session_id: UUID
    way: str
    device: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_current: bool


async def own_passkeys(actor: Actor) -> list[OwnPasskey]:
    """The oldest first."""
    async with unit_of_work(actor) as tx:
        return [
            OwnPasskey(
                row["passkey_id"],
                row["name"],
                row["created_at"],
                row["last_used_at"],
                row["is_backed_up"],
            )
            for row in await key_queries.passkeys(tx)
        ]


async def one_passkey(actor: Actor, passkey_id: UUID) -> OwnPasskey:
    """Raises `NotFound`."""
    found = next((e for e in await own_passkeys(actor) if e.passkey_id == passkey_id), None)
    if found is None:
        raise NotFound
    return found


async def creation_options(actor: Actor) -> dict[str, Any]:
    """For one more passkey of the actor's. Raises `StepUpNeeded`, `TooManyPasskeys`."""
    challenge = passkeys.new_challenge()
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor, heeds_freeze=False)
        own = await key_queries.passkeys(tx)
        if len(own) >= MOST_PASSKEYS:
            raise TooManyPasskeys(most=MOST_PASSKEYS)
        await key_queries.add_challenge(
            tx, challenge, NEW_PASSKEY, clock.now() + CHALLENGE_VALID_FOR
        )
        return await options_for(tx, challenge, [row["credential_id"] for row in own])


async def options_for(tx: Transaction, challenge: bytes, own: list[bytes]) -> dict[str, Any]:
    """Creation options in the name of the transaction's account."""
    person = await key_queries.person_of_account(tx)
    if person is None or tx.acting.account_id is None:
        raise NotFound
    handle: UUID = person["participant_id"] or tx.acting.account_id
    card = CardNumber(person["card"]).masked if person["card"] else person["name"]
    return passkeys.creation_options(
        challenge, handle.bytes, card, service.masked_name(person["name"]), own
    )


async def add_passkey(actor: Actor, credential: Mapping[str, Any], name: str) -> None:
    """Raises `PasskeyRefused`, `NoSuchName`, `StepUpNeeded`, `TooManyPasskeys`."""
    name = checked_name(name)
    challenge = passkeys.challenge_of(credential)
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor, heeds_freeze=False)
        await key_queries.lock_account(tx)
        if len(await key_queries.passkeys(tx)) >= MOST_PASSKEYS:
            raise TooManyPasskeys(most=MOST_PASSKEYS)
        if not await key_queries.use_challenge(tx, challenge, NEW_PASSKEY):
            raise PasskeyRefused
        await store_passkey(tx, credential, challenge, name)
        await service.log_session(tx, actor, EventName.PASSKEY_ADDED)
        if actor.participant_id is not None:
            await notifications.enqueue(tx, "passkey_added")


async def store_passkey(
    tx: Transaction, credential: Mapping[str, Any], challenge: bytes, name: str
) -> UUID:
    made = passkeys.created(credential, challenge)
    try:
        return await queries.add_passkey(
            tx,
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            made.credential_backed_up,
            name,
        )
    except asyncpg.UniqueViolationError as error:
        raise PasskeyRefused from error


async def rename_passkey(actor: Actor, passkey_id: UUID, name: str) -> None:
    """Raises `NotFound`, `NoSuchName`."""
    name = checked_name(name)
    async with unit_of_work(actor) as tx:
        if not await key_queries.rename_passkey(tx, passkey_id, name):
            raise NotFound


async def revoke_passkey(actor: Actor, passkey_id: UUID) -> None:
    """For good, with every session it opened.

    Raises `NotFound`, `LastWayIn`, `StepUpNeeded`, and `Frozen` for a key from before a recovery.
    """
    async with unit_of_work(actor) as tx:
        await key_queries.lock_account(tx)
        own = {row["passkey_id"]: row["created_at"] for row in await key_queries.passkeys(tx)}
        if passkey_id not in own:
            raise NotFound
        await stepping_up.demand(tx, actor, heeds_freeze=False)
        # After a recovery the keys of before stay until its holder had time to object with one.
        await stepping_up.demand_newer(tx, actor, own[passkey_id])
        ways = await ways_in(tx)
        if ways.passkeys == 1 and not (ways.has_password or ways.has_card):
            raise LastWayIn
        await key_queries.revoke_passkey(tx, passkey_id)
        await key_queries.end_sessions_of_passkey(tx, passkey_id)
        await service.log_session(tx, actor, EventName.PASSKEY_REVOKED)
        if actor.participant_id is not None:
            await notifications.enqueue(tx, "passkey_revoked")


async def ask_in(tx: Transaction, purpose: str, expires_at: datetime) -> bytes:
    """A challenge for the transaction's account; it serves once, and for this purpose."""
    challenge = passkeys.new_challenge()
    await key_queries.add_challenge(tx, challenge, purpose, expires_at)
    return challenge


async def answered_in(tx: Transaction, challenge: bytes, purpose: str) -> bool:
    """Whether it was asked of this account and still stands; it does not any more."""
    return await key_queries.use_challenge(tx, challenge, purpose)


def checked_name(typed: str) -> str:
    """One line a person gave a key; a 個人番号 is no name."""
    name = " ".join(typed.split())[:LONGEST_NAME]
    if not name.isprintable() or contains_my_number(name):
        raise NoSuchName
    return name


async def own_sessions(actor: Actor) -> list[OwnSession]:
    """The one in use last first."""
    async with unit_of_work(actor) as tx:
        return [
            OwnSession(
                row["session_id"],
                row["way"],
                row["device"],
                row["created_at"],
                row["seen_at"],
                row["expires_at"],
                row["session_id"] == actor.session_id,
            )
            for row in await key_queries.sessions(tx)
        ]


async def end_own_session(actor: Actor, session_id: UUID) -> None:
    """Raises `NotFound`; of two who end it at once the second finds it gone."""
    async with unit_of_work(actor) as tx:
        if not await key_queries.end_session_by_id(tx, session_id):
            raise NotFound
        await service.log_session(tx, actor, EventName.SIGNED_OUT, detail={"of": "one_session"})


async def end_other_sessions(actor: Actor) -> int:
    """All but the present one; answers how many."""
    async with unit_of_work(actor) as tx:
        ended = await key_queries.end_sessions_but(tx, actor.session_id)
        if ended:
            await service.log_session(
                tx, actor, EventName.SIGNED_OUT, detail={"of": "other_sessions"}
            )
        return ended
