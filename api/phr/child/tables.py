"""Offers of children's books."""

from piccolo.columns import UUID, Bytea, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class ChildOffer(Table, tablename="child_offer", db=DB):
    participant_id = UUID()
    offer_id = UUID(primary_key=True)
    book_id = UUID()
    code_hash = Bytea()
    made_at = Timestamptz()
    expires_at = Timestamptz()
    taken_at = Timestamptz(null=True)
    called_off_at = Timestamptz(null=True)
