"""The demo's own My Number login: an OpenID provider of the Digital Agency's shape, without cards.

It exists in a demo alone, says so on its page, and lets anybody be anybody of the demo's cast. It
refuses what the real one refuses: code flow with PKCE S256 only, exact redirect addresses, codes
and client assertions that serve once.
"""

import hmac
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import jwt
import msgspec
from litestar import Controller, Request, get, post
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import runtime
from api.core.actor import ANONYMOUS
from api.core.client_keys import ClientKeys
from api.core.crypto import base64url, sha256
from api.core.errors import NotFound, Problem
from api.core.settings import DEMO_ISSUER_PATH, NationalLogin
from api.identity.guards import API, PORTAL, anyone, bearer
from api.identity.national.login import RETURNS, redirect_uri
from api.identity.national.provider import ASSERTION_TYPE
from web_portal.page import render

PROTOCOL: Final = "/protocol/openid-connect"
TOKEN_PATH: Final = f"{DEMO_ISSUER_PATH}{PROTOCOL}/token"
CODE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 300
LONGEST_ASSERTION: Final = 300
SKEW: Final = 60
REACHED: Final = "aal3 crl"
ITEMS: Final = ("name", "address", "birthdate", "gender")
ASKED: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "acr_values",
)

DemoRequest = Request[Any, Any, Any]


class Holder(msgspec.Struct, frozen=True):
    """One person of the cast, as their card says it: `birthdate` YYYYMMDD, `gender` 1 or 2."""

    key: str
    name: str
    address: str
    birthdate: str
    gender: str


class NotOurs(Problem):
    """Another client, or another address to return to: nobody is sent anywhere."""

    key = "error.bad_request"


# What served already, until it would have ended anyway. Of one process: it is a demo.
_used: dict[str, float] = {}


def holders(home: Path) -> list[Holder]:
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=list[Holder])
    except FileNotFoundError:
        return []


def write_holders(home: Path, people: list[Holder]) -> None:
    _file(home).write_bytes(msgspec.json.encode(people))


def sub_of(key: str) -> str:
    """Pairwise: of this person for this client, and for nobody else."""
    return base64url(runtime.keys().keyed_hash(f"demo_sub:{_login().client_id}", key))


class DemoProvider(Controller):
    path = DEMO_ISSUER_PATH
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/.well-known/openid-configuration")
    async def discovery(self) -> dict[str, Any]:
        issuer = _login().issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}{PROTOCOL}/auth",
            "token_endpoint": f"{issuer}{PROTOCOL}/token",
            "userinfo_endpoint": f"{issuer}{PROTOCOL}/userinfo",
            "jwks_uri": f"{issuer}{PROTOCOL}/certs",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", *ITEMS],
            "acr_values_supported": ["aal3"],
            "authorization_response_iss_parameter_supported": True,
        }

    @get(f"{PROTOCOL}/certs")
    async def certs(self) -> dict[str, Any]:
        return {"keys": _keys().published()}

    @get(f"{PROTOCOL}/auth")
    async def ask(self, request: DemoRequest) -> Response[Any]:
        """Whose card is held up?"""
        asked = {name: request.query_params.get(name, "") for name in ASKED}
        fault = _fault(asked)
        if fault:
            return _back(asked, error=fault)
        return await render(
            request,
            "demo_my_number.html",
            ANONYMOUS,
            path="/",
            people=holders(runtime.settings().home),
            asked=asked,
            tells_items=bool(set(asked["scope"].split()) & set(ITEMS)),
        )

    @post(f"{PROTOCOL}/auth")
    async def answer(self, data: URLEncodedBody[dict[str, Any]]) -> Redirect:
        asked = {name: str((data or {}).get(name, "")) for name in ASKED}
        fault = _fault(asked)
        if fault:
            return _back(asked, error=fault)
        known = {each.key for each in holders(runtime.settings().home)}
        key = str((data or {}).get("person", ""))
        if key not in known:
            return _back(asked, error="access_denied")
        shown_at = int(time.time())
        return _back(
            asked, code=_sealed("code", CODE_SECONDS, asked | {"person": key, "at": shown_at})
        )

    @post(f"{PROTOCOL}/token", opt=API, status_code=200)
    async def token(self, data: URLEncodedBody[dict[str, Any]]) -> Response[dict[str, Any]]:
        form = {name: str(value) for name, value in (data or {}).items()}
        fault = _client_fault(form)
        if fault:
            return _refused(fault)
        if form.get("grant_type") != "authorization_code":
            return _refused("unsupported_grant_type")
        code = _opened("code", form.get("code", ""))
        challenge = base64url(sha256(form.get("code_verifier", "").encode()))
        if (
            code is None
            or code["redirect_uri"] != form.get("redirect_uri")
            or not hmac.compare_digest(code["code_challenge"], challenge)
            or not _first_use(code)
        ):
            return _refused("invalid_grant")
        access = _sealed(
            "access", TOKEN_SECONDS, {"person": code["person"], "scope": code["scope"]}
        )
        return Response(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "scope": code["scope"],
                "id_token": _id_token(code, access),
            },
            headers={"cache-control": "no-store"},
        )

    @get(f"{PROTOCOL}/userinfo", opt=API)
    async def userinfo(self, request: DemoRequest) -> Response[dict[str, Any]]:
        access = _opened("access", bearer(request) or "")
        people = {each.key: each for each in holders(runtime.settings().home)}
        if access is None or access["person"] not in people:
            return _refused("invalid_token")
        person, scopes = people[access["person"]], access["scope"].split()
        told = {name: getattr(person, name) for name in ITEMS if name in scopes}
        return Response({"sub": sub_of(person.key)} | told)


