"""What of a facility's storage was read, and which records each order became."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Bytea, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class Ssmix2File(Table, tablename="ssmix2_file", db=DB):
    facility_id = UUID()
    patient = Text()
    stem = Text(primary_key=True)
    flags = Text()
    size = BigInt()
    modified_ns = BigInt()
    digest = Bytea()
    state = Text()
    reason = Text()
    detail = Text()
    remains = JSONB(null=True)
    quarantine_id = UUID(null=True)
    read_at = Timestamptz()


class Ssmix2Order(Table, tablename="ssmix2_order", db=DB):
    participant_id = UUID()
    facility_id = UUID()
    patient = Text()
    on_date = Text()
    type = Text()
    order_number = Text(primary_key=True)
    stamp = Text()
    flag = Text()
    digest = Bytea()
    parts = Array(base_column=Text())
    record_ids = Array(base_column=UUID())
    changed_at = Timestamptz()
