"""Signing in and out, the reader's comfort, and the demo's one-time door."""

from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from litestar import Controller, Request, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core import clock, i18n, runtime
from api.core.actor import Actor, ActorKind
from api.identity import demo_door
from api.identity import service as identity
from api.identity.guards import DEVICE_COOKIE, PORTAL, SESSION_COOKIE, anyone, device_at
from api.identity.national import service as national
from api.identity.service import OpenedSession
from web_portal.page import PortalRequest, back_to, render

HOME: Final = {
    ActorKind.PARTICIPANT: "/home",
    ActorKind.PROFESSIONAL: "/clinic",
    ActorKind.SUPPORT: "/support",
    ActorKind.AUDITOR: "/auditor",
    ActorKind.FACILITY_ADMIN: "/facility",
}
CHOICES: Final = {
    "locale": i18n.LOCALES,
    "text_size": ("normal", "large"),
    "contrast": ("normal", "high"),
}
# Whence an app sends somebody: they come back here once they have signed in.
COMING_BACK: Final = ("/oauth/authorize",)
NEXT: Final = QueryParameter(name="next", max_length=6_000)
# No browser keeps one for longer.
DEVICE_SECONDS: Final = 400 * 24 * 3600
YEAR_SECONDS: Final = 365 * 24 * 3600


class Destination(Struct):
    """Where passkey.js goes on to."""

    next: str


class PreferenceForm(Struct):
    locale: str = ""
    text_size: str = ""
    contrast: str = ""
    next: str = "/"


class DemoForm(Struct):
    token: str = ""


class SignInPages(Controller):
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/sign-in")
    async def show(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        following: Annotated[str, NEXT] = "",
    ) -> Response[Any]:
        if actor.kind in HOME:
            return Redirect(after_sign_in(actor.kind, following), status_code=303)
        return await render(
            request,
            "sign_in.html",
            actor,
            following=next_suffix(following),
            offers_my_number=national.is_offered(),
        )

    @post("/sign-in/options", status_code=200)
    async def options(self) -> dict[str, Any]:
        return await identity.sign_in_options()

    @post("/sign-in/verify", status_code=200)
    async def verify(
        self,
        request: PortalRequest,
        data: JSONBody[dict[str, Any]],
        following: Annotated[str, NEXT] = "",
    ) -> Response[Destination]:
        session = await identity.sign_in(
            data, request.cookies.get(SESSION_COOKIE), device=device_at(request)
        )
        destination = Destination(after_sign_in(session.kind, following))
        return Response(destination, cookies=[*session_cookies(session)])

    @post("/sign-out")
    async def end(self, request: PortalRequest) -> Redirect:
        await identity.end_session(request.cookies.get(SESSION_COOKIE, ""))
        # Not "cookies": language and letter size stay as the reader set them.
        return Redirect(
            "/",
            status_code=303,
            headers={"clear-site-data": '"cache", "storage"'},
            cookies=[_own_cookie(SESSION_COOKIE, "", 0)],
        )

    @post("/preferences")
    async def prefer(self, data: URLEncodedBody[PreferenceForm]) -> Redirect:
        chosen = {name: getattr(data, name) for name in CHOICES}
        return Redirect(
            back_to(data.next),
            status_code=303,
            cookies=[
                _own_cookie(name, value, YEAR_SECONDS)
                for name, value in chosen.items()
                if value in CHOICES[name]
            ],
        )


class DemoPages(Controller):
    """A link shows a page first: what only looks at links must not use one up."""

    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/demo/sign-in/{token:str}")
    async def show(
        self, request: PortalRequest, actor: NamedDependency[Actor], token: FromPath[str]
    ) -> Response[bytes]:
        return await render(request, "demo_sign_in.html", actor, token=token)

    @post("/demo/sign-in")
    async def enter(self, request: PortalRequest, data: URLEncodedBody[DemoForm]) -> Redirect:
        earlier = request.cookies.get(SESSION_COOKIE)
        session = await demo_door.redeem_demo_link(data.token, earlier, device=device_at(request))
        return Redirect(HOME[session.kind], status_code=303, cookies=[*session_cookies(session)])


def sign_in_first(request: Request[Any, Any, Any]) -> str:
    """To sign in, and from where an app sent somebody also back there."""
    parts = urlsplit(str(request.url))
    comes_back = request.method == "GET" and parts.path in COMING_BACK
    return f"/sign-in{next_suffix(f'{parts.path}?{parts.query}')}" if comes_back else "/sign-in"


def after_sign_in(kind: ActorKind, following: str) -> str:
    """Only to where somebody is ever sent back to."""
    is_known = following.partition("?")[0] in COMING_BACK and back_to(following) == following
    return following if is_known else HOME[kind]


def next_suffix(following: str) -> str:
    return f"?next={quote(following, safe='/')}" if following else ""


def session_cookies(session: OpenedSession) -> list[Cookie]:
    """The session's, and what the browser is known again by."""
    seconds = int((session.expires_at - clock.now()).total_seconds())
    cookies = [_own_cookie(SESSION_COOKIE, session.token, seconds)]
    if session.device_mark:
        cookies.append(_own_cookie(DEVICE_COOKIE, session.device_mark, DEVICE_SECONDS))
    return cookies


def _own_cookie(name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        httponly=True,
        secure=runtime.settings().is_https,
        samesite="lax",
    )


routes: list[ControllerRouterHandler] = [SignInPages]
demo_routes: list[ControllerRouterHandler] = [DemoPages]
