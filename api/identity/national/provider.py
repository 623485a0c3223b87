"""The issuer's side of the My Number login, over HTTP: what it publishes, tokens, UserInfo.

Bounded in time and size. Whatever goes wrong there is one of two things: it did not answer
(`MyNumberUnavailable`), or it refused (`MyNumberRefused`).
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import jwt
import msgspec

from api.core import runtime
from api.core.client_keys import ClientKeys
from api.core.errors import NotFound
from api.core.logging import log
from api.core.settings import NationalLogin
from api.identity.national import id_token
from api.identity.national.errors import MyNumberRefused, MyNumberUnavailable

Read = TypeVar("Read")

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 60
PUBLISHED_FOR: Final = 3600.0
# An unknown key makes us look again, but not more often than this.
LOOK_AGAIN_AFTER: Final = 30.0
PATIENCE: Final = 15.0
TIMEOUT: Final = httpx.Timeout(10, connect=5)
MOST_BYTES: Final = 262_144


class Metadata(msgspec.Struct, frozen=True):
    """OpenID Connect Discovery §3, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class Tokens(msgspec.Struct, frozen=True):
    """RFC 6749 §5.1 with OIDC Core §3.1.3.3."""

    id_token: str
    access_token: str


class _Published:
    """What one issuer publishes, kept for an hour."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.metadata: Metadata | None = None
        self.keys: dict[str, jwt.PyJWK] = {}
        self.read_at = self.keys_at = float("-inf")


_published: dict[str, _Published] = {}


def forget() -> None:
    """As in a process that has just started."""
    _published.clear()


def settings() -> NationalLogin:
    """Raises `NotFound` where My Number is not offered."""
    login = runtime.settings().national_login
    if login is None:
        raise NotFound
    return login


def client_keys() -> ClientKeys:
    return ClientKeys(runtime.keys().my_number_client)


async def metadata() -> Metadata:
    issuer = settings().issuer
    known = _published.setdefault(issuer, _Published())
    async with known.lock:
        if known.metadata is None or time.monotonic() - known.read_at > PUBLISHED_FOR:
            address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            read = _decoded(await _get(address), Metadata)
            _demand_own(read, issuer)
            known.metadata, known.read_at = read, time.monotonic()
        return known.metadata


async def signing_key(kid: str) -> jwt.PyJWK | None:
    """The issuer's key of this name; a name not seen yet is looked for once more (rotation)."""
    found = await metadata()
    known = _published[found.issuer]
    async with known.lock:
        age = time.monotonic() - known.keys_at
        if age > PUBLISHED_FOR or (kid not in known.keys and age > LOOK_AGAIN_AFTER):
            known.keys = _signing_keys(await _get(found.jwks_uri))
            known.keys_at = time.monotonic()
        return known.keys.get(kid)


async def exchange(code: str, redirect_uri: str, verifier: str) -> Tokens:
    """The code for tokens, proving ourselves by a JWT (RFC 7523) that serves once."""
    found = await metadata()
    status, body = await _ask(
        "POST",
        found.token_endpoint,
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": settings().client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(found.token_endpoint),
        },
    )
    if status >= 500:
        raise MyNumberUnavailable
    if status != 200:
        log.warning("my_number:token:refused", status=status, error=_error_code(body))
        raise MyNumberRefused("code")
    return _decoded(body, Tokens)


async def user_info(access_token: str) -> dict[str, Any]:
    status, body = await _ask(
        "GET",
        (await metadata()).userinfo_endpoint,
        headers={"authorization": f"Bearer {access_token}"},
    )
    if status != 200:
        raise MyNumberUnavailable
    return _decoded(body, dict[str, Any])


def assertion(audience: str) -> str:
    key, client_id, now = client_keys().current(), settings().client_id, int(time.time())
    return jwt.encode(
        {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        },
        key.private,
        algorithm=id_token.ALGORITHM,
        headers={"kid": key.kid},
    )


def _demand_own(read: Metadata, issuer: str) -> None:
    """The document is the issuer's own, and sends nobody to where the way is not protected."""
    scheme = urlsplit(issuer).scheme
    addresses = (
        read.authorization_endpoint,
        read.token_endpoint,
        read.userinfo_endpoint,
        read.jwks_uri,
    )
    if read.issuer != issuer or any(urlsplit(each).scheme != scheme for each in addresses):
        log.error("my_number:discovery:refused")
        raise MyNumberUnavailable


def _signing_keys(body: bytes) -> dict[str, jwt.PyJWK]:
    """Of ES256 alone; keys of other kinds are nothing to us."""
    found: dict[str, jwt.PyJWK] = {}
    for each in _decoded(body, dict[str, Any]).get("keys", []):
        try:
            if each.get("use", "sig") == "sig" and each["crv"] == "P-256":
                found[each["kid"]] = jwt.PyJWK(each, id_token.ALGORITHM)
        except (jwt.PyJWTError, KeyError, AttributeError, TypeError):
            continue
    return found


def _decoded(body: bytes, shape: type[Read]) -> Read:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MyNumberUnavailable from error


def _error_code(body: bytes) -> str:
    """RFC 6749 §5.2: one of a handful of words, and nothing else of what was answered."""
    try:
        code = msgspec.json.decode(body, type=dict[str, Any]).get("error", "")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    is_word = isinstance(code, str) and code.replace("_", "").isalpha() and code.isascii()
    return code[:40] if is_word else ""


async def _get(address: str) -> bytes:
    status, body = await _ask("GET", address)
    if status != 200:
        raise MyNumberUnavailable
    return body


async def _ask(
    method: str,
    address: str,
    *,
    data: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    # What runs on this machine is not behind its proxy.
    by_proxy = urlsplit(address).scheme == "https"
    plain = {"accept": "application/json", "accept-encoding": "identity"} | dict(headers or {})
    try:
        async with (
            asyncio.timeout(PATIENCE),
            httpx.AsyncClient(timeout=TIMEOUT, trust_env=by_proxy) as http,
            http.stream(method, address, data=data, headers=plain) as answer,
        ):
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise MyNumberUnavailable
            return answer.status_code, body
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        log.error("my_number:issuer:unreachable", error=type(error).__name__)
        raise MyNumberUnavailable from error
