"""Passwords and their second factor in SQL."""

import asyncpg

from api.core.database import Transaction


async def is_set(tx: Transaction) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM password WHERE account_id = (SELECT app.account()))"
        )
    )


async def account_of_card(tx: Transaction, number: str) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_card($1)", number)


async def stored(tx: Transaction) -> asyncpg.Record | None:
    """The account's own."""
    return await tx.fetchrow(
        "SELECT hash, totp_sealed, totp_step FROM password"
        " WHERE account_id = (SELECT app.account())"
    )


async def held(tx: Transaction) -> asyncpg.Record | None:
    """As `stored`, and until the transaction ends: a step of the factor serves once."""
    return await tx.fetchrow(
        "SELECT hash, totp_sealed, totp_step FROM password"
        " WHERE account_id = (SELECT app.account()) FOR UPDATE"
    )


async def put(tx: Transaction, hashed: str, totp_sealed: bytes, totp_step: int) -> None:
    await tx.execute(
        "INSERT INTO password (account_id, hash, totp_sealed, totp_step)"
        " VALUES (app.account(), $1, $2, $3)"
        " ON CONFLICT (account_id) DO UPDATE SET hash = $1, totp_sealed = $2, totp_step = $3,"
        " set_at = now()",
        hashed,
        totp_sealed,
        totp_step,
    )


async def use_step(tx: Transaction, step: int) -> None:
    await tx.execute(
        "UPDATE password SET totp_step = $1 WHERE account_id = (SELECT app.account())", step
    )


async def remove(tx: Transaction) -> bool:
    return bool(
        await tx.fetchval(
            "DELETE FROM password WHERE account_id = (SELECT app.account()) RETURNING true"
        )
    )
