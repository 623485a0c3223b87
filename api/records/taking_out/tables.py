"""Jobs of participants who take theirs out or bring it in."""

from piccolo.columns import UUID, Array, Boolean, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from api.core.database import DB


class OwnExport(Table, tablename="own_export", db=DB):
    participant_id = UUID()
    export_id = UUID(primary_key=True)
    account_id = UUID()
    by_name = Text()
    powers = Array(base_column=Text(), null=True)
    is_shown_restricted = Boolean()
    is_safe = Boolean()
    locale = Text()
    forms = Array(base_column=Text())
    requested_at = Timestamptz()
    state = Text()
    worker = UUID(null=True)
    leased_until = Timestamptz(null=True)
    attempts = SmallInt()
    stage = Text()
    done = Integer()
    total = Integer()
    files = JSONB()
    file_key = Bytea(null=True)
    finished_at = Timestamptz(null=True)
    expires_at = Timestamptz(null=True)


class OwnImport(Table, tablename="own_import", db=DB):
    participant_id = UUID()
    import_id = UUID(primary_key=True)
    account_id = UUID()
    by_name = Text()
    powers = Array(base_column=Text(), null=True)
    is_shown_restricted = Boolean()
    is_safe = Boolean()
    looked_at = Timestamptz()
    state = Text()
    worker = UUID(null=True)
    leased_until = Timestamptz(null=True)
    attempts = SmallInt()
    counts = JSONB()
    file_key = Bytea(null=True)
    finished_at = Timestamptz(null=True)
