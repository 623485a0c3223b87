"""What of records is seen for an emergency by somebody who is no professional."""

import asyncpg

from api.core.database import Transaction


async def carriable(tx: Transaction, most: int, types: tuple[str, ...]) -> list[asyncpg.Record]:
    """Of the subject, up to this sensitivity, the newest first: for the card they carry."""
    return await tx.fetch(
        "SELECT record_id, resource_type, category, source_facility_id, is_told, effective_on,"
        " body, title, sensitivity FROM record WHERE participant_id = (SELECT app.subject())"
        " AND is_current AND is_told AND sensitivity <= $1 AND resource_type = ANY ($2)"
        " ORDER BY effective_on DESC, record_id DESC LIMIT 5000",
        most,
        list(types),
    )


async def directives(tx: Transaction) -> list[asyncpg.Record]:
    """Of the subject, told ones alone; who may see which is the decision's to say."""
    return await tx.fetch(
        "SELECT record_id, resource_type, source_facility_id, effective_on, recorded_at,"
        " sensitivity, title, body FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND is_current AND is_told"
        " AND category = 'directive' ORDER BY effective_on DESC, record_id LIMIT 100"
    )
