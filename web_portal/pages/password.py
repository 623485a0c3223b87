"""The other way in: card number, password and the six digits of an authenticator app."""

from typing import Annotated, Any

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.errors import EnrolmentThrottled, LastWayIn, PasswordFaults, SignInRefused
from api.identity.guards import (
    ANYBODY,
    PORTAL,
    SESSION_COOKIE,
    anyone,
    device_at,
    participants_only,
)
from api.identity.keys import passwords
from web_portal import qr
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.register import shown_card
from web_portal.pages.sign_in import NEXT, after_sign_in, next_suffix, session_cookies

HERE = "/account/password"
Secret = Annotated[str, Meta(max_length=1_000)]
Short = Annotated[str, Meta(max_length=100)]


class SetForm(Struct):
    password: Secret = ""
    number: Short = ""
    setup: Annotated[str, Meta(max_length=2_000)] = ""


class SignInForm(Struct):
    card: Short = ""
    password: Secret = ""
    number: Short = ""


class PasswordPages(Controller):
    path = HERE
    opt = PORTAL | ANYBODY
    guards = (participants_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await render(
            request, "account/password.html", actor, is_set=await passwords.is_set(actor)
        )

    @get("/new")
    async def new(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _new_page(request, actor)

    @post("/")
    async def put(
        self, request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[SetForm]
    ) -> Response[Any]:
        try:
            await passwords.set_password(actor, data.password, data.setup, data.number)
        except PasswordFaults as refusal:
            return await _new_page(request, actor, refusal)
        return Redirect(HERE, status_code=303)

    @post("/remove")
    async def remove(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
        try:
            await passwords.remove(actor)
        except LastWayIn as refusal:
            return await render(
                request,
                "account/password.html",
                actor,
                status=refusal.status,
                flash=_flash(request, refusal),
                path=HERE,
                is_set=True,
            )
        return Redirect(HERE, status_code=303)


class PasswordSignInPages(Controller):
    path = "/sign-in/password"
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/")
    async def show(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        following: Annotated[str, NEXT] = "",
    ) -> Response[bytes]:
        return await render(
            request,
            "sign_in_password.html",
            actor,
            values={"card": ""},
            following=next_suffix(following),
        )

    @post("/")
    async def enter(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[SignInForm],
        following: Annotated[str, NEXT] = "",
    ) -> Response[Any]:
        try:
            session = await passwords.sign_in(
                data.card,
                data.password,
                data.number,
                request.client.host if request.client else "",
                scheme=directory.profile().card_scheme,
                device=device_at(request),
                earlier_token=request.cookies.get(SESSION_COOKIE),
            )
        except (SignInRefused, EnrolmentThrottled) as refusal:
            page = await render(
                request,
                "sign_in_password.html",
                actor,
                status=refusal.status,
                flash=_flash(request, refusal),
                values={"card": shown_card(data.card)},
                following=next_suffix(following),
            )
            if isinstance(refusal, EnrolmentThrottled):
                page.headers["retry-after"] = str(refusal.retry_after)
            return page
        return Redirect(
            after_sign_in(session.kind, following),
            status_code=303,
            cookies=[*session_cookies(session)],
        )


async def _new_page(
    request: PortalRequest, actor: Actor, refusal: PasswordFaults | None = None
) -> Response[bytes]:
    """A fresh second factor each time; the password typed is never shown again."""
    setup = await passwords.begin(actor)
    errors = {
        field: f"{say(request, key)} {say(request, f'{key}.next')}"
        for field, key in (refusal.fields if refusal else {}).items()
    }
    return await render(
        request,
        "account/new_password.html",
        actor,
        status=refusal.status if refusal else 200,
        path=HERE,
        secret=" ".join(setup.secret[n : n + 4] for n in range(0, len(setup.secret), 4)),
        uri=setup.uri,
        picture=qr.picture(setup.uri, say(request, "password.app.qr")),
        setup=setup.sealed,
        errors=errors,
    )


def _flash(request: PortalRequest, refusal: Problem) -> Flash:
    return Flash(
        kind="error",
        title=say(request, refusal.key, **refusal.params),
        text=say(request, f"{refusal.key}.next", **refusal.params),
    )


routes: list[ControllerRouterHandler] = [PasswordPages, PasswordSignInPages]
