"""Every key is lost: the printed code, its page, and the counter with two officers."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import runtime
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.enrolling.enrolment import Birth
from api.identity.errors import (
    AccountClosed,
    EnrolmentFaults,
    EnrolmentThrottled,
    NoMatch,
    RecoveryRefused,
    SecondOfficerNeeded,
)
from api.identity.guards import ANYBODY, PORTAL, anyone, device_at, participants_only, support_only
from api.identity.keys import recovery
from api.identity.keys.recovery import EVIDENCE, TICKET_VALID_FOR
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.register import shown_card
from web_portal.pages.sign_in import Destination, session_cookies

TICKET_COOKIE = "tsunagu_recovery"
CODE_PAGE = "/account/recovery"
COUNTER = "/support/recovery"
Short = Annotated[str, Meta(max_length=100)]


class RecoverForm(Struct):
    card: Short = ""
    code: Short = ""


class CounterForm(Struct):
    card: Short = ""
    birth_era: Short = "western"
    birth_year: Short = ""
    birth_month: Short = ""
    birth_day: Short = ""
    evidence: Short = ""


class RecoverPages(Controller):
    path = "/recover"
    opt = PORTAL
    guards = (anyone,)
    include_in_schema = False

    @get("/")
    async def start(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _start_page(request, actor, RecoverForm())

    @post("/")
    async def check(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[RecoverForm],
    ) -> Response[Any]:
        try:
            issued = await recovery.begin(
                data.card,
                data.code,
                request.client.host if request.client else "",
                scheme=directory.profile().card_scheme,
            )
        except (EnrolmentFaults, EnrolmentThrottled, RecoveryRefused) as refusal:
            return await _start_page(request, actor, data, refusal)
        return Redirect("/recover/passkey", status_code=303, cookies=[_ticket_cookie(issued.token)])

    @get("/passkey")
    async def show_passkey(
        self, request: PortalRequest, actor: NamedDependency[Actor]
    ) -> Response[Any]:
        if TICKET_COOKIE not in request.cookies:
            return Redirect("/recover", status_code=303)
        return await render(request, "recover/passkey.html", actor)

    @post("/passkey/options", status_code=200)
    async def options(self, request: PortalRequest) -> dict[str, Any]:
        return await recovery.passkey_options(request.cookies.get(TICKET_COOKIE, ""))

    @post("/passkey", status_code=200)
    async def finish(
        self, request: PortalRequest, data: JSONBody[dict[str, Any]]
    ) -> Response[Destination]:
        session = await recovery.finish(
            request.cookies.get(TICKET_COOKIE, ""), data, device=device_at(request)
        )
        return Response(
            Destination("/account/keys"), cookies=[*session_cookies(session), _ticket_cookie(None)]
        )


class RecoveryCodePages(Controller):
    path = CODE_PAGE
    opt = PORTAL | ANYBODY
    guards = (participants_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        made_at = await recovery.code_made_at(actor)
        return await render(request, "account/recovery.html", actor, made_at=made_at, code=None)

    @post("/")
    async def make(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """Shown in the answer itself, and never again."""
        code = await recovery.make_code(actor)
        return await render(
            request,
            "account/recovery.html",
            actor,
            path=CODE_PAGE,
            made_at=None,
            code=code.printed,
        )


class CounterPages(Controller):
    path = COUNTER
    opt = PORTAL
    guards = (support_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _counter_page(request, actor, CounterForm())

    @post("/")
    async def start(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[CounterForm],
    ) -> Response[Any]:
        try:
            await recovery.start_at_counter(
                actor,
                data.card,
                Birth(data.birth_year, data.birth_month, data.birth_day, data.birth_era),
                data.evidence,
                scheme=directory.profile().card_scheme,
            )
        except (AccountClosed, EnrolmentFaults, NoMatch) as refusal:
            return await _counter_page(request, actor, data, refusal)
        return Redirect(COUNTER, status_code=303)

    @post("/{participant_id:uuid}/{recovery_id:uuid}/confirm")
    async def confirm(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        recovery_id: FromPath[UUID],
    ) -> Response[bytes]:
        """The code on paper, in the answer itself, and never again."""
        try:
            code = await recovery.confirm_at_counter(actor, participant_id, recovery_id)
        except (AccountClosed, SecondOfficerNeeded) as refusal:
            return await _counter_page(request, actor, CounterForm(), refusal)
        return await render(
            request, "support/recovery_code.html", actor, path=COUNTER, code=code.printed
        )


async def _start_page(
    request: PortalRequest, actor: Actor, form: RecoverForm, refusal: Problem | None = None
) -> Response[bytes]:
    errors, flash = _said(request, refusal)
    page = await render(
        request,
        "recover/start.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        values={"card": shown_card(form.card)},
        errors=errors,
    )
    if isinstance(refusal, EnrolmentThrottled):
        page.headers["retry-after"] = str(refusal.retry_after)
    return page


async def _counter_page(
    request: PortalRequest, actor: Actor, form: CounterForm, refusal: Problem | None = None
) -> Response[bytes]:
    errors, flash = _said(request, refusal)
    return await render(
        request,
        "support/recovery.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=COUNTER,
        values={
            "card": shown_card(form.card),
            "birth_era": form.birth_era,
            "birth_year": shown_card(form.birth_year)[:10],
            "birth_month": form.birth_month[:4],
            "birth_day": form.birth_day[:4],
            "evidence": form.evidence,
        },
        errors=errors,
        evidence=[(each, say(request, f"recovery.evidence.{each}")) for each in EVIDENCE],
        waiting=[
            {
                "participant_id": each.participant_id,
                "recovery_id": each.recovery_id,
                "card_end": each.card_end,
                "evidence": say(request, f"recovery.evidence.{each.evidence}"),
                "by": each.started_by_name,
                "at": each.started_at,
                "is_own": each.started_by == actor.account_id,
            }
            for each in await recovery.waiting(actor)
        ],
    )


def _said(request: PortalRequest, refusal: Problem | None) -> tuple[dict[str, str], Flash | None]:
    if refusal is None:
        return {}, None
    if isinstance(refusal, EnrolmentFaults):
        return {
            field: f"{say(request, key)} {say(request, f'{key}.next')}"
            for field, key in refusal.fields.items()
        }, None
    return {}, Flash(
        kind="error",
        title=say(request, refusal.key, **refusal.params),
        text=say(request, f"{refusal.key}.next", **refusal.params),
    )


def _ticket_cookie(token: str | None) -> Cookie:
    """None takes the cookie away again."""
    return Cookie(
        key=TICKET_COOKIE,
        value=token or "",
        path="/recover",
        max_age=int(TICKET_VALID_FOR.total_seconds()) if token else 0,
        httponly=True,
        secure=runtime.settings().is_https,
        samesite="lax",
    )


routes: list[ControllerRouterHandler] = [RecoverPages, RecoveryCodePages, CounterPages]
