"""My keys: passkeys, where I am signed in, and proving again who is there."""

from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import i18n
from api.core.actor import Actor, ActorKind
from api.identity.errors import LastWayIn, NoSuchName
from api.identity.guards import ANYBODY, PORTAL, device_at, everyone_signed_in
from api.identity.keys import own_keys, stepping_up
from api.identity.keys.own_keys import OwnPasskey, OwnSession
from api.identity.national import service as national
from web_portal.page import Flash, PortalRequest, back_to, frame, preferences, render, say
from web_portal.pages.sign_in import HOME, Destination, session_cookies

KEYS = "/account/keys"
SESSIONS = "/account/sessions"
NEXT = QueryParameter(name="next", max_length=6_000)


class NameForm(Struct):
    name: Annotated[str, Meta(max_length=200)] = ""


class KeyPages(Controller):
    path = KEYS
    opt = PORTAL | ANYBODY
    guards = (everyone_signed_in,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _keys_page(request, actor)

    @get("/new")
    async def new(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        await stepping_up.demand_now(actor, heeds_freeze=False)
        return await render(request, "account/new_key.html", actor)

    @post("/options", status_code=200)
    async def options(self, actor: NamedDependency[Actor]) -> dict[str, Any]:
        return await own_keys.creation_options(actor)

    @post("/add", status_code=200)
    async def add(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: JSONBody[dict[str, Any]],
    ) -> Destination:
        """Named after the device it is made on, until its holder names it."""
        name = device_said(request, device_at(request).code)
        await own_keys.add_passkey(actor, data, name)
        return Destination(KEYS)

    @post("/{passkey_id:uuid}/name")
    async def rename(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        passkey_id: FromPath[UUID],
        data: URLEncodedBody[NameForm],
    ) -> Response[Any]:
        try:
            await own_keys.rename_passkey(actor, passkey_id, data.name)
        except NoSuchName as fault:
            flash = _fault(request, fault.key)
            return await _keys_page(request, actor, status=fault.status, flash=flash)
        return Redirect(f"{KEYS}#key-{passkey_id}", status_code=303)

    @get("/{passkey_id:uuid}/revoke")
    async def ask(
        self, request: PortalRequest, actor: NamedDependency[Actor], passkey_id: FromPath[UUID]
    ) -> Response[bytes]:
        found = await own_keys.one_passkey(actor, passkey_id)
        return await render(request, "account/revoke.html", actor, key=_key(request, found))

    @post("/{passkey_id:uuid}/revoke")
    async def revoke(
        self, request: PortalRequest, actor: NamedDependency[Actor], passkey_id: FromPath[UUID]
    ) -> Response[Any]:
        try:
            await own_keys.revoke_passkey(actor, passkey_id)
        except LastWayIn as fault:
            flash = _fault(request, fault.key)
            return await _keys_page(request, actor, status=fault.status, flash=flash)
        return Redirect(KEYS, status_code=303)


class SessionPages(Controller):
    path = SESSIONS
    opt = PORTAL | ANYBODY
    guards = (everyone_signed_in,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        sessions = await own_keys.own_sessions(actor)
        return await render(
            request,
            "account/sessions.html",
            actor,
            sessions=[_session(request, each) for each in sessions],
        )

    @post("/{session_id:uuid}/end")
    async def end(self, actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> Response[Any]:
        await own_keys.end_own_session(actor, session_id)
        return Redirect(SESSIONS, status_code=303)

    @post("/end-others")
    async def end_others(self, actor: NamedDependency[Actor]) -> Response[Any]:
        await own_keys.end_other_sessions(actor)
        return Redirect(SESSIONS, status_code=303)


class StepUpPages(Controller):
    path = "/step-up"
    opt = PORTAL | ANYBODY
    guards = (everyone_signed_in,)
    include_in_schema = False

    @get("/")
    async def show(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        following: Annotated[str, NEXT] = "/",
    ) -> Response[bytes]:
        return await render(
            request,
            "step_up.html",
            actor,
            verify=f"/step-up/verify?next={_quoted(following)}",
            following=back_to(following),
            offers_my_number=_offers_my_number(actor.kind),
            held=None,
            back=HOME[actor.kind],
        )

    @post("/options", status_code=200)
    async def options(self, actor: NamedDependency[Actor]) -> dict[str, Any]:
        return await stepping_up.options(actor)

    @post("/verify", status_code=200)
    async def verify(
        self,
        actor: NamedDependency[Actor],
        data: JSONBody[dict[str, Any]],
        following: Annotated[str, NEXT] = "/",
    ) -> Response[Destination]:
        session = await stepping_up.verify(actor, data)
        return Response(Destination(back_to(following)), cookies=[*session_cookies(session)])


def step_up_page(request: Request[Any, Any, Any], actor: Actor | None) -> Response[bytes]:
    """In place of what was asked: the page holds it, and sends it once the reader has shown who
    they are. Nothing of it is kept here."""
    parts = urlsplit(str(request.url))
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    fields: list[tuple[str, str]] = request.scope["state"].get("form", [])
    is_form = request.method == "POST"
    kind = actor.kind if actor else ActorKind.ANONYMOUS
    name = (actor.name if actor else None) or ""
    return frame(
        request,
        "step_up.html",
        {"role": kind.value, "name": name, "unread": 0} if kind in HOME else None,
        status=403,
        path="/",
        verify=f"/step-up/verify?next={_quoted('/' if is_form else path)}",
        following="/step-up/done" if is_form else back_to(path),
        offers_my_number=_offers_my_number(kind),
        held={"action": path, "fields": fields} if is_form else None,
        back=HOME.get(kind, "/"),
    )


async def keep_form(request: Request[Any, Any, Any]) -> None:
    """Before a form's handler runs: what it brought, so that no refusal need lose it."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if request.method == "POST" and kind == "application/x-www-form-urlencoded":
        form = await request.form()
        request.scope["state"]["form"] = [
            (name, value)
            for name, value in form.multi_items()
            if isinstance(value, str) and name != "_csrf_token"
        ]


def device_said(request: PortalRequest, device: str) -> str:
    """`iphone safari` as people say it; "" for a device that says nothing of itself."""
    family, _, browser = device.partition(" ")
    if not family:
        return ""
    said = say(request, f"device.{family}")
    return f"{said} ({say(request, f'browser.{browser}')})" if browser else said


async def _keys_page(
    request: PortalRequest, actor: Actor, *, status: int = 200, flash: Flash | None = None
) -> Response[bytes]:
    keys = await own_keys.own_passkeys(actor)
    return await render(
        request,
        "account/keys.html",
        actor,
        status=status,
        flash=flash,
        path=KEYS,
        keys=[_key(request, each) for each in keys],
        may_add=len(keys) < own_keys.MOST_PASSKEYS,
        offers_my_number=_offers_my_number(actor.kind),
    )


def _key(request: PortalRequest, key: OwnPasskey) -> dict[str, object]:
    return {
        "id": key.passkey_id,
        "name": key.name or say(request, "keys.unnamed"),
        "typed": key.name,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "is_backed_up": key.is_backed_up,
    }


def _session(request: PortalRequest, session: OwnSession) -> dict[str, object]:
    return {
        "id": session.session_id,
        "device": device_said(request, session.device) or say(request, "sessions.unknown"),
        "way": say(request, f"sessions.way.{session.way}"),
        "opened_at": session.opened_at,
        "seen_at": session.seen_at,
        "is_current": session.is_current,
    }


def _fault(request: PortalRequest, key: str) -> Flash:
    following = f"{key}.next"
    has_next = i18n.has_text(preferences(request).locale, following)
    return {
        "kind": "error",
        "title": say(request, key),
        "text": say(request, following) if has_next else "",
    }


def _offers_my_number(kind: ActorKind) -> bool:
    return kind is ActorKind.PARTICIPANT and national.is_offered()


def _quoted(path: str) -> str:
    return quote(back_to(path), safe="/")


routes: list[ControllerRouterHandler] = [KeyPages, SessionPages, StepUpPages]
