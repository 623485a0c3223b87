"""A My Number card as the key: to the issuer's page, and back to wherever the login was for."""

from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import runtime
from api.core.actor import Actor, ActorKind
from api.core.errors import NotFound, Problem
from api.directory import service as directory
from api.identity.errors import EnrolmentThrottled, LastWayIn, StepUpNeeded
from api.identity.guards import (
    ANYBODY,
    PORTAL,
    SESSION_COOKIE,
    anyone,
    device_at,
    participants_only,
)
from api.identity.keys import stepping_up
from api.identity.my_number import contains_my_number
from api.identity.national import login
from api.identity.national import service as national
from api.identity.national.errors import MyNumberCardFault, MyNumberNoMatch
from api.identity.national.login import LOGIN_VALID_FOR, Answer, Proof, Purpose
from api.identity.national.service import PROOF_VALID_FOR
from web_portal.page import Flash, PortalRequest, back_to, render, say
from web_portal.pages.register import ticket_cookie
from web_portal.pages.sign_in import NEXT, after_sign_in, session_cookies

HERE: Final = "/account/my-number"
PROOF_COOKIE: Final = "tsunagu_my_number_proof"
LONGEST_NEXT: Final = 3_500
NEXT_COOKIE: Final = "tsunagu_my_number_next"


class CardForm(Struct):
    card: str = ""


class StepUpForm(Struct):
    next: Annotated[str, Meta(max_length=1_000)] = "/"


