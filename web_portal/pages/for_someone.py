"""Registering somebody of one's family at one's own phone: card and code, yes, what comes next."""

from collections.abc import Mapping
from typing import Any

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.lifecycle import assisting, joining
from api.consent.lifecycle.assisting import Wish
from api.core import runtime
from api.core.actor import Actor, Power
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.enrolling.enrolment import TICKET_VALID_FOR, Birth
from api.identity.errors import EnrolmentFaults, EnrolmentThrottled, NoMatch
from api.identity.guards import PORTAL, participants_only
from api.proxies import rules
from api.proxies import service as proxies
from api.proxies.errors import ProxyFaults
from api.proxies.steps import POWERS
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages.proxies.mine import powers_in, typed
from web_portal.pages.register import RegisterForm

HERE = "/register/for-someone"
TICKET_COOKIE = "tsunagu_for_someone"
BEGINNING = ("view", "log")
OFFERED = tuple(each for each in POWERS if each is not Power.PROXY_ADMIN)


class ForSomeonePages(Controller):
    path = HERE
    opt = PORTAL
    guards = (participants_only,)
    include_in_schema = False

    @get("/")
    async def start(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _start(request, actor, RegisterForm(birth_era="showa"))

    @post("/")
    async def check(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
        form = await typed(request)
        data = RegisterForm(**{name: form.get(name, "") for name in RegisterForm.__struct_fields__})
        try:
            issued = await assisting.begin(
                actor,
                data.card,
                Birth(data.birth_year, data.birth_month, data.birth_day, data.birth_era),
                data.code,
                request.client.host if request.client else "",
            )
        except (EnrolmentFaults, NoMatch, EnrolmentThrottled) as refusal:
            return await _start(request, actor, data, refusal)
        return Redirect(f"{HERE}/agree", status_code=303, cookies=[_cookie(issued.token)])

    @get("/agree")
    async def terms(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
        if TICKET_COOKIE not in request.cookies:
            return Redirect(HERE, status_code=303)
        return await _agree(request, actor, {"powers": set(BEGINNING), "family": "child"}, {})

    @post("/agree")
    async def agree(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
        form = await typed(request)
        powers = powers_in(form)
        wish = Wish(
            form.get("family", ""),
            powers,
            form.get("agreed") == "yes",
            consent.terms_in_force(),
        )
        try:
            await assisting.finish(actor, request.cookies.get(TICKET_COOKIE, ""), wish)
        except ProxyFaults as fault:
            values = {"powers": powers, "family": wish.family, "agreed": wish.has_agreed}
            return await _agree(request, actor, values, fault.fields)
        return Redirect(f"{HERE}/done", status_code=303, cookies=[_cookie(None)])

    @get("/done")
    async def done(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """Whoever waits, so that the page says the same when it is opened again."""
        found = await proxies.mine(actor)
        return await render(
            request,
            "register/for_someone_done.html",
            actor,
            waiting=[
                {"name": each.principal, "opens_on": each.relation.opens_on}
                for each in found.for_others
                if each.relation.origin == "assisted" and each.relation.state == "waiting"
            ],
        )


async def _start(
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
        "register/for_someone.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=HERE,
        values=form.to_show_again(),
        errors=errors,
    )
    if isinstance(refusal, EnrolmentThrottled):
        page.headers["retry-after"] = str(refusal.retry_after)
    return page


async def _agree(
    request: PortalRequest, actor: Actor, values: Mapping[str, Any], faults: Mapping[str, str]
) -> Response[bytes]:
    person = await assisting.person(actor, request.cookies.get(TICKET_COOKIE, ""))
    locale, profile = preferences(request).locale, directory.profile()
    return await render(
        request,
        "register/for_someone_agree.html",
        actor,
        status=422 if faults else 200,
        path=f"{HERE}/agree",
        person=person,
        data_from=joining.data_from(),
        terms=profile.terms_in_force.text.said(locale).split("\n"),
        powers=[str(each) for each in OFFERED],
        family=[(each, say(request, f"assisted.family.{each}")) for each in rules.FAMILY],
        values=dict(values),
        errors={name: say(request, key) for name, key in faults.items()},
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


routes: list[ControllerRouterHandler] = [ForSomeonePages]
