"""What the doors of identity take and give as JSON."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from api.identity.service import OpenedSession
from api.identity.tokens.token_pairs import TokenPair


class NewEnrolment(Struct, forbid_unknown_fields=True):
    """`card` and `code` as people type them, full-width and grouped forms included."""

    card: str
    birth_on: date
    code: str


class EnrolmentTicket(Struct):
    """`ticket` goes into `Authorization: Bearer` of the next steps."""

    ticket: str
    expires_at: datetime


class SchemeChoice(Struct):
    """A way of letting people in; the one that `is_default` holds for whoever picks none."""

    code: str
    name: str
    explanation: str
    is_default: bool


class Enrolment(Struct):
    """Masked: enough for a person to know themselves. `data_from`: what facilities see begins."""

    name: str
    birth_on: date
    card: str
    terms_version: str
    terms: str
    is_accepted: bool
    data_from: date | None
    schemes: list[SchemeChoice]


class Acceptance(Struct, forbid_unknown_fields=True):
    """`terms_version` as GET /enrolments/current gave it: nobody agrees to terms not shown.

    `scheme`: one of `schemes` there; none leaves it at the network's own.
    """

    terms_version: str
    scheme: str | None = None


class SessionToken(Struct):
    token: str
    expires_at: datetime


class BoundTokens(Struct):
    """RFC 9449 §5: for an app that sent a proof of its key. `refresh_token` serves once, for
    another pair; `expires_at` is the session's own end."""

    access_token: str
    refresh_token: str
    expires_in: int
    expires_at: datetime
    token_type: str = "DPoP"  # noqa: S105 - the kind of token


class RefreshToken(Struct, forbid_unknown_fields=True):
    refresh_token: str


class Token(Struct, omit_defaults=True):
    """RFC 6749 §5.1. For an app `patient` is whose records it reads, and `refresh_token` serves
    once, for the next pair."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str
    refresh_token: str | None = None
    patient: UUID | None = None


class SmartConfiguration(Struct):
    """SMART App Launch 2.2, /.well-known/smart-configuration."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    management_endpoint: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    capabilities: list[str]
    code_challenge_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    authorization_response_iss_parameter_supported: bool = True


WebAuthnOptions = dict[str, Any]
WebAuthnCredential = dict[str, Any]


def tokens_of(session: OpenedSession) -> SessionToken | BoundTokens:
    if session.pair is not None:
        return pair_of(session.pair)
    return SessionToken(session.token, session.expires_at)


def pair_of(pair: TokenPair) -> BoundTokens:
    return BoundTokens(pair.access_token, pair.refresh_token, pair.expires_in, pair.ends_at)
