"""Accounts, sessions, enrolment and facility systems in SQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from api.core.database import DB, Transaction
from api.core.errors import Unavailable
from api.identity.tables import SystemClient


async def system_client(client_id: str) -> dict[str, Any] | None:
    return await SystemClient.select().where(SystemClient.client_id == client_id).first()


async def exporting_clients(tx: Transaction, facility_id: UUID) -> list[str]:
    rows = await tx.fetch(
        "SELECT client_id FROM system_client WHERE facility_id = $1 AND is_active AND may_export"
        " ORDER BY client_id",
        facility_id,
    )
    return [row["client_id"] for row in rows]


async def use_jti(tx: Transaction, client_id: str, jti: str, expires_at: datetime) -> bool:
    """False when it was used before; rows past their end are swept as we go."""
    await tx.execute("DELETE FROM assertion_jti WHERE expires_at < now() - interval '5 minutes'")
    inserted = await tx.fetchval(
        "INSERT INTO assertion_jti (client_id, jti, expires_at) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING true",
        client_id,
        jti,
        expires_at,
    )
    return bool(inserted)


async def declare_deployment(tx: Transaction, kind: str) -> str:
    """What this database was made for; the first to say it decides."""
    await tx.execute(
        "INSERT INTO deployment (kind) VALUES ($1) ON CONFLICT (only_one) DO NOTHING", kind
    )
    return str(await tx.fetchval("SELECT kind FROM deployment"))


# Sessions and passkeys


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    try:
        yield
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise Unavailable from error


async def holder_of_session(session_hash: bytes) -> asyncpg.Record | None:
    """One round trip, asked before there is an actor to open a transaction for."""
    if DB.pool is None:
        raise Unavailable
    async with _reachable(), DB.pool.acquire(timeout=10) as connection:
        return await connection.fetchrow(
            "SELECT * FROM identity_account_of_session($1)", session_hash
        )


async def session_proved(tx: Transaction, session_hash: bytes) -> asyncpg.Record | None:
    """When its holder last proved who they are, and how it was opened."""
    return await tx.fetchrow(
        "SELECT greatest(created_at, stepped_up_at) AS at, way FROM session"
        " WHERE account_id = (SELECT app.account()) AND session_hash = $1 AND ended_at IS NULL",
        session_hash,
    )


async def holder_of_passkey(tx: Transaction, credential_id: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_passkey($1)", credential_id)


async def holder_of_demo_link(tx: Transaction, token_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_demo_link($1)", token_hash)


async def add_session(
    tx: Transaction,
    session_hash: bytes,
    expires_at: datetime,
    *,
    way: str,
    device: str,
    passkey_id: UUID | None,
    idle: timedelta,
    stepped_up_at: datetime | None,
    jkt: bytes | None,
) -> UUID:
    made: UUID = await tx.fetchval(
        "INSERT INTO session (account_id, session_hash, expires_at, way, device, passkey_id,"
        " idle_seconds, stepped_up_at, jkt)"
        " VALUES (app.account(), $1, $2, $3, $4, $5, $6, $7, $8) RETURNING session_id",
        session_hash,
        expires_at,
        way,
        device,
        passkey_id,
        int(idle.total_seconds()),
        stepped_up_at,
        jkt,
    )
    return made


async def meet_device(tx: Transaction, mark: bytes) -> bool:
    """Whether the account has not seen this device, but others; from now on it has."""
    is_new = await tx.fetchval(
        "INSERT INTO known_device (account_id, mark) VALUES (app.account(), $1)"
        " ON CONFLICT (account_id, mark) DO UPDATE SET last_at = now()"
        " RETURNING old.mark IS NULL AND EXISTS (SELECT FROM known_device k"
        "   WHERE k.account_id = app.account() AND k.mark <> $1)",
        mark,
    )
    return bool(is_new)


async def end_session(tx: Transaction, session_hash: bytes) -> None:
    await tx.execute(
        "UPDATE session SET ended_at = now() WHERE account_id = (SELECT app.account())"
        " AND session_hash = $1 AND ended_at IS NULL",
        session_hash,
    )


async def act_for(tx: Transaction, session_hash: bytes, principal: UUID | None) -> None:
    await tx.execute(
        "UPDATE session SET acting_for = $2 WHERE account_id = (SELECT app.account())"
        " AND session_hash = $1 AND ended_at IS NULL",
        session_hash,
        principal,
    )


async def add_challenge(tx: Transaction, challenge: bytes, expires_at: datetime) -> None:
    await tx.execute("DELETE FROM sign_in_challenge WHERE expires_at < now()")
    await tx.execute(
        "INSERT INTO sign_in_challenge (challenge, expires_at) VALUES ($1, $2)",
        challenge,
        expires_at,
    )


async def use_challenge(tx: Transaction, challenge: bytes) -> bool:
    used = await tx.fetchval(
        "DELETE FROM sign_in_challenge WHERE challenge = $1 RETURNING expires_at > now()", challenge
    )
    return bool(used)


async def add_passkey(
    tx: Transaction,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    is_backed_up: bool,
    name: str,
) -> UUID:
    made: UUID = await tx.fetchval(
        "INSERT INTO passkey"
        " (account_id, credential_id, public_key, sign_count, is_backed_up, name)"
        " VALUES (app.account(), $1, $2, $3, $4, $5) RETURNING passkey_id",
        credential_id,
        public_key,
        sign_count,
        is_backed_up,
        name,
    )
    return made


async def lock_passkey(tx: Transaction, credential_id: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT passkey_id, public_key, sign_count FROM passkey"
        " WHERE account_id = (SELECT app.account()) AND credential_id = $1"
        " AND revoked_at IS NULL FOR UPDATE",
        credential_id,
    )


async def passkey_was_used(
    tx: Transaction, credential_id: bytes, sign_count: int, is_backed_up: bool
) -> None:
    await tx.execute(
        "UPDATE passkey SET sign_count = $2, is_backed_up = $3, last_used_at = now()"
        " WHERE account_id = (SELECT app.account()) AND credential_id = $1",
        credential_id,
        sign_count,
        is_backed_up,
    )


# Demo links


async def add_demo_link(
    tx: Transaction, token_hash: bytes, account_id: UUID, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO demo_sign_in (token_hash, account_id, expires_at) VALUES ($1, $2, $3)",
        token_hash,
        account_id,
        expires_at,
    )


async def use_demo_link(tx: Transaction, token_hash: bytes) -> bool:
    used = await tx.fetchval(
        "UPDATE demo_sign_in SET used_at = now()"
        " WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING true",
        token_hash,
    )
    return bool(used)


# Enrolment


async def lock_throttles(tx: Transaction, buckets: Sequence[bytes]) -> dict[bytes, str]:
    """State by bucket; rows are made where missing and locked in key order, so none deadlock."""
    rows = await tx.fetch(
        "INSERT INTO throttle (bucket, state)"
        " SELECT b, 'null' FROM unnest($1::bytea[]) AS b ORDER BY b"
        " ON CONFLICT (bucket) DO UPDATE SET updated_at = now() RETURNING bucket, state::text",
        list(buckets),
    )
    return {row["bucket"]: row["state"] for row in rows}


async def set_throttles(tx: Transaction, states: Mapping[bytes, str]) -> None:
    await tx.execute(
        "UPDATE throttle t SET state = s.state::jsonb, updated_at = now()"
        " FROM unnest($1::bytea[], $2::text[]) AS s (bucket, state) WHERE t.bucket = s.bucket",
        list(states),
        list(states.values()),
    )


async def sweep_throttles(tx: Transaction) -> None:
    """Rows nobody waits for; SKIP LOCKED, because our own rows are locked already."""
    await tx.execute(
        "DELETE FROM throttle WHERE bucket IN (SELECT bucket FROM throttle"
        " WHERE updated_at < now() - interval '1 hour' LIMIT 100 FOR UPDATE SKIP LOCKED)"
    )


async def check_enrolment(
    tx: Transaction, number: str, birth_on: date, code_hmac: bytes
) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "SELECT identity_check_enrolment($1, $2, $3)", number, birth_on, code_hmac
    )
    return found


async def add_ticket(
    tx: Transaction, ticket_hash: bytes, code_hmac: bytes, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO enrolment_ticket (participant_id, ticket_hash, code_hmac, expires_at)"
        " VALUES (app.subject(), $1, $2, $3)",
        ticket_hash,
        code_hmac,
        expires_at,
    )


async def account_closed(tx: Transaction) -> asyncpg.Record:
    """Of the subject: `is_closed`, and `is_ended` once nothing of it is still to do."""
    row = await tx.fetchrow("SELECT is_closed, is_ended FROM account_closed()")
    if row is None:
        raise LookupError("counts have a row")
    return row


async def returned_at(tx: Transaction) -> datetime | None:
    """When the subject last came back after a closing."""
    found: datetime | None = await tx.fetchval("SELECT account_returned_at()")
    return found


async def open_anew(tx: Transaction) -> None:
    """Raises asyncpg's InsufficientPrivilegeError where nobody enrols the subject just now."""
    await tx.execute("SELECT account_open_anew()")


