"""Papers taken in, their scans, and the lists they came in; in SQL."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def is_taken(tx: Transaction, row_hash: bytes) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM paper_consent"
            " WHERE participant_id = (SELECT app.subject()) AND row_hash = $1)",
            row_hash,
        )
    )


async def chosen_until_now(tx: Transaction) -> asyncpg.Record | None:
    """When the subject last chose by themselves, and what day their newest paper was signed."""
    return await tx.fetchrow(
        "SELECT greatest("
        "   (SELECT max(p.recorded_at) FROM participation p"
        "    WHERE p.participant_id = (SELECT app.subject()) AND NOT EXISTS (SELECT FROM"
        "      paper_consent c WHERE c.participant_id = p.participant_id"
        "      AND c.participation_version = p.version)),"
        "   (SELECT max(d.recorded_at) FROM directive d"
        "    WHERE d.participant_id = (SELECT app.subject()) AND NOT EXISTS (SELECT FROM"
        "      paper_consent c WHERE c.participant_id = d.participant_id"
        "      AND c.directive_version = d.version))) AS own_at,"
        " (SELECT max(c.signed_on) FROM paper_consent c"
        "  WHERE c.participant_id = (SELECT app.subject())) AS paper_on"
    )


async def asked_at(tx: Transaction) -> datetime | None:
    """When the subject was asked to agree to new terms, if they have not answered."""
    found: datetime | None = await tx.fetchval(
        "SELECT max(c.opened_at) FROM consent_question q JOIN consent_campaign c"
        " USING (campaign_id) WHERE q.participant_id = (SELECT app.subject())"
        " AND c.called_off_at IS NULL AND q.held_terms = (SELECT p.terms_version"
        "   FROM participation p WHERE p.participant_id = q.participant_id"
        "   ORDER BY p.version DESC LIMIT 1)"
    )
    return found


async def add_paper(
    tx: Transaction,
    row_hash: bytes,
    choice: str,
    signed_on: date,
    versions: tuple[int | None, int | None],
    account_id: UUID | None,
) -> UUID:
    paper_id: UUID = await tx.fetchval(
        "INSERT INTO paper_consent (participant_id, row_hash, choice, signed_on,"
        " participation_version, directive_version, imported_by)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5, $6) RETURNING paper_id",
        row_hash,
        choice,
        signed_on,
        *versions,
        account_id,
    )
    return paper_id


async def add_scan(
    tx: Transaction, paper_id: UUID, digest: bytes, media_type: str, content: bytes
) -> None:
    await tx.execute(
        "INSERT INTO paper_scan (participant_id, paper_id, sha256, media_type, content)"
        " VALUES (app.subject(), $1, $2, $3, $4)",
        paper_id,
        digest,
        media_type,
        content,
    )


async def papers(tx: Transaction) -> list[asyncpg.Record]:
    """The subject's, newest first."""
    return await tx.fetch(
        "SELECT paper_id, choice, signed_on, imported_at FROM paper_consent"
        " WHERE participant_id = (SELECT app.subject()) ORDER BY imported_at DESC, paper_id"
    )


async def scan(tx: Transaction, paper_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT media_type, content FROM paper_scan"
        " WHERE participant_id = (SELECT app.subject()) AND paper_id = $1",
        paper_id,
    )


async def add_import(tx: Transaction, name: str, lines: int) -> UUID:
    import_id: UUID = await tx.fetchval(
        "INSERT INTO paper_import (name, lines) VALUES ($1, $2) RETURNING import_id", name, lines
    )
    return import_id


async def add_faults(
    tx: Transaction, import_id: UUID, faults: Sequence[tuple[int, str, str]]
) -> None:
    for line, reason, params in faults:
        await tx.execute(
            "INSERT INTO paper_import_fault (import_id, line, reason, params)"
            " VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING",
            import_id,
            line,
            reason,
            params,
        )


async def count(
    tx: Transaction, import_id: UUID, counts: tuple[int, int, int], finished_at: datetime | None
) -> None:
    """`counts`: taken, unchanged, refused."""
    await tx.execute(
        "UPDATE paper_import SET taken = $2, unchanged = $3, refused = $4, touched_at = now(),"
        " finished_at = $5 WHERE import_id = $1",
        import_id,
        *counts,
        finished_at,
    )


async def imports(tx: Transaction, limit: int, skip: int) -> list[asyncpg.Record]:
    """The newest first."""
    return await tx.fetch(
        "SELECT import_id, name, lines, taken, unchanged, refused, started_at, touched_at,"
        " finished_at FROM paper_import ORDER BY started_at DESC, import_id DESC"
        " LIMIT $1 OFFSET $2",
        limit,
        skip,
    )


async def import_total(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM paper_import"))


async def one_import(tx: Transaction, import_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT import_id, name, lines, taken, unchanged, refused, started_at, touched_at,"
        " finished_at FROM paper_import WHERE import_id = $1",
        import_id,
    )


async def faults(tx: Transaction, import_id: UUID) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT line, reason, params::text AS params FROM paper_import_fault"
        " WHERE import_id = $1 ORDER BY line, reason",
        import_id,
    )
