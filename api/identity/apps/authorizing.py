"""An app asks for a participant's records, and the participant allows it or does not.

SMART App Launch 2.2, standalone, in the shape of OAuth 2.1: code with PKCE (S256), exact redirect
addresses. A fault of the app's identity or address is told to the person and never redirected; any
other goes back to the app.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.apps import pkce, queries, redirects, registry, scopes
from api.identity.apps.errors import AskRefused, UnknownApp
from api.identity.apps.registry import App
from api.identity.keys import stepping_up
from notifications import service as notifications

CODE_FOR: Final = timedelta(seconds=60)
ACCESS_FOR: Final = timedelta(minutes=5)
# Without `offline_access` an app reads once; with it, until this has passed.
ONCE: Final = CODE_FOR + ACCESS_FOR
LASTS: Final = timedelta(days=90)
LONGEST_STATE: Final = 1_000
_NAMES: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "aud",
    "code_challenge",
    "code_challenge_method",
)


class Ask(NamedTuple):
    """What an app asks, checked. `scopes`: what it would be given."""

    app: App
    redirect_uri: str
    state: str
    challenge: str
    scopes: tuple[str, ...]

    @property
    def lasts(self) -> timedelta:
        return LASTS if scopes.OFFLINE in self.scopes else ONCE


async def checked(parameters: Iterable[tuple[str, str]], types: Collection[str]) -> Ask:
    """`types`: the FHIR types people may read of themselves. Raises `UnknownApp`, `AskRefused`."""
    pairs = [(name, value) for name, value in parameters if name in _NAMES]
    asked = dict(pairs)
    client_id, redirect_uri = asked.get("client_id", ""), asked.get("redirect_uri", "")
    async with unit_of_work(ANONYMOUS) as tx:
        app = await registry.in_force_in(tx, client_id)
    twice = [name for name in _NAMES if sum(each == name for each, _ in pairs) > 1]
    if app is None or {"client_id", "redirect_uri"} & set(twice):
        raise UnknownApp
    if not redirects.is_registered(redirect_uri, app.redirect_uris):
        raise UnknownApp
    state = asked.get("state", "")
    given = scopes.granted(asked.get("scope", ""), types)
    error = _fault(asked, twice, given)
    if error:
        raise AskRefused(_answer(redirect_uri, state, error=error[0], error_description=error[1]))
    return Ask(app, redirect_uri, state, asked["code_challenge"], given)


def _fault(
    asked: dict[str, str], twice: list[str], given: tuple[str, ...]
) -> tuple[str, str] | None:
    state = asked.get("state", "")
    if twice:
        return "invalid_request", f"{twice[0]} comes more than once"
    if asked.get("response_type") != "code":
        return "unsupported_response_type", "only code is served"
    if not state or len(state) > LONGEST_STATE or not state.isprintable():
        return "invalid_request", f"state is needed, of at most {LONGEST_STATE} characters"
    is_pkce = asked.get("code_challenge_method") == pkce.METHOD
    if not is_pkce or not pkce.is_challenge(asked.get("code_challenge", "")):
        return "invalid_request", "a code_challenge by S256 is needed"
    if asked.get("aud", "").rstrip("/") != runtime.fhir_base():
        return "invalid_request", "aud must be this server's FHIR endpoint"
    if not given:
        return "invalid_scope", "no record is asked for that could be given"
    if len(given) > scopes.MOST:
        return "invalid_scope", f"at most {scopes.MOST} scopes"
    return None


async def demand(actor: Actor) -> None:
    """Before anybody is asked: it takes records out, so a fresh session is needed, of the person
    themselves. Raises `StepUpNeeded`, `Frozen`, `NotFound`."""
    if actor.is_proxy:
        raise NotFound
    await stepping_up.demand_now(actor)


async def allow(actor: Actor, ask: Ask) -> str:
    """Where to go on, with the code. Raises `StepUpNeeded`, `Frozen`, `NotFound`."""
    if actor.is_proxy:
        raise NotFound
    now, code = clock.now(), new_token()
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        ends_at = now + ask.lasts
        await queries.add_grant(
            tx,
            queries.NewGrant(
                ask.app.client_id,
                list(ask.scopes),
                ends_at,
                sha256(code.encode()),
                now + CODE_FOR,
                ask.redirect_uri,
                ask.challenge,
            ),
        )
        await access_log.append(tx, EventName.APP_CONNECTED, detail=_said(ask, ends_at))
        await notifications.enqueue(tx, "app_connected", app=ask.app.names)
    return _answer(ask.redirect_uri, ask.state, code=code)


async def refuse(actor: Actor, ask: Ask) -> str:
    """Where to go back to, with nothing."""
    if actor.is_proxy:
        raise NotFound
    async with unit_of_work(actor) as tx:
        detail = _said(ask, None)
        await access_log.append(tx, EventName.APP_REFUSED, outcome="denied", detail=detail)
    return _answer(ask.redirect_uri, ask.state, error="access_denied")


def _said(ask: Ask, ends_at: datetime | None) -> dict[str, object]:
    said: dict[str, object] = {
        "told": {"app": ask.app.names},
        "app": ask.app.client_id,
        "scopes": list(ask.scopes),
    }
    return said if ends_at is None else said | {"ends_at": ends_at}


def _answer(redirect_uri: str, state: str, **answer: str) -> str:
    """`iss` tells the app whose answer it is (RFC 9207)."""
    kept = {"state": state} if state and len(state) <= LONGEST_STATE else {}
    issuer = {"iss": runtime.settings().public_url}
    return redirects.with_answer(redirect_uri, answer | kept | issuer)