def _fault(asked: Mapping[str, str]) -> str | None:
    """The OAuth error of a request. Raises `NotOurs` where not even that may be sent back."""
    returns = {redirect_uri(door) for door in RETURNS}
    if asked["client_id"] != _login().client_id or asked["redirect_uri"] not in returns:
        raise NotOurs
    if asked["response_type"] != "code":
        return "unsupported_response_type"
    scopes = asked["scope"].split()
    if "openid" not in scopes or not set(scopes) <= {"openid", *ITEMS}:
        return "invalid_scope"
    is_challenged = asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    if not (is_challenged and 1 <= len(asked["nonce"]) <= 255 and asked["state"]):
        return "invalid_request"
    return None


def _client_fault(form: Mapping[str, str]) -> str | None:
    """RFC 7523 §3: signed by the client, for this endpoint, minutes at most, once."""
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        return "invalid_client"
    assertion, client_id = form.get("client_assertion", ""), _login().client_id
    try:
        kid = jwt.get_unverified_header(assertion).get("kid")
        key = next((each for each in _client_keys() if each["kid"] == kid), None)
        if key is None:
            return "invalid_client"
        claims = jwt.decode(
            assertion,
            jwt.PyJWK(key, "ES256"),
            algorithms=["ES256"],
            audience=f"{_login().issuer}{PROTOCOL}/token",
            issuer=client_id,
            subject=client_id,
            leeway=SKEW,
            options={"require": ["exp", "iat", "jti", "iss", "sub", "aud"]},
        )
    except jwt.PyJWTError:
        return "invalid_client"
    is_short = claims["exp"] - time.time() <= LONGEST_ASSERTION + SKEW
    return None if is_short and _first_use(claims) else "invalid_client"


def _id_token(code: Mapping[str, Any], access_token: str) -> str:
    key, now = _keys().current(), int(time.time())
    return jwt.encode(
        {
            "iss": _login().issuer,
            "sub": sub_of(code["person"]),
            "aud": _login().client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": code["at"],
            "nonce": code["nonce"],
            "acr": REACHED,
            "at_hash": base64url(sha256(access_token.encode())[:16]),
        },
        key.private,
        algorithm="ES256",
        headers={"kid": key.kid},
    )


def _sealed(kind: str, seconds: int, what: Mapping[str, Any]) -> str:
    """A code or token that carries its own meaning; it never leaves this machine."""
    now = int(time.time())
    claims = {**what, "typ": kind, "jti": secrets.token_urlsafe(16), "exp": now + seconds}
    return jwt.encode(claims, _keys().current().private, algorithm="ES256")


def _opened(kind: str, text: str) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = jwt.decode(
            text, _keys().current().private.public_key(), algorithms=["ES256"]
        )
    except jwt.PyJWTError:
        return None
    return claims if claims.get("typ") == kind else None


def _first_use(claims: Mapping[str, Any]) -> bool:
    now = time.time()
    for known in [known for known, ends in _used.items() if ends < now]:
        del _used[known]
    if claims["jti"] in _used:
        return False
    _used[claims["jti"]] = float(claims["exp"]) + 2 * SKEW
    return True


def _back(asked: Mapping[str, str], **answer: str) -> Redirect:
    given = urlencode(answer | {"state": asked["state"], "iss": _login().issuer})
    return Redirect(f"{asked['redirect_uri']}?{given}", status_code=303)


def _refused(error: str) -> Response[dict[str, Any]]:
    status = 401 if error in ("invalid_client", "invalid_token") else 400
    return Response({"error": error}, status_code=status, headers={"cache-control": "no-store"})


def _login() -> NationalLogin:
    login = runtime.settings().national_login
    if login is None or not login.is_demo or not runtime.settings().is_demo:
        raise NotFound
    return login


def _keys() -> ClientKeys:
    return ClientKeys(runtime.keys().folder / "demo_my_number")


def _client_keys() -> list[dict[str, str]]:
    return ClientKeys(runtime.keys().my_number_client).published()


def _file(home: Path) -> Path:
    return home / "demo" / "my_number.json"


routes: list[ControllerRouterHandler] = [DemoProvider]
