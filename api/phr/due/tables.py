"""Columns of what the books keep beside their entries."""

from piccolo.columns import UUID, Date, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class OwnDue(Table, tablename="own_due", db=DB):
    participant_id = UUID()
    kind = Text()
    book = Text(primary_key=True)
    due_on = Date()
    why = Text()
    rules = Text()
    told_at = Timestamptz(null=True)
