"""Records and what could not become one."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    Boolean,
    Bytea,
    Date,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from api.core.database import DB


class FacilityPatient(Table, tablename="facility_patient", db=DB):
    participant_id = UUID()
    facility_id = UUID()
    local_id = Text(primary_key=True)
    linked_at = Timestamptz()


class LinkRequest(Table, tablename="link_request", db=DB):
    participant_id = UUID()
    link_id = UUID(primary_key=True)
    facility_id = UUID()
    local_id = Text()
    asked_by_name = Text()
    asked_at = Timestamptz()
    expires_at = Timestamptz()
    answer = Text(null=True)
    answered_at = Timestamptz(null=True)


class Record(Table, tablename="record", db=DB):
    participant_id = UUID()
    record_id = UUID(primary_key=True)
    version = Integer()
    is_current = Boolean()
    resource_type = Text()
    category = Text()
    sensitivity = SmallInt()
    source_facility_id = UUID()
    effective_on = Date()
    effective_at = Timestamptz(null=True)
    recorded_at = Timestamptz()
    marks = Array(base_column=Text())
    is_told = Boolean()
    identifier_system = Text(null=True)
    identifier_value = Text(null=True)
    title = Text()
    body = Text()


class Submission(Table, tablename="submission", db=DB):
    facility_id = UUID()
    submission_id = UUID(primary_key=True)
    name = Text()
    stored = Integer()
    quarantined = Integer()
    received_at = Timestamptz()


class Quarantine(Table, tablename="quarantine", db=DB):
    facility_id = UUID()
    quarantine_id = UUID(primary_key=True)
    submission_id = UUID()
    name = Text()
    reason = Text()
    detail = JSONB()
    body = Bytea()
    received_at = Timestamptz()


class EntrySubject(Table, tablename="entry_subject", db=DB):
    participant_id = UUID()
    professional_id = UUID(primary_key=True)
    facility_id = UUID()
    until = Timestamptz()
