"""What each person chose of their notices, and what was told once."""

from piccolo.columns import UUID, Boolean, Date, Integer, Text, Time, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class NoticePreference(Table, tablename="notice_preference", db=DB):
    participant_id = UUID()
    kind = Text(primary_key=True)
    channel = Text()
    is_on = Boolean()
    changed_at = Timestamptz()


class NoticeManner(Table, tablename="notice_manner", db=DB):
    participant_id = UUID(primary_key=True)
    is_quiet = Boolean()
    quiet_from = Time()
    quiet_until = Time()
    locale = Text(null=True)
    wants_digest = Boolean()
    changed_at = Timestamptz()


class NoticeDigest(Table, tablename="notice_digest", db=DB):
    participant_id = UUID()
    month = Date(primary_key=True)
    facilities = Integer()
    times = Integer()
    sent_at = Timestamptz()
    answer = Text(null=True)
    answered_at = Timestamptz(null=True)


class NoticeReminder(Table, tablename="notice_reminder", db=DB):
    participant_id = UUID()
    about = Text()
    of = Text(primary_key=True)
    ends_on = Date()
    told_at = Timestamptz()


class KnownFacility(Table, tablename="known_facility", db=DB):
    participant_id = UUID()
    facility_id = UUID(primary_key=True)
    first_at = Timestamptz()
