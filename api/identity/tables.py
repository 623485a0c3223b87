"""Participants, their cards and codes; accounts, passkeys, sessions; facility systems."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from api.core.database import DB


class Participant(Table, tablename="participant", db=DB):
    participant_id = UUID(primary_key=True)
    name = Text()
    name_kana = Text()
    sex = Text()
    birth_on = Date()
    created_at = Timestamptz()


class Card(Table, tablename="card", db=DB):
    participant_id = UUID()
    number = Text(primary_key=True, secret=True)
    is_active = Boolean()
    issued_at = Timestamptz()


class ActivationCodeRow(Table, tablename="activation_code", db=DB):
    participant_id = UUID()
    code_hmac = Bytea(primary_key=True, secret=True)
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)


class EnrolmentTicket(Table, tablename="enrolment_ticket", db=DB):
    participant_id = UUID()
    ticket_hash = Bytea(primary_key=True, secret=True)
    code_hmac = Bytea(null=True, secret=True)
    iss = Text(null=True)
    sub = Text(null=True)
    terms_version = Text(null=True)
    scheme = Text(null=True)
    accepted_at = Timestamptz(null=True)
    challenge = Bytea(null=True)
    expires_at = Timestamptz()
    finished_at = Timestamptz(null=True)


class Account(Table, tablename="account", db=DB):
    account_id = UUID(primary_key=True)
    kind = Text()
    participant_id = UUID(null=True)
    professional_id = UUID(null=True)
    officer_id = UUID(null=True)
    created_at = Timestamptz()


class Passkey(Table, tablename="passkey", db=DB):
    account_id = UUID()
    credential_id = Bytea(primary_key=True)
    public_key = Bytea()
    sign_count = BigInt()
    is_backed_up = Boolean()
    created_at = Timestamptz()
    last_used_at = Timestamptz(null=True)


class Session(Table, tablename="session", db=DB):
    account_id = UUID()
    session_hash = Bytea(primary_key=True, secret=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    ended_at = Timestamptz(null=True)


class SignInChallenge(Table, tablename="sign_in_challenge", db=DB):
    challenge = Bytea(primary_key=True)
    expires_at = Timestamptz()


class ThrottleRow(Table, tablename="throttle", db=DB):
    bucket = Bytea(primary_key=True)
    state = JSONB()
    updated_at = Timestamptz()


class SystemClient(Table, tablename="system_client", db=DB):
    client_id = Text(primary_key=True)
    facility_id = UUID()
    name = Text()
    jwks = JSONB()
    is_active = Boolean()


class AssertionJti(Table, tablename="assertion_jti", db=DB):
    client_id = Text()
    jti = Text(primary_key=True)
    expires_at = Timestamptz()


class DemoSignIn(Table, tablename="demo_sign_in", db=DB):
    token_hash = Bytea(primary_key=True, secret=True)
    account_id = UUID()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)


class NationalLoginRow(Table, tablename="national_login", db=DB):
    login_hash = Bytea(primary_key=True, secret=True)
    purpose = Text()
    door = Text()
    session_hash = Bytea(null=True, secret=True)
    started_at = Timestamptz()
    expires_at = Timestamptz()


class NationalCandidate(Table, tablename="national_candidate", db=DB):
    proof_hash = Bytea(primary_key=True, secret=True)
    iss = Text()
    sub = Text()
    candidates = Array(base_column=UUID())
    expires_at = Timestamptz()


class NationalIdentity(Table, tablename="national_identity", db=DB):
    account_id = UUID(primary_key=True)
    iss = Text()
    sub = Text()
    added_at = Timestamptz()
    last_used_at = Timestamptz(null=True)
