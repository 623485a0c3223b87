"""The participant's log and its head; the application may append through functions only."""

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class AccessLogHead(Table, tablename="access_log_head", db=DB):
    participant_id = UUID(primary_key=True)
    last_pseq = BigInt()
    policy_version = BigInt()


class AccessEvent(Table, tablename="access_event", db=DB):
    participant_id = UUID()
    pseq = BigInt()
    eid = UUID(primary_key=True)
    at = Timestamptz()
    event = Text()
    outcome = Text()
    actor_kind = Text()
    actor_id = UUID(null=True)
    facility_id = UUID(null=True)
    purpose_of_use = Text(null=True)
    detail = JSONB()
    undisclosed = JSONB()


class SystemEvent(Table, tablename="system_event", db=DB):
    eid = UUID(primary_key=True)
    at = Timestamptz()
    event = Text()
    outcome = Text()
    actor_kind = Text()
    actor_id = UUID(null=True)
    facility_id = UUID(null=True)
    detail = JSONB()
