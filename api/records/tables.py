"""Records and what could not become one."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    Integer,
    Real,
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
    way = Text()
    bits = Real(null=True)


class NumberStep(Table, tablename="number_step", db=DB):
    participant_id = UUID()
    step_id = UUID(primary_key=True)
    facility_id = UUID()
    local_id = Text()
    act = Text()
    way = Text(null=True)
    recorded_at = Timestamptz()


class NumberSetAside(Table, tablename="number_set_aside", db=DB):
    participant_id = UUID()
    facility_id = UUID()
    local_id = Text()
    record_id = UUID(primary_key=True)
    version = Integer()
    set_aside_at = Timestamptz()
    restored_at = Timestamptz(null=True)


class PatientMatch(Table, tablename="patient_match", db=DB):
    participant_id = UUID()
    match_id = UUID(primary_key=True)
    facility_id = UUID()
    local_id = Text()
    sent = JSONB(null=True)
    levels = JSONB()
    bits = Real()
    found_at = Timestamptz()
    asked_at = Timestamptz(null=True)
    asked_by_name = Text(null=True)
    decision = Text(null=True)
    reason = Text(null=True)
    decided_by = UUID(null=True)
    decided_by_name = Text(null=True)
    decided_at = Timestamptz(null=True)
    seen_by = UUID(null=True)
    seen_by_name = Text(null=True)
    seen_at = Timestamptz(null=True)


class ParticipantMerge(Table, tablename="participant_merge", db=DB):
    participant_id = UUID()
    merge_id = UUID(primary_key=True)
    other_id = UUID()
    reason = Text()
    asked_by = UUID()
    asked_by_name = Text()
    asked_at = Timestamptz()


class ParticipantMergeStep(Table, tablename="participant_merge_step", db=DB):
    participant_id = UUID()
    merge_id = UUID(primary_key=True)
    step = SmallInt()
    act = Text()
    by_account = UUID()
    by_name = Text()
    reason = Text()
    recorded_at = Timestamptz()


class ParticipantMergeRecord(Table, tablename="participant_merge_record", db=DB):
    participant_id = UUID()
    merge_id = UUID()
    record_id = UUID(primary_key=True)
    version = Integer()
    sensitivity = SmallInt()


class ParticipantMergePart(Table, tablename="participant_merge_part", db=DB):
    participant_id = UUID()
    merge_id = UUID()
    document_id = UUID()
    record_id = UUID(primary_key=True)
    document_now = UUID()
    record_now = UUID()
    is_named = Boolean()


class ParticipantMergeReturn(Table, tablename="participant_merge_return", db=DB):
    participant_id = UUID()
    merge_id = UUID(primary_key=True)
    given_back_at = Timestamptz()


class ParticipantMergeRefusal(Table, tablename="participant_merge_refusal", db=DB):
    participant_id = UUID()
    merge_id = UUID()
    facility_id = UUID(primary_key=True)
    version = Integer()


class DeliveryDue(Table, tablename="delivery_due", db=DB):
    facility_id = UUID()
    local_id = Text(primary_key=True)
    by_account = UUID(null=True)
    due_since = Timestamptz()


class QuarantineName(Table, tablename="quarantine_name", db=DB):
    facility_id = UUID()
    name_hash = Bytea()
    quarantine_id = UUID(primary_key=True)


class QuarantineDelivery(Table, tablename="quarantine_delivery", db=DB):
    facility_id = UUID()
    quarantine_id = UUID(primary_key=True)
    records = Integer()
    delivered_at = Timestamptz()


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
    document_id = UUID(null=True)
    tokens = Array(base_column=Text())


class DocumentPart(Table, tablename="document_part", db=DB):
    participant_id = UUID()
    document_id = UUID()
    record_id = UUID(primary_key=True)
    is_named = Boolean()


class AnsweredSending(Table, tablename="answered_sending", db=DB):
    facility_id = UUID()
    key_hash = Bytea(primary_key=True)
    request_hash = Bytea()
    answer = JSONB()
    answered_at = Timestamptz()


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
    outdated_at = Timestamptz(null=True)


class BulkExportPerson(Table, tablename="bulk_export_person", db=DB):
    participant_id = UUID(primary_key=True)
    facility_id = UUID()
    export_id = UUID()
    seen_under = Bytea()
    policy_version = BigInt()
    holds_until = Timestamptz(null=True)


class Quarantine(Table, tablename="quarantine", db=DB):
    facility_id = UUID()
    quarantine_id = UUID(primary_key=True)
    submission_id = UUID()
    name = Text()
    reason = Text()
    detail = JSONB()
    body = Bytea()
    received_at = Timestamptz()
    asked = JSONB(null=True)


class EntrySubject(Table, tablename="entry_subject", db=DB):
    participant_id = UUID()
    professional_id = UUID(primary_key=True)
    facility_id = UUID()
    until = Timestamptz()
