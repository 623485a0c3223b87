"""Registering: card, birth date and code; what taking part means; a passkey."""

from typing import Any

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import JSONBody, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent import service as consent
from api.consent.lifecycle import joining, schemes
from api.core import runtime
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.enrolling import enrolment
from api.identity.enrolling.enrolment import TICKET_VALID_FOR, Birth
from api.identity.errors import AlreadyEnrolled, EnrolmentFaults, EnrolmentThrottled, NoMatch
from api.identity.guards import PORTAL, SESSION_COOKIE, anyone, device_at
from api.identity.my_number import contains_my_number
from api.identity.national import service as national
from api.identity.typed import normalise_digits
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages.sign_in import Destination, session_cookies

TICKET_COOKIE = "tsunagu_enrolment"


class RegisterForm(Struct):
    card: str = ""
    birth_era: str = "western"
    birth_year: str = ""
    birth_month: str = ""
    birth_day: str = ""
    code: str = ""

    def to_show_again(self) -> dict[str, str]:
        """Never the code, and nothing that is or may be a 個人番号."""
        return {
            "birth_era": self.birth_era,
            "card": shown_card(self.card),
            "birth_year": "" if _may_be_my_number(self.birth_year) else self.birth_year[:10],
            "birth_month": self.birth_month[:4],
            "birth_day": self.birth_day[:4],
        }


class AgreeForm(Struct):
    answer: str = ""
    scheme: str = ""


class RegisterPages(Controller):
    path = "/register"
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/")
    async def start(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _start_page(request, actor, RegisterForm())

    @post("/")
    async def check(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[RegisterForm],
    ) -> Response[Any]:
        try:
            issued = await enrolment.begin(
                data.card,
                Birth(data.birth_year, data.birth_month, data.birth_day, data.birth_era),
                data.code,
                request.client.host if request.client else "",
                scheme=directory.profile().card_scheme,
            )
        except (EnrolmentFaults, NoMatch, EnrolmentThrottled) as refusal:
            return await _start_page(request, actor, data, refusal)
        return Redirect("/register/agree", status_code=303, cookies=[ticket_cookie(issued.token)])

    @get("/agree")
    async def show_terms(
        self, request: PortalRequest, actor: NamedDependency[Actor]
    ) -> Response[Any]:
        if TICKET_COOKIE not in request.cookies:
            return Redirect("/register", status_code=303)
        person = await enrolment.ticket(request.cookies[TICKET_COOKIE])
        locale, profile = preferences(request).locale, directory.profile()
        return await render(
            request,
            "register/agree.html",
            actor,
            person=person,
            data_from=joining.data_from(),
            terms=profile.terms_in_force.text.said(locale).split("\n"),
            schemes=schemes.offers(locale),
            is_by_card=await enrolment.stands_on_my_number(request.cookies[TICKET_COOKIE]),
            notice=notice.said(locale) if (notice := profile.consent.notice) else "",
        )

    @post("/agree")
    async def answer(self, request: PortalRequest, data: URLEncodedBody[AgreeForm]) -> Redirect:
        ticket = request.cookies.get(TICKET_COOKIE, "")
        if data.answer == "accept":
            await joining.accept(ticket, consent.terms_in_force(), data.scheme or None)
            if await enrolment.stands_on_my_number(ticket):
                session = await joining.finish_by_my_number(
                    ticket, request.cookies.get(SESSION_COOKIE), device=device_at(request)
                )
                return Redirect(
                    "/home",
                    status_code=303,
                    cookies=[*session_cookies(session), ticket_cookie(None)],
                )
            return Redirect("/register/passkey", status_code=303)
        if data.answer == "refuse":
            await joining.refuse(ticket)
            return Redirect("/", status_code=303, cookies=[ticket_cookie(None)])
        return Redirect("/register/agree", status_code=303)

    @get("/passkey")
    async def show_passkey(
        self, request: PortalRequest, actor: NamedDependency[Actor]
    ) -> Response[Any]:
        if TICKET_COOKIE not in request.cookies:
            return Redirect("/register", status_code=303)
        person = await enrolment.ticket(request.cookies[TICKET_COOKIE])
        if person.terms_version != consent.terms_in_force():
            return Redirect("/register/agree", status_code=303)
        return await render(request, "register/passkey.html", actor)

    @post("/passkey/options", status_code=200)
    async def passkey_options(self, request: PortalRequest) -> dict[str, Any]:
        return await enrolment.passkey_options(request.cookies.get(TICKET_COOKIE, ""))

    @post("/passkey", status_code=200)
    async def finish(
        self, request: PortalRequest, data: JSONBody[dict[str, Any]]
    ) -> Response[Destination]:
        """An account that already stands is no fault here: its passkey opens the door."""
        try:
            session = await joining.finish(
                request.cookies.get(TICKET_COOKIE, ""),
                data,
                request.cookies.get(SESSION_COOKIE),
                device=device_at(request),
            )
        except AlreadyEnrolled:
            return Response(Destination("/sign-in"), cookies=[ticket_cookie(None)])
        return Response(
            Destination("/home"), cookies=[*session_cookies(session), ticket_cookie(None)]
        )


async def _start_page(
    request: PortalRequest, actor: Actor, form: RegisterForm, refusal: Problem | None = None
) -> Response[bytes]:
    errors: dict[str, str] = {}
    flash: Flash | None = None
    if isinstance(refusal, EnrolmentFaults):
        errors = {
            field: f"{say(request, key)} {say(request, f'{key}.next')}"
            for field, key in refusal.fields.items()
        }
    elif refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key, **refusal.params),
            text=say(request, f"{refusal.key}.next", **refusal.params),
        )
    page = await render(
        request,
        "register/start.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        values=form.to_show_again(),
        errors=errors,
        offers_my_number=national.is_offered(),
    )
    if isinstance(refusal, EnrolmentThrottled):
        page.headers["retry-after"] = str(refusal.retry_after)
    return page


def shown_card(typed: str) -> str:
    """What was typed as a card, to be shown again; never what may be a 個人番号."""
    return "" if _may_be_my_number(typed) else typed[:40]


def _may_be_my_number(text: str) -> bool:
    return contains_my_number(text) or len(normalise_digits(text)) == 12


def ticket_cookie(token: str | None) -> Cookie:
    """None takes the cookie away again."""
    return Cookie(
        key=TICKET_COOKIE,
        value=token or "",
        path="/register",
        max_age=int(TICKET_VALID_FOR.total_seconds()) if token else 0,
        httponly=True,
        secure=runtime.settings().is_https,
        samesite="lax",
    )


routes: list[ControllerRouterHandler] = [RegisterPages]
