"""Sessions, reviews and choices in SQL: written once, never changed."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def choice(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT version, kind, categories, level, shows_hidden, recorded_at FROM emergency_choice"
        " WHERE participant_id = (SELECT app.subject()) ORDER BY version DESC LIMIT 1"
    )


async def add_choice(
    tx: Transaction,
    version: int,
    kind: str,
    categories: Sequence[str],
    level: int,
    shows_hidden: bool,
) -> None:
    await tx.execute(
        "INSERT INTO emergency_choice (participant_id, version, kind, categories, level,"
        " shows_hidden, recorded_by) VALUES (app.subject(), $1, $2, $3, $4, $5, app.account())",
        version,
        kind,
        list(categories),
        level,
        shows_hidden,
    )


async def now(tx: Transaction) -> datetime:
    """By the database's clock, which is the one that counts."""
    found: datetime = await tx.fetchval("SELECT clock_timestamp()")
    return found


async def add_session(
    tx: Transaction,
    session_id: UUID,
    professional_id: UUID,
    facility_id: UUID,
    by_name: str,
    reason: str,
    words: str,
    identification: str,
    authenticated_at: datetime,
    disaster_id: UUID | None,
) -> None:
    """Who is before the opener was found out just now."""
    await tx.execute(
        "INSERT INTO emergency_session (participant_id, session_id, professional_id, facility_id,"
        " by_name, reason, words, identification, identified_at, authenticated_at, disaster_id)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5, $6, $7, now(), $8, $9)",
        session_id,
        professional_id,
        facility_id,
        by_name,
        reason,
        words,
        identification,
        authenticated_at,
        disaster_id,
    )


async def add_step(
    tx: Transaction, session_id: UUID, step: int, kind: str, state: str, after: str | None
) -> asyncpg.Record | None:
    """PostgreSQL says by whom, when, and until when."""
    return await tx.fetchrow(
        "INSERT INTO emergency_step (participant_id, session_id, step, kind, state, after)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5) RETURNING recorded_at, expires_at",
        session_id,
        step,
        kind,
        state,
        after,
    )


_SESSION = (
    "SELECT participant_id, session_id, professional_id, facility_id, opened_by, by_name, reason,"
    " words, identification, requested_at, disaster_id FROM emergency_session"
)


async def session(tx: Transaction, session_id: UUID) -> asyncpg.Record | None:
    """Of the subject."""
    return await tx.fetchrow(
        f"{_SESSION} WHERE participant_id = (SELECT app.subject()) AND session_id = $1", session_id
    )


async def whose(tx: Transaction, session_id: UUID) -> UUID | None:
    """For the opener and the support centre; row security hides it from everybody else."""
    found: UUID | None = await tx.fetchval(
        "SELECT participant_id FROM emergency_session WHERE session_id = $1", session_id
    )
    return found


async def sessions_of(tx: Transaction, professional_id: UUID, since: datetime) -> list[UUID]:
    """This professional's with the subject that may still reach past `since`."""
    rows = await tx.fetch(
        "SELECT session_id FROM emergency_session WHERE participant_id = (SELECT app.subject())"
        " AND professional_id = $1 AND requested_at > $2::timestamptz - interval '1 day'"
        " ORDER BY requested_at",
        professional_id,
        since,
    )
    return [row["session_id"] for row in rows]


