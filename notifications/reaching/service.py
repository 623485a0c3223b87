"""Where somebody wants to be told: their phones, browsers, mailbox. Theirs alone, never a proxy's.

Invariant: but for its code, nothing is sent to a mailbox before its owner has typed that code.
"""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from notifications import service
from notifications.channels import configured
from notifications.channels.push_services import is_push_service, public_key
from notifications.reaching import queries
from notifications.reaching.coding import code_of
from notifications.reaching.errors import CodeRefused, NoSuchAddress, TooManyCodes, WayNotOffered

MOST: Final = 20
CODE_MINUTES: Final = 30
TRIES: Final = 5
CODES_A_DAY: Final = 5
DAY_SECONDS: Final = 24 * 3600
_MAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
)
_P256DH: Final = re.compile(r"[A-Za-z0-9_-]{87}")
_AUTH: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class Device(NamedTuple):
    """`is_here`: added in the session that asks."""

    address_id: UUID
    device: str
    added_at: datetime
    is_here: bool


class Mailbox(NamedTuple):
    """`wanted` waits for its code."""

    address: str | None
    is_undeliverable: bool
    wanted: str | None


class Addresses(NamedTuple):
    """`offered`: the ways this network has. `web_push_key`: what a browser subscribes with."""

    phones: list[Device]
    browsers: list[Device]
    mailbox: Mailbox
    offered: frozenset[str]
    web_push_key: str | None


async def mine(actor: Actor) -> Addresses:
    _own(actor)
    settings = runtime.settings()
    async with unit_of_work(actor) as tx:
        phones = [_device(row, actor) for row in await queries.devices(tx, "push_token")]
        browsers = [_device(row, actor) for row in await queries.devices(tx, "push_subscription")]
        row = await queries.mailbox(tx)
    mailbox = Mailbox(None, False, None)
    if row is not None:
        is_waiting = row["code_until"] is not None and row["code_until"] > clock.now()
        mailbox = Mailbox(
            row["address"],
            row["undeliverable_at"] is not None,
            row["wanted"] if is_waiting else None,
        )
    key = public_key(runtime.keys().web_push) if settings.web_push else None
    return Addresses(phones, browsers, mailbox, configured.names(settings), key)


async def add_phone(actor: Actor, token: str, device: str, locale: str) -> UUID:
    """The same token again changes nothing but its session and language."""
    _own(actor)
    _offered("fcm")
    token = token.strip()
    if not token or len(token) > 4096 or not token.isascii() or not token.isprintable():
        raise NoSuchAddress
    async with unit_of_work(actor) as tx:
        known = await queries.refresh_phone(tx, token, actor.session_id, device, locale)
        if known is not None:
            return known
        return await _added(
            tx, "fcm", await queries.add_phone(tx, token, actor.session_id, device, locale)
        )


async def add_browser(
    actor: Actor, endpoint: str, p256dh: str, auth: str, device: str, locale: str
) -> UUID:
    """The same endpoint again changes its keys, session and language."""
    _own(actor)
    _offered("web_push")
    p256dh, auth = p256dh.rstrip("="), auth.rstrip("=")
    services = runtime.settings().push_services
    if (
        len(endpoint) > 2000
        or not is_push_service(endpoint, services)
        or not _P256DH.fullmatch(p256dh)
        or not _AUTH.fullmatch(auth)
    ):
        raise NoSuchAddress
    async with unit_of_work(actor) as tx:
        keys = (p256dh, auth)
        known = await queries.refresh_browser(tx, endpoint, keys, actor.session_id, device, locale)
        if known is not None:
            return known
        added = await queries.add_browser(tx, endpoint, keys, actor.session_id, device, locale)
        return await _added(tx, "web_push", added)


async def _added(tx: Transaction, channel: str, address_id: UUID) -> UUID:
    """The oldest goes where there would be too many: a device is not asked to count."""
    await queries.keep_newest(tx, channel, MOST)
    await access_log.append(tx, EventName.NOTICE_ADDRESS_ADDED, detail={"channel": channel})
    return address_id


async def remove(actor: Actor, address_id: UUID) -> None:
    """A phone or a browser. Raises `NotFound`."""
    _own(actor)
    async with unit_of_work(actor) as tx:
        channel = await queries.remove_device(tx, address_id)
        if channel is None:
            raise NotFound
        await access_log.append(tx, EventName.NOTICE_ADDRESS_REMOVED, detail={"channel": channel})


async def want_mail(actor: Actor, address: str, locale: str) -> None:
    """A code goes to the address. Raises `NoSuchAddress`, `TooManyCodes`, `WayNotOffered`."""
    _own(actor)
    _offered("mail")
    address = address.strip()
    if len(address) > 254 or not _MAIL.fullmatch(address):
        raise NoSuchAddress
    until = clock.now() + timedelta(minutes=CODE_MINUTES)
    async with unit_of_work(actor) as tx:
        await queries.lock_mailbox(tx, locale)
        is_counted = await queries.want_mail(
            tx, address, uuid7(), until, locale, clock.today_in_japan(), CODES_A_DAY
        )
        if not is_counted:
            raise TooManyCodes(DAY_SECONDS)


async def confirm_mail(actor: Actor, code: str) -> None:
    """Raises `CodeRefused`; a try is counted all the same."""
    _own(actor)
    async with unit_of_work(actor) as tx:
        is_right = await _is_right(tx, actor, code)
        if is_right:
            await queries.take_mail(tx, clock.now())
            await access_log.append(tx, EventName.NOTICE_ADDRESS_ADDED, detail={"channel": "mail"})
            await service.enqueue(tx, "mail_address_changed")
        else:
            await queries.count_try(tx)
    if not is_right:
        raise CodeRefused


async def _is_right(tx: Transaction, actor: Actor, code: str) -> bool:
    row = await queries.mailbox(tx, lock=True)
    if row is None or row["wanted"] is None or actor.participant_id is None:
        return False
    if row["tries"] >= TRIES or row["code_until"] <= clock.now():
        return False
    right = code_of(actor.participant_id, row["wanted"], row["nonce"])
    return hmac.compare_digest(right.encode(), "".join(code.split()).encode())


async def remove_mail(actor: Actor) -> None:
    """Also one that waits for its code."""
    _own(actor)
    async with unit_of_work(actor) as tx:
        if await queries.remove_mail(tx):
            await access_log.append(
                tx, EventName.NOTICE_ADDRESS_REMOVED, detail={"channel": "mail"}
            )


def _own(actor: Actor) -> None:
    if actor.kind is not ActorKind.PARTICIPANT or actor.is_proxy or actor.account_id is None:
        raise NotFound


def _offered(channel: str) -> None:
    if channel not in configured.names(runtime.settings()):
        raise WayNotOffered


def _device(row: asyncpg.Record, actor: Actor) -> Device:
    is_here = row["session_id"] is not None and row["session_id"] == actor.session_id
    return Device(row["address_id"], row["device"], row["added_at"], is_here)
