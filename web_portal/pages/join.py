"""Somebody of a facility's staff was invited: the code, and the first passkey."""

from typing import Annotated, Any, Final

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import JSONBody, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.directory import service as directory
from api.identity.errors import (
    EnrolmentFaults,
    InvitationGone,
    InvitationRefused,
    InvitationThrottled,
)
from api.identity.guards import PORTAL, anyone, device_at
from api.identity.staff import invitations
from api.identity.staff.invitations import TICKET_VALID_FOR
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages.sign_in import HOME, Destination, session_cookies

HERE = "/join"
AS_WHAT: Final = {
    ActorKind.PROFESSIONAL: "join.administrator",
    ActorKind.FACILITY_ADMIN: "join.administrator",
    ActorKind.SUPPORT: "join.support",
    ActorKind.AUDITOR: "join.auditor",
}
TICKET_COOKIE = "tsunagu_invitation"


class JoinForm(Struct):
    code: Annotated[str, Meta(max_length=100)] = ""


class JoinPages(Controller):
    path = HERE
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/")
    async def start(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await render(request, "join/start.html", actor, errors={})

    @post("/")
    async def check(
        self, request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[JoinForm]
    ) -> Response[Any]:
        source = request.client.host if request.client else ""
        try:
            issued = await invitations.begin(data.code, source)
        except EnrolmentFaults as faults:
            key = faults.fields["code"]
            said = f"{say(request, key)} {say(request, f'{key}.next')}"
            return await render(
                request, "join/start.html", actor, status=422, path=HERE, errors={"code": said}
            )
        except (InvitationRefused, InvitationThrottled) as refusal:
            page = await render(
                request,
                "join/start.html",
                actor,
                status=refusal.status,
                path=HERE,
                errors={},
                flash=Flash(
                    kind="error",
                    title=say(request, refusal.key, **refusal.params),
                    text=say(request, f"{refusal.key}.next", **refusal.params),
                ),
            )
            if isinstance(refusal, InvitationThrottled):
                page.headers["retry-after"] = str(refusal.retry_after)
            return page
        return Redirect(f"{HERE}/passkey", status_code=303, cookies=[_cookie(issued.token)])

    @get("/passkey")
    async def show_passkey(self, request: PortalRequest) -> Response[Any]:
        """Who is invited, where and as what: for them to see that it is they."""
        try:
            found = await invitations.invited(request.cookies.get(TICKET_COOKIE, ""))
        except InvitationGone:
            return Redirect(HERE, status_code=303)
        locale = preferences(request).locale
        facility = say(request, "join.network")
        if found.facility_id is not None:
            named = await directory.named(ANONYMOUS, [found.facility_id])
            facility = named[found.facility_id].label(locale)
        known = {each.code: each.name for each in directory.profile().professions}
        profession = known.get(found.profession or "")
        return await render(
            request,
            "join/passkey.html",
            ANONYMOUS,
            name=found.name,
            facility=facility,
            profession=(
                getattr(profession, locale) if profession else say(request, AS_WHAT[found.kind])
            ),
        )

    @post("/passkey/options", status_code=200)
    async def options(self, request: PortalRequest) -> dict[str, Any]:
        return await invitations.passkey_options(request.cookies.get(TICKET_COOKIE, ""))

    @post("/passkey", status_code=200)
    async def finish(
        self, request: PortalRequest, data: JSONBody[dict[str, Any]]
    ) -> Response[Destination]:
        token = request.cookies.get(TICKET_COOKIE, "")
        session = await invitations.finish(token, data, device=device_at(request))
        return Response(
            Destination(HOME[session.kind]), cookies=[*session_cookies(session), _cookie(None)]
        )


def _cookie(token: str | None) -> Cookie:
    """None takes the cookie away again."""
    return Cookie(
        key=TICKET_COOKIE,
        value=token or "",
        path=HERE,
        max_age=int(TICKET_VALID_FOR.total_seconds()) if token else 0,
        httponly=True,
        secure=runtime.settings().is_https,
        samesite="lax",
    )


routes: list[ControllerRouterHandler] = [JoinPages]