async def newest(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """About the subject, the newest first."""
    return await tx.fetch(
        f"{_SESSION} WHERE participant_id = (SELECT app.subject())"
        " ORDER BY requested_at DESC, session_id LIMIT $1",
        limit,
    )


async def mine(tx: Transaction, professional_id: UUID, limit: int) -> list[asyncpg.Record]:
    """The opener's own of the last day, the newest first."""
    return await tx.fetch(
        f"{_SESSION} WHERE professional_id = $1 AND requested_at > now() - interval '1 day'"
        " ORDER BY requested_at DESC LIMIT $2",
        professional_id,
        limit,
    )


async def steps(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Of a session under a declaration no step lasts longer than the declaration does."""
    return await tx.fetch(
        "SELECT t.session_id, t.step, t.kind, t.state,"
        " least(t.expires_at, app.disaster_until(s.disaster_id)) AS expires_at, t.by_kind,"
        " t.by_account, t.recorded_at, s.disaster_id IS NOT NULL AS in_disaster"
        " FROM emergency_step t JOIN emergency_session s USING (participant_id, session_id)"
        " WHERE t.session_id = ANY ($1) ORDER BY t.session_id, t.step",
        list(ids),
    )


async def find_person(
    tx: Transaction, name: str, name_kana: str, sex: str, birth_on: date
) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "SELECT emergency_find_person($1, $2, $3, $4)", name, name_kana, sex, birth_on
    )
    return found


async def find_insured(
    tx: Transaction, insurer: str, symbol: str, number: str, branch: str
) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "SELECT emergency_find_insured($1, $2, $3, $4)", insurer, symbol, number, branch
    )
    return found


async def tie(tx: Transaction) -> str | None:
    """What the acting professional and the subject are to each other, as far as it is known."""
    found: str | None = await tx.fetchval("SELECT emergency_tie()")
    return found


async def declared(tx: Transaction) -> asyncpg.Record | None:
    """The acting professional's newest; row security hides everybody else's."""
    return await tx.fetchrow(
        "SELECT card, insurer, insurance_symbol, insurance_number, declared_at FROM tie_declaration"
        " ORDER BY version DESC LIMIT 1"
    )


async def declare(tx: Transaction, card: str, insurer: str, symbol: str, number: str) -> None:
    await tx.execute(
        "INSERT INTO tie_declaration (professional_id, version, card, insurer, insurance_symbol,"
        " insurance_number) SELECT nullif((app.context())[6], '')::uuid,"
        " coalesce((SELECT max(version) FROM tie_declaration), 0) + 1, $1, $2, $3, $4",
        card,
        insurer,
        symbol,
        number,
    )


async def has_older(tx: Transaction, categories: Sequence[str], day: date) -> bool:
    """Whether the subject has anything of these, or an operation, from before this day."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM record WHERE participant_id = (SELECT app.subject())"
            " AND is_current AND sensitivity < 2 AND effective_on < $2"
            " AND (category = ANY ($1) OR category = 'procedure' AND body LIKE '%387713003%'))",
            list(categories),
            day,
        )
    )


async def add_review_step(
    tx: Transaction,
    session_id: UUID,
    step: int,
    state: str,
    after: str | None,
    words: str,
    by_name: str,
) -> None:
    await tx.execute(
        "INSERT INTO emergency_review_step (participant_id, session_id, step, state, after, words,"
        " by_name) VALUES (app.subject(), $1, $2, $3, $4, $5, $6)",
        session_id,
        step,
        state,
        after,
        words,
        by_name,
    )


async def review_steps(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT session_id, step, state, words, by_kind, by_account, by_name, recorded_at"
        " FROM emergency_review_step WHERE session_id = ANY ($1) ORDER BY session_id, step",
        list(ids),
    )


_OPEN = (
    " FROM emergency_review_step r JOIN emergency_session s USING (participant_id, session_id)"
    " WHERE r.step = 1 AND NOT EXISTS (SELECT FROM emergency_review_step t"
    "   WHERE t.participant_id = r.participant_id AND t.session_id = r.session_id"
    "     AND t.state = 'told')"
)


_QUEUE = (
    "SELECT s.session_id, s.facility_id, s.by_name, s.reason, r.recorded_at AS opened_at,"
    " (SELECT l.state FROM emergency_review_step l WHERE l.session_id = r.session_id"
    "  ORDER BY l.step DESC LIMIT 1) AS state"
)


async def queue(tx: Transaction, skip: int, limit: int) -> list[asyncpg.Record]:
    """Reviews that are not over, the oldest first; whose they are is not said."""
    return await tx.fetch(
        f"{_QUEUE}{_OPEN} ORDER BY r.recorded_at, s.session_id OFFSET $1 LIMIT $2", skip, limit
    )


async def awaiting(tx: Transaction) -> list[asyncpg.Record]:
    """Sessions that wait for a second officer, the oldest first."""
    return await tx.fetch(
        "SELECT s.session_id, s.facility_id, s.by_name, s.reason, s.requested_at, t.expires_at"
        " FROM emergency_session s JOIN emergency_step t USING (participant_id, session_id)"
        " WHERE t.step = 1 AND t.expires_at > now() AND NOT EXISTS (SELECT FROM emergency_step l"
        "   WHERE l.participant_id = s.participant_id AND l.session_id = s.session_id"
        "     AND l.step = 2)"
        " ORDER BY s.requested_at"
    )


async def queue_length(tx: Transaction) -> int:
    return int(await tx.fetchval(f"SELECT count(*){_OPEN}"))


async def figures(tx: Transaction, since: datetime, until: datetime) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT facility_id, event, outcome, events FROM emergency_figures($1, $2)"
        " ORDER BY facility_id, event, outcome",
        since,
        until,
    )


async def quarter(tx: Transaction, first: date) -> list[asyncpg.Record]:
    """Openings of all participants, counted by what is published of each."""
    return await tx.fetch(
        "SELECT facility_id, tier, reason, identification, is_renewed, is_by_officer, is_held,"
        " review, is_overdue, days, openings FROM emergency_quarter($1)",
        first,
    )
