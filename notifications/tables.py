"""Notices on their way, those that have arrived, and where people are reached."""

from piccolo.columns import JSONB, UUID, Array, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class Outbox(Table, tablename="outbox", db=DB):
    participant_id = UUID()
    notice_id = UUID(primary_key=True)
    event = Text()
    params = JSONB()
    channel = Text()
    created_at = Timestamptz()
    delivered_at = Timestamptz(null=True)
    not_before = Timestamptz(null=True)


class InboxNotice(Table, tablename="inbox_notice", db=DB):
    participant_id = UUID()
    notice_id = UUID(primary_key=True)
    event = Text()
    params = JSONB()
    created_at = Timestamptz()
    read_at = Timestamptz(null=True)


class NoticeDelivery(Table, tablename="notice_delivery", db=DB):
    participant_id = UUID()
    notice_id = UUID(primary_key=True)
    channel = Text()
    subject_id = UUID()
    event = Text()
    state = Text()
    attempts = Integer()
    reason = Text(null=True)
    reached = Array(UUID())
    created_at = Timestamptz()
    not_before = Timestamptz(null=True)
    sent_at = Timestamptz(null=True)


class PushToken(Table, tablename="push_token", db=DB):
    participant_id = UUID()
    address_id = UUID(primary_key=True)
    account_id = UUID()
    session_id = UUID(null=True)
    token = Text(secret=True)
    device = Text()
    locale = Text()
    added_at = Timestamptz()


class PushSubscription(Table, tablename="push_subscription", db=DB):
    participant_id = UUID()
    address_id = UUID(primary_key=True)
    account_id = UUID()
    session_id = UUID(null=True)
    endpoint = Text(secret=True)
    p256dh = Text(secret=True)
    auth = Text(secret=True)
    device = Text()
    locale = Text()
    added_at = Timestamptz()


class MailAddress(Table, tablename="mail_address", db=DB):
    participant_id = UUID(primary_key=True)
    address = Text(null=True)
    confirmed_at = Timestamptz(null=True)
    undeliverable_at = Timestamptz(null=True)
    wanted = Text(null=True)
    nonce = UUID(null=True)
    code_until = Timestamptz(null=True)
    tries = SmallInt()
    codes_on = Date(null=True)
    codes = SmallInt()
    locale = Text()
