"""Wishes to close an account, and the certificates of those that were."""

from piccolo.columns import UUID, Boolean, Bytea, Text, Timestamptz
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from api.core.database import DB


class AccountClosing(Table, tablename="account_closing", db=DB):
    participant_id = UUID()
    closing_id = UUID(primary_key=True)
    account_id = UUID()
    asked_at = Timestamptz()
    ends_at = Timestamptz()
    erases_log = Boolean()
    claim_hash = Bytea()
    reminded_at = Timestamptz(null=True)
    called_off_at = Timestamptz(null=True)
    carried_out_at = Timestamptz(null=True)
    destroyed = JSONB(null=True)
    ended_at = Timestamptz(null=True)
    returned_at = Timestamptz(null=True)


class ClosingCertificate(Table, tablename="closing_certificate", db=DB):
    claim_hash = Bytea(primary_key=True)
    jws = Text()
    made_at = Timestamptz()
