"""Where somebody is told; each statement is about the transaction's subject alone."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from api.core.database import Transaction

_TABLES: Final = {"fcm": "push_token", "web_push": "push_subscription"}


async def devices(tx: Transaction, table: str) -> list[asyncpg.Record]:
    return await tx.fetch(
        f"SELECT address_id, device, added_at, session_id FROM {table}"  # noqa: S608 - of ours
        " WHERE participant_id = (SELECT app.subject()) ORDER BY added_at DESC"
    )


async def refresh_phone(
    tx: Transaction, token: str, session_id: UUID | None, device: str, locale: str
) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "UPDATE push_token SET session_id = $2, device = $3, locale = $4"
        " WHERE participant_id = (SELECT app.subject()) AND token = $1 RETURNING address_id",
        token,
        session_id,
        device,
        locale,
    )
    return found


async def add_phone(
    tx: Transaction, token: str, session_id: UUID | None, device: str, locale: str
) -> UUID:
    added: UUID = await tx.fetchval(
        "INSERT INTO push_token (participant_id, account_id, session_id, token, device, locale)"
        " VALUES (app.subject(), app.account(), $2, $1, $3, $4) RETURNING address_id",
        token,
        session_id,
        device,
        locale,
    )
    return added


async def refresh_browser(
    tx: Transaction,
    endpoint: str,
    keys: tuple[str, str],
    session_id: UUID | None,
    device: str,
    locale: str,
) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "UPDATE push_subscription SET p256dh = $2, auth = $3, session_id = $4, device = $5,"
        " locale = $6 WHERE participant_id = (SELECT app.subject()) AND endpoint = $1"
        " RETURNING address_id",
        endpoint,
        *keys,
        session_id,
        device,
        locale,
    )
    return found


async def add_browser(
    tx: Transaction,
    endpoint: str,
    keys: tuple[str, str],
    session_id: UUID | None,
    device: str,
    locale: str,
) -> UUID:
    added: UUID = await tx.fetchval(
        "INSERT INTO push_subscription"
        " (participant_id, account_id, session_id, endpoint, p256dh, auth, device, locale)"
        " VALUES (app.subject(), app.account(), $4, $1, $2, $3, $5, $6) RETURNING address_id",
        endpoint,
        *keys,
        session_id,
        device,
        locale,
    )
    return added


async def keep_newest(tx: Transaction, channel: str, most: int) -> None:
    table = _TABLES[channel]
    await tx.execute(
        f"DELETE FROM {table} WHERE participant_id = (SELECT app.subject())"  # noqa: S608 - of ours
        f" AND address_id NOT IN (SELECT address_id FROM {table}"
        "  WHERE participant_id = (SELECT app.subject()) ORDER BY added_at DESC, address_id DESC"
        "  LIMIT $1)",
        most,
    )


async def remove_device(tx: Transaction, address_id: UUID) -> str | None:
    """Which way it was; None where there is none."""
    for channel, table in _TABLES.items():
        gone = await tx.fetchval(
            f"DELETE FROM {table} WHERE participant_id = (SELECT app.subject())"  # noqa: S608
            " AND address_id = $1 RETURNING address_id",
            address_id,
        )
        if gone is not None:
            return channel
    return None


async def mailbox(tx: Transaction, *, lock: bool = False) -> Any:
    if lock:
        await tx.execute(
            "SELECT FROM mail_address WHERE participant_id = (SELECT app.subject()) FOR UPDATE"
        )
    return await tx.fetchrow(
        "SELECT address, undeliverable_at, wanted, nonce, code_until, tries FROM mail_address"
        " WHERE participant_id = (SELECT app.subject())"
    )


async def lock_mailbox(tx: Transaction, locale: str) -> None:
    """Makes the row if it is not there."""
    await tx.execute(
        "INSERT INTO mail_address (participant_id, locale) VALUES (app.subject(), $1)"
        " ON CONFLICT DO NOTHING",
        locale,
    )
    await mailbox(tx, lock=True)


async def want_mail(
    tx: Transaction,
    address: str,
    nonce: UUID,
    until: datetime,
    locale: str,
    today: date,
    most_a_day: int,
) -> bool:
    """False, and nothing is changed, where there were enough codes today."""
    return bool(
        await tx.fetchval(
            "UPDATE mail_address SET wanted = $1, nonce = $2, code_until = $3, locale = $4,"
            "  tries = 0, codes_on = $5, codes = CASE WHEN codes_on = $5 THEN codes + 1 ELSE 1 END"
            " WHERE participant_id = (SELECT app.subject())"
            "  AND (codes_on IS DISTINCT FROM $5 OR codes < $6) RETURNING true",
            address,
            nonce,
            until,
            locale,
            today,
            most_a_day,
        )
    )


async def count_try(tx: Transaction) -> None:
    await tx.execute(
        "UPDATE mail_address SET tries = tries + 1"
        " WHERE participant_id = (SELECT app.subject()) AND tries < 100"
    )


async def take_mail(tx: Transaction, now: datetime) -> None:
    await tx.execute(
        "UPDATE mail_address SET address = wanted, confirmed_at = $1, undeliverable_at = NULL,"
        "  wanted = NULL, nonce = NULL, code_until = NULL, tries = 0"
        " WHERE participant_id = (SELECT app.subject())",
        now,
    )


async def remove_mail(tx: Transaction) -> bool:
    """What was counted stays counted."""
    return bool(
        await tx.fetchval(
            "UPDATE mail_address SET address = NULL, confirmed_at = NULL, undeliverable_at = NULL,"
            "  wanted = NULL, nonce = NULL, code_until = NULL"
            " WHERE participant_id = (SELECT app.subject())"
            "  AND (address IS NOT NULL OR wanted IS NOT NULL) RETURNING true"
        )
    )
