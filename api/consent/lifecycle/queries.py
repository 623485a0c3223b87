"""Campaigns, papers and what they say of one participant, in SQL."""

from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def question(tx: Transaction) -> asyncpg.Record | None:
    """What the subject was asked and has not answered; of several the one that ends first."""
    return await tx.fetchrow(
        "SELECT c.terms_version, c.answer_by, c.ends_at FROM consent_question q"
        " JOIN consent_campaign c USING (campaign_id)"
        " JOIN LATERAL (SELECT x.state, x.terms_version FROM participation x"
        "   WHERE x.participant_id = q.participant_id ORDER BY x.version DESC LIMIT 1) p"
        "   ON p.state = 'participating' AND p.terms_version = q.held_terms"
        " WHERE q.participant_id = (SELECT app.subject()) AND c.called_off_at IS NULL"
        " ORDER BY c.ends_at LIMIT 1"
    )


async def open_campaign(
    tx: Transaction, terms_version: str, answer_by: date
) -> tuple[UUID, list[UUID]] | None:
    """The campaign, and who was asked: each is owed the event of it."""
    row = await tx.fetchrow(
        "SELECT campaign_id, owed FROM consent_open_campaign($1, $2)", terms_version, answer_by
    )
    if row is None or row["campaign_id"] is None:
        return None
    return row["campaign_id"], row["owed"]


async def call_off(tx: Transaction, campaign_id: UUID) -> asyncpg.Record | None:
    """`terms`, `day`, and who is owed the event; None when it is over."""
    row = await tx.fetchrow(
        "SELECT terms, day, owed FROM consent_call_off_campaign($1)", campaign_id
    )
    return None if row is None or row["terms"] is None else row


async def campaigns(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT campaign_id, terms_version, answer_by, ends_at, opened_at, called_off_at"
        " FROM consent_campaign ORDER BY opened_at DESC, campaign_id DESC LIMIT $1",
        limit,
    )


async def progress(tx: Transaction, campaign_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT asked, accepted, refused, unanswered FROM consent_campaign_progress($1)",
        campaign_id,
    )
