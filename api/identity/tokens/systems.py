"""Facility systems (EMRs): SMART Backend Services tokens with the acting person as signed claims.

A system proves itself with a JWT signed by its own key (RFC 7523); the person it acts for, the
profession and the purpose travel in the `ihe_iua` extension of that same JWT (IHE IUA), so the
facility signs for them. The token it gets names all of it and lives five minutes.
"""

import secrets
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import jwt
import msgspec

from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.core.database import unit_of_work
from api.fhir.codes import PURPOSES
from api.identity import queries
from api.identity.errors import BadAccessToken, TokenRequestRefused
from api.identity.tokens import system_keys

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = system_keys.ALGORITHMS
LONGEST_ASSERTION = 300
TOKEN_SECONDS = 300
READ = "system/*.read"
READ_V2 = "system/*.rs"
SCOPES = (READ, READ_V2, "system/*.write")


class IssuedToken(NamedTuple):
    """RFC 6749 §5.1; `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    scope: str


class SystemAccess(NamedTuple):
    actor: Actor
    scopes: tuple[str, ...]
    expires_at: float


class _Person(msgspec.Struct, frozen=True):
    """The acting person (IHE IUA): `subject_role` is a profession code of the network."""

    subject_name: str | None = None
    subject_role: str | None = None
    person_id: UUID | None = None
    purpose_of_use: str = "TREAT"


_known: dict[str, SystemAccess] = {}


def token_endpoint() -> str:
    return f"{runtime.settings().public_url}/oauth/token"


async def issue_token(
    grant_type: str, assertion_type: str, assertion: str, scope: str
) -> IssuedToken:
    """A token for the system that signed `assertion`; each assertion serves once.

    Raises `TokenRequestRefused` with the OAuth error code.
    """
    if grant_type != "client_credentials":
        raise TokenRequestRefused("unsupported_grant_type", "only client_credentials is served")
    if assertion_type != ASSERTION_TYPE:
        raise TokenRequestRefused("invalid_client", "a private_key_jwt assertion is needed")
    scopes = _granted(scope)
    client_id = _claimed_client(assertion)
    async with unit_of_work(ANONYMOUS):
        client = await queries.system_client(client_id)
    claims = await _verified(assertion, client_id, client)
    async with unit_of_work(ANONYMOUS) as tx:
        expires_at = clock.datetime_of(int(claims["exp"]))
        if not await queries.use_jti(tx, client_id, str(claims["jti"]), expires_at):
            raise TokenRequestRefused("invalid_client", "this assertion was used before")
    person = _person(claims)
    is_reading = READ in scopes or READ_V2 in scopes
    if is_reading and person.person_id is None and not person.subject_name:
        raise TokenRequestRefused("invalid_request", "a reading system names its acting person")
    issued = int(time.time())
    token = jwt.encode(
        {
            "iss": runtime.settings().public_url,
            "aud": runtime.fhir_base(),
            "sub": client_id,
            "iat": issued,
            "exp": issued + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "scope": " ".join(scopes),
            "facility": str(client["facility_id"]) if client else "",
            "person": msgspec.to_builtins(person),
        },
        runtime.keys().token_signing,
        algorithm="EdDSA",
        headers={"typ": "at+jwt"},
    )
    return IssuedToken(token, TOKEN_SECONDS, " ".join(scopes))


def access_of(token: str) -> SystemAccess:
    """The actor a bearer token stands for; verified once, then remembered until it expires.

    Raises `BadAccessToken`. Whether the facility and the person are still active is asked of the
    database at each read.
    """
    known = _known.get(token)
    if known is not None and known.expires_at > time.time():
        return known
    settings = runtime.settings()
    try:
        claims = jwt.decode(
            token,
            runtime.keys().token_signing.public_key(),
            algorithms=["EdDSA"],
            issuer=settings.public_url,
            audience=f"{settings.public_url}/fhir/R4",
            options={"require": ["exp", "iat", "sub", "jti", "facility"]},
        )
        person = msgspec.convert(claims.get("person", {}), _Person)
        facility_id = UUID(claims["facility"])
    except (jwt.PyJWTError, msgspec.ValidationError, ValueError) as error:
        raise BadAccessToken from error
    access = SystemAccess(
        Actor(
            kind=ActorKind.SYSTEM,
            facility_id=facility_id,
            professional_id=person.person_id,
            profession=person.subject_role,
            purpose_of_use=person.purpose_of_use,
            client_id=claims["sub"],
            name=person.subject_name,
        ),
        tuple(claims["scope"].split()),
        float(claims["exp"]),
    )
    if len(_known) >= 10_000:
        _known.clear()
    _known[token] = access
    return access


async def may_export(client_id: str) -> bool:
    """Whether an operator let this system export in bulk, and it still gets tokens."""
    async with unit_of_work(ANONYMOUS):
        client = await queries.system_client(client_id)
    return client is not None and client["is_active"] and client["may_export"]


async def exporting(actor: Actor, facility_id: UUID) -> list[str]:
    """The client ids of this facility's systems that may."""
    async with unit_of_work(actor) as tx:
        return await queries.exporting_clients(tx, facility_id)


def vouched_at(access: SystemAccess) -> datetime:
    """When the facility's system last vouched for the acting person: when it got this token."""
    return clock.datetime_of(int(access.expires_at) - TOKEN_SECONDS)


def _granted(scope: str) -> Sequence[str]:
    asked = scope.split()
    if not asked or any(one not in SCOPES for one in asked):
        raise TokenRequestRefused("invalid_scope", f"scopes served: {' '.join(SCOPES)}")
    return sorted(set(asked))


def _claimed_client(assertion: str) -> str:
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TokenRequestRefused("invalid_client", "the assertion is not a JWT") from error
    return str(claims.get("iss", ""))


async def _verified(
    assertion: str, client_id: str, client: dict[str, Any] | None
) -> dict[str, Any]:
    """No transaction is open: the keys may have to be fetched."""
    refused = TokenRequestRefused("invalid_client", "the assertion was refused")
    if client is None or not client["is_active"]:
        raise refused
    try:
        header = jwt.get_unverified_header(assertion)
        key = await system_keys.key_of(client_id, client["jwks"], client["jwks_uri"], header)
        if key is None:
            raise refused
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=[key.algorithm_name] if key.algorithm_name in ASSERTION_ALGORITHMS else [],
            audience=token_endpoint(),
            issuer=client_id,
            subject=client_id,
            options={"require": ["exp", "iat", "jti", "iss", "sub", "aud"]},
        )
        lifetime = claims["exp"] - time.time()
    # TypeError, OverflowError: a claim that is no number, or none a clock can hold
    except (jwt.PyJWTError, TypeError, OverflowError) as error:
        raise refused from error
    if lifetime > LONGEST_ASSERTION + 60 or not 1 <= len(claims["jti"]) <= 255:
        raise refused
    return claims


def _person(claims: dict[str, Any]) -> _Person:
    try:
        person = msgspec.convert(claims.get("extensions", {}).get("ihe_iua", {}), _Person)
    except (ValueError, AttributeError) as error:
        raise TokenRequestRefused("invalid_request", "extensions.ihe_iua is malformed") from error
    if person.purpose_of_use not in PURPOSES:
        raise TokenRequestRefused("invalid_request", "purpose_of_use is not a v3-ActReason code")
    return person