class MyNumberPages(Controller):
    opt = PORTAL
    include_in_schema = False

    @post("/sign-in/my-number", guards=[anyone], status_code=200)
    async def sign_in(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        following: Annotated[str, NEXT] = "",
    ) -> Response[bytes]:
        page = await _onward(request, actor, Purpose.SIGN_IN)
        page.set_cookie(_next_cookie(following or None))
        return page

    @post("/register/my-number", guards=[anyone], status_code=200)
    async def register(
        self, request: PortalRequest, actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        return await _onward(request, actor, Purpose.ENROL)

    @get(HERE, guards=[participants_only], opt=ANYBODY)
    async def own(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _own_page(request, actor)

    @post(HERE, guards=[participants_only], opt=ANYBODY, status_code=200)
    async def add(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        await stepping_up.demand_now(actor)
        return await _onward(request, actor, Purpose.ADD)

    @post(f"{HERE}/remove", guards=[participants_only], opt=ANYBODY)
    async def remove(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
        try:
            await national.remove(actor)
        except LastWayIn as refusal:
            return await _own_page(request, actor, refusal)
        return Redirect(HERE, status_code=303)

    @post("/step-up/my-number", guards=[participants_only], opt=ANYBODY, status_code=200)
    async def step_up(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[StepUpForm],
    ) -> Response[bytes]:
        page = await _onward(request, actor, Purpose.STEP_UP)
        page.set_cookie(_next_cookie(back_to(data.next)))
        return page

    @get("/step-up/done", guards=[participants_only], opt=ANYBODY)
    async def done(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """Where another page still holds what was asked."""
        return await render(request, "step_up_done.html", actor)

    @get(login.RETURNS["portal"], guards=[anyone])
    async def back(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Redirect:
        """Leads on to an address without the code in it."""
        proof = await national.finish(
            request.cookies.get(login_cookie_name(), ""),
            Answer(*(request.query_params.get(name, "") for name in Answer._fields)),
            session_id=actor.session_id,
        )
        match proof.purpose:
            case Purpose.SIGN_IN:
                return await _signed_in(request, proof)
            case Purpose.ENROL:
                return await _enrolling(request, proof)
            case Purpose.ADD if actor.kind is ActorKind.PARTICIPANT:
                return await _added(actor, proof)
            case Purpose.STEP_UP if actor.kind is ActorKind.PARTICIPANT:
                session = await national.step_up(actor, proof)
                following = back_to(unquote(request.cookies.get(NEXT_COOKIE, "")))
                return _leading(following, *session_cookies(session), _next_cookie(None))
            case _:
                raise NotFound

    @get("/register/my-number/card", guards=[anyone])
    async def show_card(
        self, request: PortalRequest, actor: NamedDependency[Actor]
    ) -> Response[Any]:
        if PROOF_COOKIE not in request.cookies:
            return Redirect("/register", status_code=303)
        return await _card_page(request, actor, CardForm())

    @post("/register/my-number/card", guards=[anyone])
    async def choose(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[CardForm],
    ) -> Response[Any]:
        try:
            issued = await national.choose(
                request.cookies.get(PROOF_COOKIE, ""),
                data.card,
                request.client.host if request.client else "",
                scheme=directory.profile().card_scheme,
            )
        except (MyNumberCardFault, MyNumberNoMatch, EnrolmentThrottled) as refusal:
            return await _card_page(request, actor, data, refusal)
        return _leading("/register/agree", ticket_cookie(issued.token), _proof_cookie(None))


async def _onward(request: PortalRequest, actor: Actor, purpose: Purpose) -> Response[bytes]:
    """A page between: what the other side will be asked for, and the way there.

    Not a redirect: a form of ours may lead nowhere but to ourselves (CSP `form-action`).
    """
    is_in_session = purpose in (Purpose.ADD, Purpose.STEP_UP)
    begun = await login.begin(purpose, session_id=actor.session_id if is_in_session else None)
    page = await render(
        request,
        "my_number_onward.html",
        actor,
        path="/sign-in",
        url=begun.url,
        tells_items=purpose is Purpose.ENROL,
    )
    page.set_cookie(_login_cookie(begun.token))
    return page


async def _signed_in(request: PortalRequest, proof: Proof) -> Redirect:
    session = await national.sign_in(
        proof, request.cookies.get(SESSION_COOKIE), device=device_at(request)
    )
    following = unquote(request.cookies.get(NEXT_COOKIE, ""))
    return _leading(
        after_sign_in(session.kind, following), *session_cookies(session), _next_cookie(None)
    )


async def _enrolling(request: PortalRequest, proof: Proof) -> Redirect:
    try:
        issued = await national.enrol(proof)
    except MyNumberNoMatch as refusal:
        return _leading("/register/my-number/card", _proof_cookie(refusal.proof))
    if issued is None:  # registered long ago, and here again
        return await _signed_in(request, proof)
    return _leading("/register/agree", ticket_cookie(issued.token))


async def _added(actor: Actor, proof: Proof) -> Redirect:
    try:
        await national.add(actor, proof)
    except StepUpNeeded:  # too long on the other side; this address serves no second time
        return _leading(f"/step-up?next={HERE}")
    return _leading(HERE)


async def _own_page(
    request: PortalRequest, actor: Actor, refusal: LastWayIn | None = None
) -> Response[bytes]:
    flash: Flash | None = None
    if refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key),
            text=say(request, f"{refusal.key}.next"),
        )
    return await render(
        request,
        "account/my_number.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=HERE,
        added=await national.own(actor),
    )


def _leading(path: str, *cookies: Cookie) -> Redirect:
    return Redirect(path, status_code=303, cookies=[*cookies, _login_cookie(None)])


async def _card_page(
    request: PortalRequest, actor: Actor, form: CardForm, refusal: Problem | None = None
) -> Response[bytes]:
    errors: dict[str, str] = {}
    flash: Flash | None = None
    if isinstance(refusal, MyNumberCardFault):
        key = refusal.field_key
        errors = {"card": f"{say(request, key)} {say(request, f'{key}.next')}"}
    elif refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key, **refusal.params),
            text=say(request, f"{refusal.key}.next", **refusal.params),
        )
    page = await render(
        request,
        "register/my_number_card.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        values={"card": "" if contains_my_number(form.card) else form.card[:40]},
        errors=errors,
    )
    if isinstance(refusal, EnrolmentThrottled):
        page.headers["retry-after"] = str(refusal.retry_after)
    return page


def login_cookie_name() -> str:
    """`__Host-`: no other host under our domain can plant one. It exists over https alone."""
    prefix = "__Host-" if runtime.settings().is_https else ""
    return f"{prefix}tsunagu_my_number"


def _login_cookie(token: str | None) -> Cookie:
    """Lax: it comes along when the issuer's page leads back to us."""
    return _cookie(login_cookie_name(), token, int(LOGIN_VALID_FOR.total_seconds()), "/")


def _next_cookie(path: str | None) -> Cookie:
    """Where somebody was going; it comes along to the way back alone. Longer than a browser keeps,
    it is left out."""
    value = quote(path, safe="/") if path else None
    if value and len(value) > LONGEST_NEXT:
        value = None
    return _cookie(
        NEXT_COOKIE, value, int(LOGIN_VALID_FOR.total_seconds()), login.RETURNS["portal"]
    )


def _proof_cookie(proof: str | None) -> Cookie:
    return _cookie(PROOF_COOKIE, proof, int(PROOF_VALID_FOR.total_seconds()), "/register")


def _cookie(name: str, value: str | None, seconds: int, path: str) -> Cookie:
    """None takes the cookie away again."""
    return Cookie(
        key=name,
        value=value or "",
        path=path,
        max_age=seconds if value else 0,
        httponly=True,
        secure=runtime.settings().is_https,
        samesite="lax",
    )


routes: list[ControllerRouterHandler] = [MyNumberPages]
