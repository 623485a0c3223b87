"""Current and past versions of one participant's participation and settings."""

from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def lock(tx: Transaction) -> None:
    """Takes the log head's lock, so that every later event is decided under the new version."""
    await tx.execute("SELECT access_log_lock_head()")


async def current(tx: Transaction) -> asyncpg.Record | None:
    """Both newest versions of the subject in one row; None for nobody we know."""
    return await tx.fetchrow(
        "SELECT coalesce(h.policy_version, 0) AS policy_version, p.state, p.terms_version,"
        " p.data_from, coalesce(p.version, 0) AS participation_version,"
        " coalesce(d.version, 0) AS version, d.provisions::text AS provisions, d.recorded_at"
        " FROM participant s"
        " LEFT JOIN access_log_head h USING (participant_id)"
        " LEFT JOIN LATERAL (SELECT * FROM participation x WHERE x.participant_id ="
        "   s.participant_id ORDER BY version DESC LIMIT 1) p ON true"
        " LEFT JOIN LATERAL (SELECT * FROM directive x WHERE x.participant_id ="
        "   s.participant_id ORDER BY version DESC LIMIT 1) d ON true"
        " WHERE s.participant_id = (SELECT app.subject())"
    )


async def version(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT version, provisions::text AS provisions, change::text AS change, recorded_at"
        " FROM directive"
        " WHERE participant_id = (SELECT app.subject()) AND version = $1",
        number,
    )


async def participation(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT version, state, terms_version, data_from FROM participation"
        " WHERE participant_id = (SELECT app.subject()) AND version = $1",
        number,
    )


async def add_directive(
    tx: Transaction,
    version: int,
    provisions: str,
    change: str,
    profile: tuple[str, int],
    account_id: UUID | None,
) -> None:
    await tx.execute(
        "INSERT INTO directive (participant_id, version, provisions, change, profile_id,"
        " profile_version, recorded_by)"
        " VALUES (app.subject(), $1, $2::jsonb, $3::jsonb, $4, $5, $6)",
        version,
        provisions,
        change,
        *profile,
        account_id,
    )


async def add_participation(
    tx: Transaction,
    version: int,
    state: str,
    terms_version: str,
    data_from: date | None,
    account_id: UUID | None,
) -> None:
    await tx.execute(
        "INSERT INTO participation (participant_id, version, state, terms_version, data_from,"
        " recorded_by) VALUES (app.subject(), $1, $2, $3, $4, $5)",
        version,
        state,
        terms_version,
        data_from,
        account_id,
    )
