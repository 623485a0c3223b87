"""The public keys of facilities' systems: given as a file, or fetched from where they are kept.

Fetched keys are kept ten minutes; a `kid` that is not among them is asked for anew, twice a minute
at most, so that a new key works at once and nobody can make us ask without end. Where the place
does not answer, what is known serves for an hour.
"""

import asyncio
import time
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx
import jwt
import msgspec

from api.core.errors import Problem
from api.core.logging import log

ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "RS384")
KEPT_FOR: Final = 600.0
KEPT_UNANSWERED: Final = 3600.0
ASKED_EVERY: Final = 30.0
TIMEOUT: Final = 5.0
LARGEST: Final = 64_000
MOST_KEYS: Final = 20
SMALLEST_RSA: Final = 2048
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class BadKeys(Problem):
    """For whoever registers a system; `reason` says what is wrong, in English, for the console."""

    status = 422
    key = "error.system.keys"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class _Fetched(NamedTuple):
    uri: str
    keys: tuple[jwt.PyJWK, ...]
    at: float


_fetched: dict[str, _Fetched] = {}
_asked_at: dict[str, float] = {}
_locks: dict[str, asyncio.Lock] = {}


def checked_jwks(text: str) -> str:
    """A key set (RFC 7517) that may be registered. Raises `BadKeys`."""
    try:
        given = msgspec.json.decode(text, type=dict[str, Any])["keys"]
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_KEYS:
            raise BadKeys(f"a key set has between 1 and {MOST_KEYS} keys")
        keys = [jwt.PyJWK.from_dict(each) for each in given]
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise BadKeys("this is no JSON Web Key Set (RFC 7517)") from error
    if any("d" in each or each.get("kty") == "oct" for each in given):
        raise BadKeys("this holds a private key; register the public ones alone")
    for key in keys:
        if not key.key_id:
            raise BadKeys("each key needs a `kid`")
        if key.algorithm_name not in ALGORITHMS:
            raise BadKeys(f"the key {key.key_id} needs an `alg` of {', '.join(ALGORITHMS)}")
        if getattr(key.key, "key_size", SMALLEST_RSA) < SMALLEST_RSA and key.key_type == "RSA":
            raise BadKeys(f"the key {key.key_id} is shorter than {SMALLEST_RSA} bits")
    if len({key.key_id for key in keys}) != len(keys):
        raise BadKeys("two keys have the same `kid`")
    return text


def checked_uri(uri: str) -> str:
    """Where keys may be fetched from: HTTPS, or this very machine. Raises `BadKeys`."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadKeys("this is no address") from error
    is_near = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or is_near):
        raise BadKeys("keys are fetched over https")
    if parts.username is not None or parts.fragment or not uri.isascii() or len(uri) > 500:
        raise BadKeys("the address of a key set has no user, no fragment, and 500 characters")
    return uri


async def key_of(
    client_id: str, jwks: str | None, uri: str | None, header: dict[str, Any]
) -> jwt.PyJWK | None:
    """The registered key that an assertion's header names; None where there is none."""
    kid = header.get("kid")
    if "jku" in header and header["jku"] != uri:
        return None
    if uri is None:
        return _named(kid, _keys(jwks or ""))
    known = _fetched.get(client_id)
    if known is None or known.uri != uri or _age(known) > KEPT_FOR or not _named(kid, known.keys):
        known = await _asked(client_id, uri, known)
    if known is None or known.uri != uri or _age(known) > KEPT_UNANSWERED:
        return None
    return _named(kid, known.keys)


def forget() -> None:
    """As in a process that has just started."""
    _fetched.clear()
    _asked_at.clear()
    _locks.clear()


async def _asked(client_id: str, uri: str, known: _Fetched | None) -> _Fetched | None:
    lock = _locks.setdefault(client_id, asyncio.Lock())
    async with lock:
        newer = _fetched.get(client_id)
        if newer is not None and newer is not known and newer.uri == uri:
            return newer
        asked = _asked_at.get(f"{client_id} {uri}")
        if asked is not None and time.monotonic() - asked < ASKED_EVERY:
            return newer
        _asked_at[f"{client_id} {uri}"] = time.monotonic()
        try:
            keys = _keys(await _fetch(uri))
        except (httpx.HTTPError, OSError, ValueError, TimeoutError) as error:
            log.warning("systems:keys:unfetched", client=client_id, error=type(error).__name__)
            return newer
        if not keys:
            log.warning("systems:keys:unfetched", client=client_id, error="no usable key")
            return newer
        _fetched[client_id] = _Fetched(uri, keys, time.monotonic())
        return _fetched[client_id]


async def _fetch(uri: str) -> str:
    """ValueError for an answer that is none, or too large; a redirect is none."""
    content = b""
    async with (
        asyncio.timeout(TIMEOUT),
        httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as http,
        http.stream("GET", uri, headers={"accept": "application/json"}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise ValueError("no key set")
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > LARGEST:
                raise ValueError("too large")
    return content.decode()


def _age(known: _Fetched) -> float:
    return time.monotonic() - known.at


def _keys(text: str) -> tuple[jwt.PyJWK, ...]:
    """Those that can be used; what is no key set holds none."""
    unreadable = (msgspec.MsgspecError, RecursionError, jwt.PyJWTError)
    try:
        return tuple(jwt.PyJWKSet.from_dict(msgspec.json.decode(text, type=dict[str, Any])).keys)
    except (*unreadable, TypeError, AttributeError, ValueError):
        return ()


def _named(kid: object, keys: tuple[jwt.PyJWK, ...]) -> jwt.PyJWK | None:
    return next((each for each in keys if kid is not None and each.key_id == kid), None)
