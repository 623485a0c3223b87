"""The counter: closing the account of who is here, its printed sheet, and keeping it after all."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock
from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, support_only
from api.support import counter
from api.support.closing import at_counter, rules
from api.support.closing.errors import ClosingAlready, InPersonOnly, MetByOne, NotClosing
from web_portal.page import PortalRequest, render, say
from web_portal.pages.counter import HERE, back_to, flash_of

Short = Annotated[str, Meta(max_length=100)]


class Wish(Struct):
    """As ticked by the officer, in the words of who is here."""

    sure: Short = ""
    log: Short = ""


class CounterClosingPages(Controller):
    path = f"{HERE}/{{participant_id:uuid}}/{{visit_id:uuid}}/closing"
    opt = PORTAL
    guards = (support_only,)
    include_in_schema = False

    @get("/")
    async def show(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        return await _page(request, actor, participant_id, visit_id)

    @post("/", status_code=200)
    async def begin(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
        data: URLEncodedBody[Wish],
    ) -> Response[bytes]:
        """The sheet to print, in the answer itself, and never again."""
        where, wants_log = (participant_id, visit_id), data.log == "yes"
        if data.sure != "yes":
            error = say(request, "counter.closing.sure.needed")
            return await _page(request, actor, *where, error=error, wants_log=wants_log)
        try:
            begun = await at_counter.begin(actor, *where, erases_log=wants_log)
        except (ClosingAlready, InPersonOnly, MetByOne) as refusal:
            return await _page(request, actor, *where, refusal)
        who = await counter.visit(actor, *where)
        back = f"{HERE}/{participant_id}/{visit_id}"
        answer = await render(
            request,
            "support/closing_sheet.html",
            actor,
            path=back,
            back=back,
            name=who.name,
            card_end=who.card_end,
            code=begun.code.printed,
            asked_at=begun.closing.asked_at,
            ends_at=begun.closing.ends_at,
            erases_log=begun.closing.erases_log,
            ends=rules.ENDS,
            stays=rules.STAYS,
        )
        answer.headers["cache-control"] = "no-store"
        return answer

    @post("/call-off")
    async def call_off(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        try:
            await at_counter.call_off(actor, participant_id, visit_id)
        except NotClosing as refusal:
            return await _page(request, actor, participant_id, visit_id, refusal)
        return back_to(participant_id, visit_id, "closing_off")


async def _page(
    request: PortalRequest,
    actor: Actor,
    participant_id: UUID,
    visit_id: UUID,
    refusal: Problem | None = None,
    *,
    error: str = "",
    wants_log: bool = False,
) -> Response[bytes]:
    found = await at_counter.state(actor, participant_id, visit_id)
    who = await counter.visit(actor, participant_id, visit_id)
    status = refusal.status if refusal else 200
    base = f"{HERE}/{participant_id}/{visit_id}"
    return await render(
        request,
        "support/closing.html",
        actor,
        status=422 if error else status,
        flash=flash_of(request, refusal),
        path=f"{base}/closing",
        base=base,
        name=who.name,
        running=found.closing and _shown(found.closing),
        is_in_person=found.is_in_person,
        is_met_by_two=found.is_met_by_two,
        error=error,
        wants_log=wants_log,
        days=rules.COOLING_OFF.days,
        ends=rules.ENDS,
        stays=rules.STAYS,
    )


def _shown(closing: rules.Closing) -> dict[str, Any]:
    return {
        "ends_at": closing.ends_at,
        "days": closing.days_left(clock.now()),
        "erases_log": closing.erases_log,
        "is_over": closing.carried_out_at is not None,
    }


routes: list[ControllerRouterHandler] = [CounterClosingPages]
