"""What waits for someone at the support centre."""

from piccolo.columns import JSONB, UUID, Date, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class SupportCase(Table, tablename="support_case", db=DB):
    case_id = UUID(primary_key=True)
    participant_id = UUID(null=True)
    kind = Text()
    params = JSONB()
    opened_at = Timestamptz()
    due_on = Date()
    closed_at = Timestamptz(null=True)
    closed_by = UUID(null=True)
