"""Comparisons, alarms, and accesses a facility has not confirmed; functions alone write them."""

from piccolo.columns import UUID, BigInt, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class Reconciliation(Table, tablename="reconciliation", db=DB):
    facility_id = UUID(primary_key=True)
    day = Date()
    run = Integer()
    at = Timestamptz()
    rows = Integer()
    matched = Integer()
    missing = Integer()
    unknown = Integer()


class UnknownReceipt(Table, tablename="unknown_receipt", db=DB):
    facility_id = UUID(primary_key=True)
    commit = Bytea()
    day = Date()
    receipt = Text()
    noted_at = Timestamptz()


class UnconfirmedAccess(Table, tablename="unconfirmed_access", db=DB):
    participant_id = UUID(primary_key=True)
    pseq = BigInt()
    facility_id = UUID()
    missing_since = Timestamptz()
    confirmed_at = Timestamptz(null=True)
