"""Emergency cards, the codes in them, and where one served."""

from piccolo.columns import UUID, Bytea, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class EmergencyCard(Table, tablename="emergency_card", db=DB):
    participant_id = UUID()
    card_id = UUID(primary_key=True)
    content = Text(null=True)
    made_at = Timestamptz()
    made_by = UUID(null=True)
    ended_at = Timestamptz(null=True)
    ended_because = Text(null=True)


class EmergencyCardCode(Table, tablename="emergency_card_code", db=DB):
    participant_id = UUID()
    code_id = UUID(primary_key=True)
    card_id = UUID()
    medium = Text()
    kid = Text()
    code_hash = Bytea()
    made_at = Timestamptz()
    expires_at = Timestamptz()


class EmergencyCardUse(Table, tablename="emergency_card_use", db=DB):
    participant_id = UUID()
    code_id = UUID(primary_key=True)
    session_id = UUID()
    used_at = Timestamptz()
