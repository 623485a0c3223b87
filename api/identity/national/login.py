"""One My Number login on its way: to the issuer's page with a request, back with proof of a person.

OpenID Connect, authorization code with PKCE. The browser holds one secret; state, nonce and
verifier are made from it with a key of ours, so that neither browser nor database alone has them.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from api.core import clock, runtime
from api.core.actor import ANONYMOUS
from api.core.crypto import base64url, new_token, sha256
from api.core.database import unit_of_work
from api.core.logging import log
from api.identity.national import claims, id_token, provider, queries
from api.identity.national.claims import FourItems
from api.identity.national.errors import (
    MyNumberGone,
    MyNumberRefused,
    MyNumberStopped,
    MyNumberTooWeak,
)
from api.identity.national.id_token import Expected, Fault, Proved, Refused

LOGIN_VALID_FOR: Final = timedelta(minutes=10)
Door = Literal["portal", "app"]
RETURNS: Final[Mapping[Door, str]] = {
    "portal": "/sign-in/my-number/callback",
    "app": "/app/my-number",
}
# Asked at enrolment alone; whoever only signs in tells the network nothing more.
SCOPES: Final = "openid name address birthdate gender"
_CODE_LENGTH: Final = 2048


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    ENROL = "enrol"
    ADD = "add"
    STEP_UP = "step_up"


class Begun(NamedTuple):
    """`token` stays with the browser or app that began; `url` is the issuer's page."""

    url: str
    token: str
    expires_at: datetime


class Answer(NamedTuple):
    """What the issuer's redirect brought back (RFC 6749 §4.1.2, RFC 9207)."""

    state: str
    code: str = ""
    iss: str = ""
    error: str = ""


class Proof(NamedTuple):
    """The issuer says who is there, now. `items` at enrolment only."""

    purpose: Purpose
    iss: str
    sub: str
    acr: str
    at: datetime
    items: FourItems | None = None


class WeaklyProved(MyNumberTooWeak):
    """Truly this person, but not as is asked for; so that they can be told of it."""

    def __init__(self, fault: Fault, iss: str, sub: str, purpose: Purpose) -> None:
        super().__init__(fault)
        self.iss, self.sub, self.purpose = iss, sub, purpose


async def begin(
    purpose: Purpose, *, door: Door = "portal", session_id: UUID | None = None
) -> Begun:
    """`session_id`: the session that wants to add My Number, or to prove itself again."""
    metadata, token = await provider.metadata(), new_token()
    expires_at = clock.now() + LOGIN_VALID_FOR
    async with unit_of_work(ANONYMOUS) as tx:
        await queries.add_login(
            tx,
            sha256(token.encode()),
            purpose,
            door,
            session_id,
            expires_at,
        )
    asked = {
        "response_type": "code",
        "client_id": provider.settings().client_id,
        "redirect_uri": redirect_uri(door),
        "scope": SCOPES if purpose is Purpose.ENROL else "openid",
        "state": _bound("state", token),
        "nonce": _bound("nonce", token),
        "code_challenge": base64url(sha256(_bound("verifier", token).encode())),
        "code_challenge_method": "S256",
        "acr_values": provider.settings().acr,
    }
    if purpose is Purpose.STEP_UP:
        asked |= {"prompt": "login", "max_age": "0"}
    mark = "&" if "?" in metadata.authorization_endpoint else "?"
    return Begun(f"{metadata.authorization_endpoint}{mark}{urlencode(asked)}", token, expires_at)


async def finish(
    token: str, answer: Answer, *, door: Door = "portal", session_id: UUID | None = None
) -> Proof:
    """Takes the login up, once. Raises `MyNumberGone`, `MyNumberStopped`, `MyNumberRefused`
    (`WeaklyProved` for a known weakness) and `MyNumberUnavailable`.
    """
    # Before the login is taken up: an address somebody else sent around uses up nothing.
    if not token or not hmac.compare_digest(answer.state.encode(), _bound("state", token).encode()):
        raise MyNumberGone
    async with unit_of_work(ANONYMOUS) as tx:
        row = await queries.take_login(tx, sha256(token.encode()))
    if row is None or not row["is_fresh"] or row["door"] != door:
        raise MyNumberGone
    if row["session_id"] is not None and row["session_id"] != session_id:
        raise MyNumberGone
    purpose = Purpose(row["purpose"])
    metadata = await provider.metadata()
    says_issuer = metadata.authorization_response_iss_parameter_supported
    if (answer.iss or says_issuer) and answer.iss != metadata.issuer:
        raise _refused("issuer")
    if answer.error or not 0 < len(answer.code) <= _CODE_LENGTH:
        raise MyNumberStopped
    tokens = await provider.exchange(answer.code, redirect_uri(door), _bound("verifier", token))
    expected = Expected(
        issuer=metadata.issuer,
        client_id=provider.settings().client_id,
        nonce=_bound("nonce", token),
        acr=provider.settings().acr,
        fresh_since=row["started_at"] if purpose is Purpose.STEP_UP else None,
    )
    proved = await _proved(tokens, expected)
    if isinstance(proved, Refused):
        if proved.sub is not None:
            log.warning("my_number:login:refused", reason=proved.fault)
            raise WeaklyProved(proved.fault, metadata.issuer, proved.sub, purpose)
        raise _refused(proved.fault)
    items = await _items(tokens, proved.sub) if purpose is Purpose.ENROL else None
    return Proof(purpose, metadata.issuer, proved.sub, proved.acr, clock.now(), items)


def redirect_uri(door: Door) -> str:
    return f"{runtime.settings().public_url}{RETURNS[door]}"


async def _proved(tokens: provider.Tokens, expected: Expected) -> Proved | Refused:
    kid = id_token.key_id(tokens.id_token)
    if kid is None:
        return Refused(Fault.MALFORMED)
    key = await provider.signing_key(kid)
    if key is None:
        return Refused(Fault.SIGNATURE)
    return id_token.check(tokens.id_token, key, tokens.access_token, expected, clock.now())


async def _items(tokens: provider.Tokens, sub: str) -> FourItems:
    told = await provider.user_info(tokens.access_token)
    if told.get("sub") != sub:  # OIDC Core §5.3.2: else it may be about somebody else
        raise _refused("userinfo_subject")
    items = claims.four_items(told, clock.today_in_japan())
    if not isinstance(items, FourItems):
        raise _refused(f"items_{items}")
    return items


def _refused(reason: str) -> MyNumberRefused:
    log.warning("my_number:login:refused", reason=reason)
    return MyNumberRefused(reason)


def _bound(purpose: str, token: str) -> str:
    return base64url(runtime.keys().keyed_hash(f"my_number:{purpose}", token))