async def add_account(tx: Transaction) -> None:
    await tx.execute(
        "INSERT INTO account (account_id, kind, participant_id)"
        " VALUES (app.account(), 'participant', app.subject())"
    )


async def holder_of_ticket(tx: Transaction, ticket_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_ticket_participant($1)", ticket_hash)


async def lock_ticket(tx: Transaction, ticket_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT code_hmac, iss, sub, terms_version, scheme, challenge,"
        " finished_at IS NOT NULL AS is_finished, expires_at > now() AS is_fresh"
        " FROM enrolment_ticket WHERE participant_id = (SELECT app.subject())"
        " AND ticket_hash = $1 FOR UPDATE",
        ticket_hash,
    )


async def enrolling_person(tx: Transaction) -> asyncpg.Record:
    row = await tx.fetchrow(
        "SELECT p.name, p.birth_on, c.number FROM participant p"
        " JOIN card c USING (participant_id)"
        " WHERE p.participant_id = (SELECT app.subject()) AND c.is_active"
        " ORDER BY c.issued_at DESC LIMIT 1"
    )
    if row is None:
        raise LookupError("participant")
    return row


async def accept_terms(
    tx: Transaction, ticket_hash: bytes, terms_version: str, scheme: str | None
) -> None:
    await tx.execute(
        "UPDATE enrolment_ticket SET terms_version = $2, scheme = $3, accepted_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND ticket_hash = $1",
        ticket_hash,
        terms_version,
        scheme,
    )


async def set_ticket_challenge(tx: Transaction, ticket_hash: bytes, challenge: bytes) -> None:
    await tx.execute(
        "UPDATE enrolment_ticket SET challenge = $2"
        " WHERE participant_id = (SELECT app.subject()) AND ticket_hash = $1",
        ticket_hash,
        challenge,
    )


async def finish_ticket(tx: Transaction, ticket_hash: bytes) -> None:
    await tx.execute(
        "UPDATE enrolment_ticket SET finished_at = now(), challenge = NULL"
        " WHERE participant_id = (SELECT app.subject()) AND ticket_hash = $1",
        ticket_hash,
    )


async def refuse_ticket(tx: Transaction, ticket_hash: bytes) -> None:
    """Finished without accepted terms: nobody enrolled by it."""
    await tx.execute(
        "UPDATE enrolment_ticket SET finished_at = now(), terms_version = NULL,"
        " accepted_at = NULL, challenge = NULL"
        " WHERE participant_id = (SELECT app.subject()) AND ticket_hash = $1",
        ticket_hash,
    )


async def use_activation_code(tx: Transaction, code_hmac: bytes) -> bool:
    used = await tx.fetchval(
        "UPDATE activation_code SET used_at = now() WHERE participant_id = (SELECT app.subject())"
        " AND code_hmac = $1 AND used_at IS NULL RETURNING true",
        code_hmac,
    )
    return bool(used)
