"""Current and past versions of one participant's participation and settings."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def lock(tx: Transaction) -> None:
    """Takes the log head's lock, so that every later event is decided under the new version."""
    await tx.execute("SELECT access_log_lock_head()")


async def lock_known(tx: Transaction) -> int | None:
    """As `lock`, with the policy version; None, and nothing locked, for nobody we know."""
    found: int | None = await tx.fetchval(
        "SELECT access_log_lock_head() FROM participant"
        " WHERE participant_id = (SELECT app.subject())"
    )
    return found


async def current(tx: Transaction) -> asyncpg.Record | None:
    """The newest versions of the subject in one row; None for nobody we know."""
    return await tx.fetchrow(
        "SELECT s.participant_id, coalesce(h.policy_version, 0) AS policy_version,"
        " p.state, p.terms_version, p.data_from, coalesce(p.version, 0) AS participation_version,"
        " coalesce(p.joined_at, p.recorded_at) AS joined_at,"
        " coalesce(w.places::text, '[]') AS residences,"
        " coalesce(w.version, 0) AS residence_version, coalesce(d.version, 0) AS version,"
        " d.provisions::text AS provisions, d.teams::text AS teams, d.marks::text AS marks,"
        " d.incoming_level, d.asks_first_since, d.refused_sources, d.recorded_at,"
        " (SELECT min(c.ends_at) FROM consent_question q JOIN consent_campaign c"
        "   USING (campaign_id) WHERE q.participant_id = s.participant_id"
        "   AND q.held_terms = p.terms_version AND c.called_off_at IS NULL) AS ends_at"
        " FROM participant s"
        " LEFT JOIN access_log_head h USING (participant_id)"
        " LEFT JOIN LATERAL (SELECT * FROM participation x WHERE x.participant_id ="
        "   s.participant_id ORDER BY version DESC LIMIT 1) p ON true"
        " LEFT JOIN LATERAL (SELECT * FROM directive x WHERE x.participant_id ="
        "   s.participant_id ORDER BY version DESC LIMIT 1) d ON true"
        " LEFT JOIN LATERAL (SELECT * FROM residence x WHERE x.participant_id ="
        "   s.participant_id ORDER BY version DESC LIMIT 1) w ON true"
        " WHERE s.participant_id = (SELECT app.subject())"
    )


async def version(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT version, provisions::text AS provisions, teams::text AS teams,"
        " marks::text AS marks, incoming_level, asks_first_since, refused_sources,"
        " change::text AS change, profile_id, profile_version, recorded_at FROM directive"
        " WHERE participant_id = (SELECT app.subject()) AND version = $1",
        number,
    )


async def changes_since(tx: Transaction, number: int) -> list[str]:
    """What each later version did, at most the last 20, the oldest first."""
    rows = await tx.fetch(
        "SELECT change::text AS change FROM directive WHERE participant_id = (SELECT app.subject())"
        " AND version > $1 ORDER BY version DESC LIMIT 20",
        number,
    )
    return [row["change"] for row in reversed(rows)]


async def records_told_of(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these records that are the subject's, and that the subject may know of."""
    rows = await tx.fetch(
        "SELECT record_id FROM record WHERE participant_id = (SELECT app.subject())"
        " AND record_id = ANY ($1) AND is_current AND is_told",
        ids,
    )
    return {row["record_id"] for row in rows}


async def participation(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT version, state, terms_version, data_from, recorded_at,"
        " coalesce(joined_at, recorded_at) AS joined_at FROM participation"
        " WHERE participant_id = (SELECT app.subject()) AND version = $1",
        number,
    )


async def add_directive(
    tx: Transaction,
    version: int,
    settings: tuple[str, str, str, int, datetime | None, Sequence[UUID]],
    change: str,
    profile: tuple[str, int],
    account_id: UUID | None,
) -> None:
    """`settings`: provisions, teams and marks as JSON, incoming level, asks first since, refused
    sources."""
    await tx.execute(
        "INSERT INTO directive (participant_id, version, provisions, teams, marks,"
        " incoming_level, asks_first_since, refused_sources, change, profile_id, profile_version,"
        " recorded_by)"
        " VALUES (app.subject(), $1, $2::jsonb, $3::jsonb, $4::jsonb, $5, $6, $7, $8::jsonb, $9,"
        " $10, $11)",
        version,
        *settings,
        change,
        *profile,
        account_id,
    )


async def versions(tx: Transaction, before: int | None, count: int) -> list[asyncpg.Record]:
    """Newest first, each with the key of its receipt where it has one, and how many there are."""
    return await tx.fetch(
        "SELECT d.version, d.recorded_at, d.change::text AS change, r.kid"
        " FROM directive d LEFT JOIN receipt r USING (participant_id, version)"
        " WHERE d.participant_id = (SELECT app.subject())"
        " AND ($1::integer IS NULL OR d.version < $1) ORDER BY d.version DESC LIMIT $2",
        before,
        count,
    )


async def receipt(tx: Transaction, version: int) -> str | None:
    found: str | None = await tx.fetchval(
        "SELECT jws FROM receipt WHERE participant_id = (SELECT app.subject()) AND version = $1",
        version,
    )
    return found


async def add_receipt(tx: Transaction, version: int, kid: str, jws: str) -> None:
    await tx.execute(
        "INSERT INTO receipt (participant_id, version, kid, jws)"
        " VALUES (app.subject(), $1, $2, $3)",
        version,
        kid,
        jws,
    )


async def add_participation(
    tx: Transaction,
    version: int,
    state: str,
    terms_version: str,
    data_from: date | None,
    account_id: UUID | None,
    *,
    joined_at: datetime | None = None,
) -> None:
    """`joined_at`: when the taking part began that this row continues; None for a new one."""
    await tx.execute(
        "INSERT INTO participation (participant_id, version, state, terms_version, data_from,"
        " recorded_by, joined_at) VALUES (app.subject(), $1, $2, $3, $4, $5, $6)",
        version,
        state,
        terms_version,
        data_from,
        account_id,
        joined_at,
    )


async def add_residence(
    tx: Transaction, version: int, places: str, account_id: UUID | None
) -> None:
    await tx.execute(
        "INSERT INTO residence (participant_id, version, places, recorded_by)"
        " VALUES (app.subject(), $1, $2::jsonb, $3)",
        version,
        places,
        account_id,
    )


async def residence(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT version, places::text AS places FROM residence"
        " WHERE participant_id = (SELECT app.subject()) AND version = $1",
        number,
    )


async def scheme_changes(tx: Transaction) -> list[asyncpg.Record]:
    """Versions that chose a scheme, took a version back or closed the account, oldest first."""
    return await tx.fetch(
        "SELECT version, change::text AS change FROM directive"
        " WHERE participant_id = (SELECT app.subject())"
        " AND (change @> '[{\"kind\": \"scheme\"}]' OR change -> 0 ?| '{undo,closed}')"
        " ORDER BY version"
    )
