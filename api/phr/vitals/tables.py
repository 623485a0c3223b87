"""Entries that came from a device."""

from piccolo.columns import UUID, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class VitalSample(Table, tablename="vital_sample", db=DB):
    participant_id = UUID()
    entry_id = UUID(primary_key=True)
    edited_at = Timestamptz()
