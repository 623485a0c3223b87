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


class BulkExport(Table, tablename="bulk_export", db=DB):
    facility_id = UUID()
    export_id = UUID(primary_key=True)
    client_id = Text()
    started_by = Text()
    by_name = Text()
    professional_id = UUID(null=True)
    profession = Text()
    purpose = Text()
    types = Array(base_column=Text())
    since = Timestamptz(null=True)
    request_url = Text()
    requested_at = Timestamptz()
    state = Text()
    worker = UUID(null=True)
    leased_until = Timestamptz(null=True)
    attempts = SmallInt()
    started_at = Timestamptz(null=True)
    patients = Integer()
    done = Integer()
    at_patient = UUID(null=True)
    at_record = UUID(null=True)
    files = JSONB()
    counts = JSONB()
    finished_at = Timestamptz(null=True)
    expires_at = Timestamptz(null=True)


class Quarantine(Table, tablename="quarantine", db=DB):
    facility_id = UUID()
    quarantine_id = UUID(primary_key=True)
    submission_id = UUID()
    name = Text()
    reason = Text()
    detail = JSONB()
    body = Bytea()
    received_at = Timestamptz()
