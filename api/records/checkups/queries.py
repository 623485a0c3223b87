"""The records of checkups a participant may know of, but for what they typed in themselves."""

import asyncpg

from api.core.database import Transaction
from api.phr.entries.kinds import IDENTIFIER as OWN


async def told(tx: Transaction, most_shown: int) -> list[asyncpg.Record]:
    """All of them, newest day first, up to this sensitivity. Of a file the findings are read, not
    the file."""
    return await tx.fetch(
        "SELECT record_id, resource_type, source_facility_id,"
        " source_facility_id = app.self_source() AS is_own, effective_on, identifier_system,"
        " identifier_value, category,"
        " CASE WHEN resource_type <> 'DocumentReference' THEN body END AS body"
        " FROM record WHERE participant_id = (SELECT app.subject()) AND is_current AND is_told"
        " AND sensitivity <= $1 AND category = 'checkup'"
        " AND resource_type IN ('Observation', 'DocumentReference', 'Bundle')"
        " AND NOT (source_facility_id = app.self_source() AND identifier_system = $2)"
        " ORDER BY effective_on DESC, record_id",
        most_shown,
        OWN,
    )
