"""What a participant's own summary is made from: told records alone."""

from api.core.database import Transaction
from api.phr.entries import service as own_entries
from api.records.whole.queries import Permitted


async def own(tx: Transaction, most: int, types: tuple[str, ...], count: int) -> list[Permitted]:
    """Of the subject, up to this sensitivity, the newest first."""
    rows = await tx.fetch(
        "SELECT record_id, resource_type, category, source_facility_id, is_told, effective_on,"
        " body FROM record WHERE participant_id = (SELECT app.subject()) AND is_current"
        " AND is_told AND sensitivity <= $1 AND resource_type = ANY ($2)"
        " ORDER BY effective_on DESC, record_id DESC LIMIT $3",
        most,
        list(types),
        count,
    )
    opened = await own_entries.opened_rows_in(tx, rows)
    return [Permitted(*row.values()) for row in opened]
