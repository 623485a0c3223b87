"""What every room that takes records in writes alike: the submission, the support centre's case of
what lies aside, and that earlier versions are shown no more."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from api.core.database import Transaction


async def add_submission(
    tx: Transaction, submission_id: UUID, name: str, *, stored: int, quarantined: int
) -> None:
    await tx.execute(
        "INSERT INTO submission (facility_id, submission_id, name, stored, quarantined)"
        " VALUES (app.facility(), $1, $2, $3, $4)",
        submission_id,
        name,
        stored,
        quarantined,
    )


async def open_quarantine_case(tx: Transaction, params: str, due_on: date) -> None:
    """For the support centre; it belongs to nobody as long as nobody is known."""
    await tx.execute(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES (NULL, 'quarantine', $1::jsonb, $2)",
        params,
        due_on,
    )


async def withdraw(tx: Transaction, record_ids: Sequence[UUID]) -> None:
    """From here on no version of these is shown; what follows them is written after it."""
    await tx.execute(
        "UPDATE record SET is_current = false WHERE participant_id = (SELECT app.subject())"
        " AND record_id = ANY ($1) AND is_current",
        list(record_ids),
    )
