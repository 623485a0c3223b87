"""Registered apps, whom a participant connected, and the tokens of each."""

from piccolo.columns import JSONB, UUID, Array, Bytea, Text, Timestamptz
from piccolo.table import Table

from api.core.database import DB


class RegisteredApp(Table, tablename="registered_app", db=DB):
    client_id = Text(primary_key=True)
    name_ja = Text()
    name_en = Text()
    publisher = Text()
    redirect_uris = Array(base_column=Text())
    jwks = JSONB(null=True)
    jwks_url = Text(null=True)
    added_at = Timestamptz()
    ended_at = Timestamptz(null=True)


class AppGrant(Table, tablename="app_grant", db=DB):
    account_id = UUID()
    grant_id = UUID(primary_key=True)
    client_id = Text()
    scopes = Array(base_column=Text())
    allowed_at = Timestamptz()
    ends_at = Timestamptz()
    code_hash = Bytea(secret=True)
    code_ends_at = Timestamptz()
    redirect_uri = Text()
    challenge = Text()
    redeemed_at = Timestamptz(null=True)
    jkt = Bytea(null=True)
    seen_at = Timestamptz(null=True)
    ended_at = Timestamptz(null=True)
    ended_by = Text(null=True)


class AppToken(Table, tablename="app_token", db=DB):
    account_id = UUID()
    token_hash = Bytea(primary_key=True, secret=True)
    grant_id = UUID()
    kind = Text()
    ends_at = Timestamptz()
    used_at = Timestamptz(null=True)
