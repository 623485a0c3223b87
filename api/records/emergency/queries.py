"""What a participant may put on their emergency card: told records alone."""

import asyncpg

from api.core.database import Transaction


async def carriable(tx: Transaction, most: int, types: tuple[str, ...]) -> list[asyncpg.Record]:
    """Of the subject, up to this sensitivity, the newest first."""
    return await tx.fetch(
        "SELECT record_id, resource_type, category, source_facility_id, is_told, effective_on,"
        " body, title, sensitivity FROM record WHERE participant_id = (SELECT app.subject())"
        " AND is_current AND is_told AND sensitivity <= $1 AND resource_type = ANY ($2)"
        " ORDER BY effective_on DESC, record_id DESC LIMIT 5000",
        most,
        list(types),
    )
