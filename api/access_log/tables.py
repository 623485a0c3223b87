"""The participant's log and its head; the application may append through functions only."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from api.core.database import DB


class AccessLogHead(Table, tablename="access_log_head", db=DB):
    participant_id = UUID(primary_key=True)
    last_pseq = BigInt()
    policy_version = BigInt()
    last_commit = Bytea()
    owes = Array(base_column=Text())
    key_version = SmallInt()
    position = BigInt()


class AccessEvent(Table, tablename="access_event", db=DB):
    participant_id = UUID(primary_key=True)
    pseq = BigInt()
    at = Timestamptz()
    eid = UUID()
    event = Text()
    outcome = Text()
    actor_kind = Text()
    actor_id = UUID(null=True)
    facility_id = UUID(null=True)
    purpose_of_use = Text(null=True)
    inner_hash = Bytea()
    prev = Bytea()
    commit = Bytea()
    sealed = Bytea(null=True)
    key_version = SmallInt()
    epoch = Integer()


class SystemEvent(Table, tablename="system_event", db=DB):
    eid = UUID(primary_key=True)
    at = Timestamptz()
    event = Text()
    outcome = Text()
    actor_kind = Text()
    actor_id = UUID(null=True)
    facility_id = UUID(null=True)
    inner_hash = Bytea()
    commit = Bytea()
    sealed = Bytea()
    epoch = Integer()


class ErasureCertificate(Table, tablename="erasure_certificate", db=DB):
    participant_id = UUID(primary_key=True)
    at = Timestamptz()
    events = BigInt()
    last_commit = Bytea()
    reason = Text()
    value = Bytea()
    epoch = Integer()


class LogState(Table, tablename="log_state", db=DB):
    only_one = Boolean(primary_key=True)
    origin = Text(null=True)
    epoch = Integer()
    halted_reason = Text(null=True)
    halted_at = Timestamptz(null=True)
