"""Which app stands before the token endpoint: by its key, or for a public one by its name."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import httpx
import jwt
import msgspec

from api.core import clock, runtime
from api.core.actor import ANONYMOUS
from api.core.crypto import sha256
from api.core.database import unit_of_work
from api.identity.apps import registry
from api.identity.apps.registry import App
from api.identity.errors import TokenRequestRefused
from api.identity.tokens import token_queries

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "RS384")
LONGEST_SECONDS: Final = 300
LONGEST_KEYS: Final = 100_000
KEYS_KEPT_SECONDS: Final = 300
KEYS_ASKED_SECONDS: Final = 30

_fetched: dict[str, tuple[float, Any]] = {}


async def authenticated(form: Mapping[str, str], audience: str) -> App:
    """Raises `TokenRequestRefused`: an app with keys shows one, each assertion serves once."""
    assertion = form.get("client_assertion", "")
    client_id = _claimed(assertion) if assertion else form.get("client_id", "")
    refused = TokenRequestRefused("invalid_client", "the app is not known, or did not prove itself")
    if assertion and form.get("client_id", client_id) != client_id:
        raise refused
    async with unit_of_work(ANONYMOUS) as tx:
        app = await registry.in_force_in(tx, client_id)
    if app is None or app.is_confidential != bool(assertion):
        raise refused
    if not assertion:
        return app
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise refused
    claims = await _verified(app, assertion, audience)
    once = sha256(f"assertion|{client_id}|{claims['jti']}".encode("utf-8", "surrogatepass"))
    async with unit_of_work(ANONYMOUS) as tx:
        if not await token_queries.see_proof(tx, once, _end(claims)):
            raise refused
    return app


async def _verified(app: App, assertion: str, audience: str) -> dict[str, Any]:
    refused = TokenRequestRefused("invalid_client", "the assertion was refused")
    try:
        key_id = jwt.get_unverified_header(assertion).get("kid")
        key = await _key(app, key_id)
        if key is None or key.algorithm_name not in ALGORITHMS:
            raise refused
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=[key.algorithm_name],
            audience=audience,
            issuer=app.client_id,
            subject=app.client_id,
            options={"require": ["exp", "jti", "iss", "sub", "aud"]},
        )
        is_short = claims["exp"] - time.time() <= LONGEST_SECONDS + 60
    # What another server gave as keys, or a claim, may be anything
    except (
        jwt.PyJWTError,
        msgspec.DecodeError,
        AttributeError,
        TypeError,
        ValueError,
        OverflowError,
    ) as error:
        raise refused from error
    if not is_short or not 1 <= len(claims["jti"]) <= 255:
        raise refused
    return claims


async def _key(app: App, key_id: object) -> jwt.PyJWK | None:
    if app.jwks is not None:
        return _in(msgspec.json.decode(app.jwks), key_id)
    if app.jwks_url is None:
        return None
    found = _in(await _fetch(app.jwks_url, KEYS_KEPT_SECONDS), key_id)
    # A key that is not there may be new; asked for again, but not at every attempt.
    return found or _in(await _fetch(app.jwks_url, KEYS_ASKED_SECONDS), key_id)


def _in(keys: Any, key_id: object) -> jwt.PyJWK | None:
    found = jwt.PyJWKSet.from_dict(keys).keys
    return next((key for key in found if key.key_id == key_id), None)


async def _fetch(url: str, kept_seconds: int) -> Any:
    """From an address an operator entered; never elsewhere."""
    at, keys = _fetched.get(url, (0.0, None))
    if keys is not None and time.monotonic() - at < kept_seconds:
        return keys
    try:
        async with httpx.AsyncClient(timeout=5, follow_redirects=False) as client:
            answer = await client.get(url, headers={"accept": "application/json"})
        if answer.status_code != httpx.codes.OK or len(answer.content) > LONGEST_KEYS:
            raise ValueError("no key set")
        keys = msgspec.json.decode(answer.content)
    except httpx.HTTPError as error:
        raise ValueError("no key set") from error
    _fetched[url] = (time.monotonic(), keys)
    return keys


def _claimed(assertion: str) -> str:
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TokenRequestRefused("invalid_client", "the assertion is not a JWT") from error
    return str(claims.get("iss", ""))


def _end(claims: Mapping[str, Any]) -> datetime:
    return clock.datetime_of(int(claims["exp"]))


def token_endpoint() -> str:
    return f"{runtime.settings().public_url}/oauth/token"
