"""Emergency sessions in steps, reviews, choices, holds, ties, and declared disasters."""

from piccolo.columns import UUID, Array, Boolean, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class EmergencyChoice(Table, tablename="emergency_choice", db=DB):
    participant_id = UUID()
    version = Integer(primary_key=True)
    kind = Text()
    categories = Array(base_column=Text())
    level = SmallInt()
    shows_hidden = Boolean()
    recorded_at = Timestamptz()
    recorded_by = UUID(null=True)


class EmergencySession(Table, tablename="emergency_session", db=DB):
    participant_id = UUID()
    session_id = UUID(primary_key=True)
    professional_id = UUID()
    facility_id = UUID()
    opened_by = UUID(null=True)
    by_name = Text()
    reason = Text()
    words = Text()
    identification = Text()
    identified_at = Timestamptz()
    authenticated_at = Timestamptz()
    requested_at = Timestamptz()
    disaster_id = UUID(null=True)


class EmergencyStep(Table, tablename="emergency_step", db=DB):
    participant_id = UUID()
    session_id = UUID(primary_key=True)
    step = SmallInt()
    kind = Text()
    state = Text()
    after = Text(null=True)
    previous = SmallInt(null=True)
    expires_at = Timestamptz(null=True)
    by_kind = Text()
    by_account = UUID(null=True)
    recorded_at = Timestamptz()


class EmergencyReviewStep(Table, tablename="emergency_review_step", db=DB):
    participant_id = UUID()
    session_id = UUID(primary_key=True)
    step = SmallInt()
    state = Text()
    after = Text(null=True)
    previous = SmallInt(null=True)
    words = Text()
    by_kind = Text()
    by_account = UUID(null=True)
    by_name = Text()
    recorded_at = Timestamptz()


class EmergencyHold(Table, tablename="emergency_hold", db=DB):
    participant_id = UUID()
    hold_id = UUID(primary_key=True)
    asked_by = UUID()
    by_name = Text()
    reason = Text()
    asked_at = Timestamptz()
    until_at = Timestamptz()
    session_id = UUID(null=True)


class EmergencyHoldConfirmation(Table, tablename="emergency_hold_confirmation", db=DB):
    participant_id = UUID()
    hold_id = UUID(primary_key=True)
    asked_by = UUID()
    confirmed_by = UUID()
    by_name = Text()
    confirmed_at = Timestamptz()


class EmergencyHoldRequest(Table, tablename="emergency_hold_request", db=DB):
    participant_id = UUID()
    session_id = UUID(primary_key=True)
    by_name = Text()
    reason = Text()
    asked_at = Timestamptz()
    waits_until = Timestamptz()


class EmergencyHoldRefusal(Table, tablename="emergency_hold_refusal", db=DB):
    participant_id = UUID()
    session_id = UUID(primary_key=True)
    refused_by = UUID()
    by_name = Text()
    refused_at = Timestamptz()


class TieDeclaration(Table, tablename="tie_declaration", db=DB):
    professional_id = UUID()
    version = Integer(primary_key=True)
    card = Text()
    insurer = Text()
    insurance_symbol = Text()
    insurance_number = Text()
    declared_at = Timestamptz()


class DeclaredDisaster(Table, tablename="disaster", db=DB):
    disaster_id = UUID(primary_key=True)
    region = Text()
    regions = Array(base_column=Text())
    words = Text()
    begun_at = Timestamptz()


class DisasterTurn(Table, tablename="disaster_turn", db=DB):
    disaster_id = UUID()
    turn = SmallInt(primary_key=True)
    hours = SmallInt()
    asked_by = UUID()
    by_name = Text()
    asked_at = Timestamptz()


class DisasterConfirmation(Table, tablename="disaster_confirmation", db=DB):
    disaster_id = UUID()
    turn = SmallInt(primary_key=True)
    asked_by = UUID()
    confirmed_by = UUID()
    by_name = Text()
    confirmed_at = Timestamptz()
    until_at = Timestamptz()


class DisasterEnd(Table, tablename="disaster_end", db=DB):
    disaster_id = UUID(primary_key=True)
    ended_by = UUID()
    by_name = Text()
    ended_at = Timestamptz()
