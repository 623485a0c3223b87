"""Participation, settings and their receipts, appended only; what was asked and answered."""

from piccolo.columns import JSONB, UUID, Array, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class ParticipationVersion(Table, tablename="participation", db=DB):
    participant_id = UUID(primary_key=True)
    version = Integer()
    state = Text()
    terms_version = Text()
    data_from = Date(null=True)
    joined_at = Timestamptz(null=True)
    recorded_at = Timestamptz()
    recorded_by = UUID(null=True)


class DirectiveVersion(Table, tablename="directive", db=DB):
    participant_id = UUID(primary_key=True)
    version = Integer()
    provisions = JSONB()
    change = JSONB()
    teams = JSONB()
    marks = JSONB()
    incoming_level = SmallInt()
    asks_first_since = Timestamptz(null=True)
    refused_sources = Array(base_column=UUID())
    profile_id = Text()
    profile_version = Integer()
    recorded_at = Timestamptz()
    recorded_by = UUID(null=True)


class ResidenceVersion(Table, tablename="residence", db=DB):
    participant_id = UUID(primary_key=True)
    version = Integer()
    places = JSONB()
    recorded_at = Timestamptz()
    recorded_by = UUID(null=True)


class DeskCode(Table, tablename="desk_code", db=DB):
    participant_id = UUID()
    code_id = UUID(primary_key=True)
    code_hmac = Bytea()
    level = SmallInt()
    made_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)
    ended_at = Timestamptz(null=True)
    used_by_facility = UUID(null=True)


class AccessRequest(Table, tablename="access_request", db=DB):
    participant_id = UUID()
    request_id = UUID(primary_key=True)
    professional_id = UUID()
    facility_id = UUID()
    wanted_for = Text()
    days = Integer()
    level = SmallInt()
    reason = Text()
    note = Text()
    asked_at = Timestamptz()
    answer = Text(null=True)
    answered_at = Timestamptz(null=True)
    until = Timestamptz(null=True)


class Asked(Table, tablename="asked", db=DB):
    professional_id = UUID()
    request_id = UUID(primary_key=True)
    card_hmac = Bytea()
    card_end = Text()
    asked_at = Timestamptz()


class FacilityNotice(Table, tablename="facility_notice", db=DB):
    facility_id = UUID()
    notice_id = UUID(primary_key=True)
    professional_id = UUID(null=True)
    event = Text()
    local_id = Text(null=True)
    created_at = Timestamptz()
    seen_at = Timestamptz(null=True)


class Receipt(Table, tablename="receipt", db=DB):
    participant_id = UUID(primary_key=True)
    version = Integer()
    kid = Text()
    jws = Text()
    recorded_at = Timestamptz()


class Campaign(Table, tablename="consent_campaign", db=DB):
    campaign_id = UUID(primary_key=True)
    terms_version = Text()
    answer_by = Date()
    ends_at = Timestamptz()
    opened_at = Timestamptz()
    opened_by = UUID(null=True)
    called_off_at = Timestamptz(null=True)
    called_off_by = UUID(null=True)


class Question(Table, tablename="consent_question", db=DB):
    participant_id = UUID(primary_key=True)
    campaign_id = UUID()
    held_terms = Text()


class PaperConsent(Table, tablename="paper_consent", db=DB):
    participant_id = UUID(primary_key=True)
    paper_id = UUID()
    row_hash = Bytea()
    choice = Text()
    signed_on = Date()
    participation_version = Integer(null=True)
    directive_version = Integer(null=True)
    imported_at = Timestamptz()
    imported_by = UUID(null=True)


class PaperScan(Table, tablename="paper_scan", db=DB):
    participant_id = UUID(primary_key=True)
    paper_id = UUID()
    sha256 = Bytea()
    media_type = Text()
    content = Bytea()


class PaperImport(Table, tablename="paper_import", db=DB):
    import_id = UUID(primary_key=True)
    name = Text()
    lines = Integer()
    taken = Integer()
    unchanged = Integer()
    refused = Integer()
    started_at = Timestamptz()
    touched_at = Timestamptz()
    finished_at = Timestamptz(null=True)


class PaperImportFault(Table, tablename="paper_import_fault", db=DB):
    import_id = UUID(primary_key=True)
    line = Integer()
    reason = Text()
    params = JSONB()
