"""Notices on their way, and those that have arrived in the in-app inbox."""

from piccolo.columns import JSONB, UUID, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class Outbox(Table, tablename="outbox", db=DB):
    participant_id = UUID()
    notice_id = UUID(primary_key=True)
    event = Text()
    params = JSONB()
    channel = Text()
    created_at = Timestamptz()
    delivered_at = Timestamptz(null=True)
    not_before = Timestamptz(null=True)


class InboxNotice(Table, tablename="inbox_notice", db=DB):
    participant_id = UUID()
    notice_id = UUID(primary_key=True)
    event = Text()
    params = JSONB()
    created_at = Timestamptz()
    read_at = Timestamptz(null=True)
