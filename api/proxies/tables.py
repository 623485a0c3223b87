"""Proxies, every step of each, safe mode, and which power was used on which day."""

from piccolo.columns import UUID, Array, Boolean, Date, SmallInt, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class Proxy(Table, tablename="proxy", db=DB):
    participant_id = UUID()
    proxy_id = UUID(primary_key=True)
    representative_id = UUID(null=True)
    typed_name = Text()
    kind = Text()
    origin = Text()
    opens_on = Date()
    made_at = Timestamptz()


class ProxyStep(Table, tablename="proxy_step", db=DB):
    participant_id = UUID()
    proxy_id = UUID()
    step = SmallInt(primary_key=True)
    act = Text()
    state = Text()
    after = Text(null=True)
    previous = SmallInt(null=True)
    powers = Array(base_column=Text())
    ends_on = Date()
    works_at = Array(base_column=UUID())
    reason = Text()
    evidence = Text()
    by_kind = Text()
    by_account = UUID()
    by_name = Text()
    recorded_at = Timestamptz()


class SafeMode(Table, tablename="safe_mode", db=DB):
    participant_id = UUID()
    step = SmallInt(primary_key=True)
    is_on = Boolean()
    evidence = Text()
    by_kind = Text()
    by_account = UUID()
    recorded_at = Timestamptz()


class ProxyUse(Table, tablename="proxy_use", db=DB):
    participant_id = UUID()
    by_account = UUID()
    used_on = Date()
    power = Text(primary_key=True)
