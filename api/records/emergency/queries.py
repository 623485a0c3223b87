"""The one kind of record that somebody sees in an emergency who is no professional."""

import asyncpg

from api.core.database import Transaction


async def directives(tx: Transaction) -> list[asyncpg.Record]:
    """Of the subject, told ones alone; who may see which is the decision's to say."""
    return await tx.fetch(
        "SELECT record_id, resource_type, source_facility_id, effective_on, recorded_at,"
        " sensitivity, title, body FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND is_current AND is_told"
        " AND category = 'directive' ORDER BY effective_on DESC, record_id LIMIT 100"
    )
