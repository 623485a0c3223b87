"""Participation, settings, their receipts, and places lived in: appended, never changed."""

from piccolo.columns import JSONB, UUID, Date, Integer, SmallInt, Text, Timestamptz
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


class Receipt(Table, tablename="receipt", db=DB):
    participant_id = UUID(primary_key=True)
    version = Integer()
    kid = Text()
    jws = Text()
    recorded_at = Timestamptz()
