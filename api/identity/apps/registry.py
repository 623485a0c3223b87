"""The register of third-party apps, kept by the operator: what is not in it is not let in."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import jwt
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.settings import SettingFault
from api.identity.apps import queries, redirects

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._-]{3,64}")
_LONGEST: Final = {"name_ja": 60, "name_en": 60, "publisher": 100}
MOST_ADDRESSES: Final = 10


class NewApp(NamedTuple):
    """`jwks` (RFC 7517, as JSON text) or `jwks_url` make it confidential."""

    client_id: str
    name_ja: str
    name_en: str
    publisher: str
    redirect_uris: Sequence[str]
    jwks: str | None = None
    jwks_url: str | None = None


class App(NamedTuple):
    client_id: str
    name_ja: str
    name_en: str
    publisher: str
    redirect_uris: tuple[str, ...]
    jwks: str | None
    jwks_url: str | None
    added_at: datetime
    ended_at: datetime | None

    @property
    def is_confidential(self) -> bool:
        return self.jwks is not None or self.jwks_url is not None

    @property
    def names(self) -> dict[str, str]:
        return {"ja": self.name_ja, "en": self.name_en}


async def add(actor: Actor, new: NewApp) -> None:
    """Raises `SettingFault`, also for a client_id that was ever used before."""
    fault = fault_of(new)
    if fault:
        raise SettingFault(f"{fault} Nothing was changed.")
    async with unit_of_work(actor) as tx:
        if not await queries.add_app(tx, *new):
            raise SettingFault(f"There was an app {new.client_id} before. Nothing was changed.")
        await _log(tx, "app_added", new.client_id)


async def listed(actor: Actor) -> list[App]:
    """All, those that have ended too; the oldest first."""
    async with unit_of_work(actor) as tx:
        return [_app(row) for row in await queries.apps(tx)]


async def end(actor: Actor, client_id: str) -> None:
    """For good: from now on nothing it holds opens anything. Raises `SettingFault`."""
    async with unit_of_work(actor) as tx:
        if not await queries.end_app(tx, client_id):
            raise SettingFault(f"No app {client_id} is in force. Nothing was changed.")
        await _log(tx, "app_ended", client_id)


async def in_force_in(tx: Transaction, client_id: str) -> App | None:
    row = await queries.app_in_force(tx, client_id)
    return None if row is None else _app(row)


def fault_of(new: NewApp) -> str:
    """What an operator typed and cannot stand, in a sentence; "" where all of it can."""
    if not _CLIENT_ID.fullmatch(new.client_id):
        return "A client id has 3 to 64 letters, digits, dots, hyphens or underscores."
    for name, longest in _LONGEST.items():
        text: str = getattr(new, name)
        if not (1 <= len(text.strip()) <= longest and text.isprintable()):
            return f"{name.replace('_', ' ')}: one line of 1 to {longest} characters."
    addresses = new.redirect_uris
    if not 1 <= len(addresses) <= MOST_ADDRESSES or not all(map(redirects.is_fit, addresses)):
        return (
            f"1 to {MOST_ADDRESSES} redirect addresses: https, http on this machine, or a scheme of"
            " the app's own such as jp.example.app, each without a fragment."
        )
    if new.jwks is not None and (new.jwks_url is not None or not _is_key_set(new.jwks)):
        return "Name one set of public keys (RFC 7517), in a file or by its address."
    if new.jwks_url is not None and not new.jwks_url.startswith("https://"):
        return "The address of a key set begins with https://."
    return ""


def _is_key_set(text: str) -> bool:
    """Public keys alone: a private one was sent by mistake, and is not kept."""
    try:
        keys: Any = msgspec.json.decode(text)
        return bool(jwt.PyJWKSet.from_dict(keys).keys) and not any(
            "d" in key or key.get("kty") == "oct" for key in keys["keys"]
        )
    except (msgspec.DecodeError, jwt.PyJWTError, TypeError, KeyError, AttributeError):
        return False


def table(apps: Sequence[App]) -> str:
    """One line each, for an operator at the console."""
    lines = [
        "  ".join(
            (
                each.client_id,
                "confidential" if each.is_confidential else "public",
                f"since {each.added_at:%Y-%m-%d}",
                f"ended {each.ended_at:%Y-%m-%d}" if each.ended_at else "in force",
                f"{each.name_ja} / {each.name_en}, {each.publisher}",
                " ".join(each.redirect_uris),
            )
        )
        for each in apps
    ]
    return "\n".join(lines) or "No app is registered."


async def _log(tx: Transaction, change: str, client_id: str) -> None:
    await access_log.append_system(
        tx,
        EventName.OPERATOR_ACTED,
        outcome="permitted",
        detail={"change": change, "client_id": client_id},
    )


def _app(row: asyncpg.Record) -> App:
    return App(**{**row, "redirect_uris": tuple(row["redirect_uris"])})
