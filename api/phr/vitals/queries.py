"""What came from a device, by the ids its entries have or had."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from api.core.database import Transaction


async def known(tx: Transaction, entry_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each that came was last settled on its device, removed here or not."""
    rows = await tx.fetch(
        "SELECT entry_id, edited_at FROM vital_sample"
        " WHERE participant_id = (SELECT app.subject()) AND entry_id = ANY ($1)",
        list(entry_ids),
    )
    return {row["entry_id"]: row["edited_at"] for row in rows}


async def note(tx: Transaction, edited_at: Mapping[UUID, datetime]) -> None:
    await tx.execute(
        "INSERT INTO vital_sample (participant_id, entry_id, edited_at)"
        " SELECT (SELECT app.subject()), n.entry_id, n.edited_at"
        " FROM unnest($1::uuid[], $2::timestamptz[]) AS n(entry_id, edited_at)"
        " ON CONFLICT (participant_id, entry_id) DO UPDATE SET edited_at = excluded.edited_at",
        list(edited_at),
        list(edited_at.values()),
    )
