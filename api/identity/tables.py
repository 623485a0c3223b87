"""Participants, their cards and codes; accounts, passkeys, sessions; facility systems."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    Integer,
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
    administrator_id = UUID(null=True)
    created_at = Timestamptz()
    frozen_until = Timestamptz(null=True)


class Passkey(Table, tablename="passkey", db=DB):
    account_id = UUID()
    credential_id = Bytea(primary_key=True)
    public_key = Bytea()
    sign_count = BigInt()
    is_backed_up = Boolean()
    created_at = Timestamptz()
    last_used_at = Timestamptz(null=True)
    passkey_id = UUID()
    name = Text()
    revoked_at = Timestamptz(null=True)


class Session(Table, tablename="session", db=DB):
    account_id = UUID()
    session_hash = Bytea(primary_key=True, secret=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    ended_at = Timestamptz(null=True)
    acting_for = UUID(null=True)
    session_id = UUID()
    way = Text()
    passkey_id = UUID(null=True)
    device = Text()
    seen_at = Timestamptz()
    idle_seconds = Integer()
    stepped_up_at = Timestamptz(null=True)
    jkt = Bytea(null=True)


class KnownDevice(Table, tablename="known_device", db=DB):
    account_id = UUID()
    mark = Bytea(primary_key=True, secret=True)
    first_at = Timestamptz()
    last_at = Timestamptz()


class KeyChallenge(Table, tablename="key_challenge", db=DB):
    account_id = UUID()
    challenge = Bytea(primary_key=True)
    purpose = Text()
    expires_at = Timestamptz()


class RecoveryCodeRow(Table, tablename="recovery_code", db=DB):
    account_id = UUID()
    code_hmac = Bytea(primary_key=True, secret=True)
    made_at = Timestamptz()
    used_at = Timestamptz(null=True)
    replaced_at = Timestamptz(null=True)


class CounterRecovery(Table, tablename="counter_recovery", db=DB):
    participant_id = UUID()
    recovery_id = UUID(primary_key=True)
    card_end = Text()
    evidence = Text()
    started_by = UUID()
    started_by_name = Text()
    started_at = Timestamptz()
    confirmed_by = UUID(null=True)
    confirmed_at = Timestamptz(null=True)
    code_hmac = Bytea(null=True, secret=True)
    code_expires_at = Timestamptz(null=True)
    used_at = Timestamptz(null=True)


class RecoveryTicket(Table, tablename="recovery_ticket", db=DB):
    account_id = UUID()
    ticket_hash = Bytea(primary_key=True, secret=True)
    code_hmac = Bytea(secret=True)
    challenge = Bytea(null=True)
    expires_at = Timestamptz()
    finished_at = Timestamptz(null=True)


class Invitation(Table, tablename="invitation", db=DB):
    account_id = UUID()
    invitation_id = UUID(primary_key=True)
    code_hmac = Bytea(secret=True)
    made_at = Timestamptz()
    expires_at = Timestamptz()
    ticket_hash = Bytea(null=True, secret=True)
    ticket_expires_at = Timestamptz(null=True)
    challenge = Bytea(null=True)
    used_at = Timestamptz(null=True)
    replaced_at = Timestamptz(null=True)


class Password(Table, tablename="password", db=DB):
    account_id = UUID(primary_key=True)
    hash = Text(secret=True)
    totp_sealed = Bytea(secret=True)
    totp_step = BigInt()
    set_at = Timestamptz()


class SessionTokenRow(Table, tablename="session_token", db=DB):
    account_id = UUID()
    token_hash = Bytea(primary_key=True, secret=True)
    session_id = UUID()
    kind = Text()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)


class DpopProof(Table, tablename="dpop_proof", db=DB):
    proof_hash = Bytea(primary_key=True)
    expires_at = Timestamptz()


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
    jwks = JSONB(null=True)
    jwks_uri = Text(null=True)
    is_active = Boolean()
    may_export = Boolean()


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
    session_id = UUID(null=True)
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


class Registration(Table, tablename="registration", db=DB):
    participant_id = UUID(primary_key=True)
    address = Text()
    phone = Text()
    email = Text()
    family_doctor = Text()
    insurer = Text()
    insurance_symbol = Text()
    insurance_number = Text()
    insurance_branch = Text()
    recorded_at = Timestamptz()


class PaperEnrolment(Table, tablename="paper_enrolment", db=DB):
    enrolment_id = UUID(primary_key=True)
    state = Text()
    form = JSONB(null=True)
    typed_by = UUID()
    typed_by_name = Text()
    typed_at = Timestamptz()
    settled_by = UUID(null=True)
    settled_by_name = Text(null=True)
    settled_at = Timestamptz(null=True)
    became = UUID(null=True)


class EnrolmentScan(Table, tablename="enrolment_scan", db=DB):
    enrolment_id = UUID(primary_key=True)
    media_type = Text()
    sealed = Bytea(secret=True)
    attached_at = Timestamptz()


class EnrolmentScanLook(Table, tablename="enrolment_scan_look", db=DB):
    enrolment_id = UUID()
    look_id = UUID(primary_key=True)
    looked_by = UUID()
    looked_at = Timestamptz()


class LookAlikeRow(Table, tablename="look_alike", db=DB):
    participant_id = UUID()
    other_id = UUID(primary_key=True)
    why = Array(base_column=Text())
    found_at = Timestamptz()
    decision = Text(null=True)
    reason = Text(null=True)
    decided_by = UUID(null=True)
    decided_by_name = Text(null=True)
    decided_at = Timestamptz(null=True)
