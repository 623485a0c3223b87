"""Which app stands before the token endpoint: by its key, or for a public one by its name."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import jwt

from api.core import clock, runtime
from api.core.actor import ANONYMOUS
from api.core.crypto import sha256
from api.core.database import unit_of_work
from api.identity.apps import registry
from api.identity.apps.registry import App
from api.identity.errors import TokenRequestRefused
from api.identity.tokens import system_keys, token_queries

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "RS384")
LONGEST_SECONDS: Final = 300


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
        header = jwt.get_unverified_header(assertion)
        key = await system_keys.key_of(f"app {app.client_id}", app.jwks, app.jwks_url, header)
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
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
        raise refused from error
    if not is_short or not 1 <= len(claims["jti"]) <= 255:
        raise refused
    return claims


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
