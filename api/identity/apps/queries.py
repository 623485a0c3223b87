"""Apps, grants and their tokens, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction

_APP = "client_id, name_ja, name_en, publisher, redirect_uris, jwks, jwks_url, added_at, ended_at"


class NewGrant(NamedTuple):
    client_id: str
    scopes: Sequence[str]
    ends_at: datetime
    code_hash: bytes
    code_ends_at: datetime
    redirect_uri: str
    challenge: str


async def add_app(
    tx: Transaction,
    client_id: str,
    name_ja: str,
    name_en: str,
    publisher: str,
    redirect_uris: Sequence[str],
    jwks: str | None,
    jwks_url: str | None,
) -> bool:
    """False where the client_id was ever used before."""
    return bool(
        await tx.fetchval(
            "INSERT INTO registered_app"
            " (client_id, name_ja, name_en, publisher, redirect_uris, jwks, jwks_url)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true",
            client_id,
            name_ja,
            name_en,
            publisher,
            list(redirect_uris),
            jwks,
            jwks_url,
        )
    )


async def apps(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(f"SELECT {_APP} FROM registered_app ORDER BY added_at")  # noqa: S608


async def end_app(tx: Transaction, client_id: str) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE registered_app SET ended_at = now()"
            " WHERE client_id = $1 AND ended_at IS NULL RETURNING true",
            client_id,
        )
    )


async def app_in_force(tx: Transaction, client_id: str) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"SELECT {_APP} FROM registered_app"  # noqa: S608 - constants only
        " WHERE client_id = $1 AND ended_at IS NULL",
        client_id,
    )


async def add_grant(tx: Transaction, new: NewGrant) -> UUID:
    grant_id: UUID = await tx.fetchval(
        "INSERT INTO app_grant (account_id, client_id, scopes, ends_at, code_hash, code_ends_at,"
        " redirect_uri, challenge) VALUES (app.account(), $1, $2, $3, $4, $5, $6, $7)"
        " RETURNING grant_id",
        *new,
    )
    return grant_id


async def holder_of_code(tx: Transaction, code_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_app_code($1)", code_hash)


async def holder_of_token(tx: Transaction, token_hash: bytes, kind: str) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT * FROM identity_account_of_app_token($1, $2)", token_hash, kind
    )


async def redeem(tx: Transaction, grant_id: UUID, jkt: bytes | None) -> bool:
    """False for a code that was redeemed before, or whose grant has ended; whoever else does it
    waits."""
    return bool(
        await tx.fetchval(
            "UPDATE app_grant SET redeemed_at = now(), jkt = $2"
            " WHERE account_id = (SELECT app.account()) AND grant_id = $1"
            " AND redeemed_at IS NULL AND ended_at IS NULL RETURNING true",
            grant_id,
            jkt,
        )
    )


async def lock_grant(tx: Transaction, grant_id: UUID) -> datetime | None:
    """The end of a grant that goes on; whoever renews or ends it waits."""
    ends_at: datetime | None = await tx.fetchval(
        "SELECT ends_at FROM app_grant WHERE account_id = (SELECT app.account())"
        " AND grant_id = $1 AND ended_at IS NULL AND ends_at > now() FOR UPDATE",
        grant_id,
    )
    return ends_at


async def end_grant(tx: Transaction, grant_id: UUID, by: str) -> str | None:
    """The client_id of a grant that went on until now; its tokens open nothing any more."""
    client_id: str | None = await tx.fetchval(
        "UPDATE app_grant SET ended_at = now(), ended_by = $2"
        " WHERE account_id = (SELECT app.account()) AND grant_id = $1 AND ended_at IS NULL"
        " RETURNING client_id",
        grant_id,
        by,
    )
    return client_id


async def end_every_grant(tx: Transaction, by: str) -> list[asyncpg.Record]:
    """As `end_grant`, of all that went on."""
    return await tx.fetch(
        "UPDATE app_grant g SET ended_at = now(), ended_by = $1 FROM registered_app a"
        " WHERE g.account_id = (SELECT app.account()) AND g.ended_at IS NULL"
        " AND a.client_id = g.client_id RETURNING g.client_id, a.name_ja, a.name_en",
        by,
    )


async def grants(tx: Transaction) -> list[asyncpg.Record]:
    """Those an app took up and that go on, the newest first."""
    return await tx.fetch(
        "SELECT g.grant_id, g.client_id, a.name_ja, a.name_en, a.publisher, g.scopes,"
        " g.allowed_at, g.ends_at, g.seen_at"
        " FROM app_grant g JOIN registered_app a USING (client_id)"
        " WHERE g.account_id = (SELECT app.account()) AND g.redeemed_at IS NOT NULL"
        " AND g.ended_at IS NULL AND g.ends_at > now() AND a.ended_at IS NULL"
        " ORDER BY g.allowed_at DESC, g.grant_id DESC"
    )


async def add_token(
    tx: Transaction, token_hash: bytes, grant_id: UUID, kind: str, ends_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO app_token (account_id, token_hash, grant_id, kind, ends_at)"
        " VALUES (app.account(), $1, $2, $3, $4)",
        token_hash,
        grant_id,
        kind,
        ends_at,
    )


async def use_token(tx: Transaction, token_hash: bytes) -> bool:
    """False for a token that was used before."""
    return bool(
        await tx.fetchval(
            "UPDATE app_token SET used_at = now() WHERE account_id = (SELECT app.account())"
            " AND token_hash = $1 AND used_at IS NULL RETURNING true",
            token_hash,
        )
    )


async def drop_token(tx: Transaction, token_hash: bytes) -> None:
    await tx.execute(
        "DELETE FROM app_token WHERE account_id = (SELECT app.account()) AND token_hash = $1",
        token_hash,
    )


async def retire(tx: Transaction, grant_id: UUID) -> None:
    """Refresh tokens stay, as used ones: one that comes again tells of a theft."""
    await tx.execute(
        "DELETE FROM app_token WHERE account_id = (SELECT app.account())"
        " AND grant_id = $1 AND (kind = 'access' OR ends_at < now())",
        grant_id,
    )
    await tx.execute(
        "UPDATE app_token SET used_at = now() WHERE account_id = (SELECT app.account())"
        " AND grant_id = $1 AND used_at IS NULL",
        grant_id,
    )
