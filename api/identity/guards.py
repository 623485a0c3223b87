"""The doors: who stands before a route, and who may pass."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api.core import runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind, Power
from api.core.errors import NotFound, SignInNeeded
from api.identity import service
from api.identity.apps import tokens as app_grants
from api.identity.devices import Device, device_of
from api.identity.errors import BadAccessToken, BadProof, BadToken
from api.identity.tokens import app_tokens, systems

SESSION_COOKIE = "tsunagu_session"
DEVICE_COOKIE = "tsunagu_device"
_MARK = re.compile(r"[A-Za-z0-9_-]{20,100}")

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

# A route says in `opt` which door it has: the portal takes the cookie, the JSON API takes a
# bearer token. Neither takes the other's, so no page of another site can use the JSON API.
PORTAL = {"door": "portal"}
API = {"door": "api"}

# It also says which power a proxy needs. Without one it is not there for a proxy; with `ANYBODY`
# it is about whoever signed in, never about a principal.
VIEW = {"power": Power.VIEW}
UPLOAD = {"power": Power.UPLOAD}
LOG = {"power": Power.LOG}
SETTINGS = {"power": Power.SETTINGS}
CONSENT = {"power": Power.CONSENT}
PROXY_ADMIN = {"power": Power.PROXY_ADMIN}
NOTICES = {"power": Power.NOTICES}
ANYBODY = {"power": "anybody"}


async def actor_of(connection: Connection, handler: BaseRouteHandler) -> Actor:
    """The signed-in actor, or ANONYMOUS; asked of the database once per request."""
    state = connection.scope["state"]
    if "actor" not in state:
        bound = bound_token(connection) if handler.opt.get("door") == "api" else None
        if bound is not None:
            at = proved_at(connection)
            found = service.SignedIn(await app_tokens.actor_of(bound, *at))
        else:
            token = session_token(connection, handler)
            found = await service.signed_in(token) if token else service.SignedIn(ANONYMOUS)
        state["actor"], state["acting_for"], state["is_representative"] = found
    actor: Actor = state["actor"]
    return actor


def session_token(connection: Connection, handler: BaseRouteHandler) -> str | None:
    if handler.opt.get("door") == "api":
        return bearer(connection)
    return connection.cookies.get(SESSION_COOKIE)


def signed_in(*kinds: ActorKind) -> Guard:
    """Lets these kinds pass; for others the route does not exist."""

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        actor = await actor_of(connection, handler)
        if actor.kind is ActorKind.ANONYMOUS:
            raise SignInNeeded
        if actor.kind not in kinds:
            raise NotFound

    guard.kinds = kinds  # type: ignore[attr-defined]
    return guard


async def anyone(connection: Connection, handler: BaseRouteHandler) -> None:
    """An open route, said on purpose; the actor is still known to it."""
    await actor_of(connection, handler)


participants_only = signed_in(ActorKind.PARTICIPANT)
professionals_only = signed_in(ActorKind.PROFESSIONAL)
support_only = signed_in(ActorKind.SUPPORT)
auditor_only = signed_in(ActorKind.AUDITOR)
facility_administrators_only = signed_in(ActorKind.FACILITY_ADMIN)
participants_and_auditors = signed_in(ActorKind.PARTICIPANT, ActorKind.AUDITOR)
everyone_signed_in = signed_in(
    ActorKind.PARTICIPANT,
    ActorKind.PROFESSIONAL,
    ActorKind.SUPPORT,
    ActorKind.AUDITOR,
    ActorKind.FACILITY_ADMIN,
)


def systems_with(*scopes: str) -> Guard:
    """Lets facility systems with any of these scopes pass."""

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        token = bearer(connection)
        if token is None:
            raise BadAccessToken
        access = systems.access_of(token)
        if not any(scope in access.scopes for scope in scopes):
            raise BadAccessToken
        connection.scope["state"]["actor"] = access.actor

    guard.kinds = (ActorKind.SYSTEM,)  # type: ignore[attr-defined]
    return guard


systems_that_read = systems_with("system/*.read", "system/*.rs")
systems_that_write = systems_with("system/*.write")


async def participants_and_reading_systems(
    connection: Connection, handler: BaseRouteHandler
) -> None:
    """Lets participants' apps and reading systems pass; a system's token is a JWT."""
    # A JWT has three parts, a session's token one.
    token = bearer(connection)
    if token is not None and token.count(".") == 2:
        await systems_that_read(connection, handler)
    else:
        await participants_only(connection, handler)


participants_and_reading_systems.kinds = (  # type: ignore[attr-defined]
    ActorKind.PARTICIPANT,
    ActorKind.SYSTEM,
)


async def apps_and_reading_systems(connection: Connection, handler: BaseRouteHandler) -> None:
    """Lets apps that a participant connected pass, and reading systems; a system's token is a JWT.

    What the app was allowed stands in the state as `app`; the route asks for it.
    """
    bound = bound_token(connection)
    token = bound or bearer(connection)
    if token is None or token.count(".") == 2:
        await systems_that_read(connection, handler)
        return
    proof = None if bound is None else proved_at(connection)
    try:
        access = await app_grants.access_of(token, proof)
    except BadToken as error:
        if bound is not None:
            raise
        raise BadAccessToken from error
    state = connection.scope["state"]
    state["actor"], state["app"] = access.actor, access


apps_and_reading_systems.kinds = (ActorKind.SYSTEM,)  # type: ignore[attr-defined]


async def professionals_apps_and_reading_systems(
    connection: Connection, handler: BaseRouteHandler
) -> None:
    """As `apps_and_reading_systems`, and professionals by their own session's token."""
    token = bearer(connection)
    if token is not None and token.count(".") != 2:
        found = await service.actor_of(token)
        if found.kind is ActorKind.PROFESSIONAL:
            connection.scope["state"]["actor"] = found
            return
    await apps_and_reading_systems(connection, handler)


professionals_apps_and_reading_systems.kinds = (  # type: ignore[attr-defined]
    ActorKind.PROFESSIONAL,
    ActorKind.SYSTEM,
)


def device_at(connection: Connection) -> Device:
    """What its holder knows the device at the door by. A browser on our pages keeps a mark."""
    code = device_of(connection.headers.get("user-agent", ""))
    handler = connection.scope.get("route_handler")
    is_page = handler is not None and handler.opt.get("door") == "portal"
    if not is_page:
        return Device(code)
    mark = connection.cookies.get(DEVICE_COOKIE, "")
    return Device(code, mark if _MARK.fullmatch(mark) else "")


async def provide_actor(request: Connection) -> Actor:
    """The actor a guard let in."""
    actor: Actor = request.scope["state"].get("actor", ANONYMOUS)
    return actor


def bound_token(connection: Connection) -> str | None:
    """The token of `Authorization: DPoP` (RFC 9449)."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "dpop" else None


def proved_at(connection: Connection) -> tuple[str, str, str]:
    """The proof that came along, and the method and address it must be for. Raises `BadProof`."""
    proofs = connection.headers.getall("dpop", [])
    if len(proofs) != 1:
        raise BadProof
    url = f"{runtime.settings().public_url}{connection.scope['path']}"
    return proofs[0], str(connection.scope.get("method", "")), url


def bearer(connection: Connection) -> str | None:
    """The token of `Authorization: Bearer`: a session's, a system's or an enrolment ticket."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
