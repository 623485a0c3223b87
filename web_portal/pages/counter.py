"""The counter: who is there, and what an officer does for them; nothing clinical."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.enrolling.enrolment import Birth
from api.identity.enrolling.paper_form import shown_again
from api.identity.errors import AccountClosed, EnrolmentFaults, NoMatch
from api.identity.guards import PORTAL, support_only
from api.records.errors import MergeRefused
from api.support import counter
from api.support.errors import (
    HasAKey,
    IdentifiedByOne,
    NoNumberToCall,
    NoTelephoneNumber,
    NothingToWithdraw,
)
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.paper_enrolments import letter
from web_portal.pages.proxies.mine import typed

HERE = "/support/counter"
DONE = ("proxies", "sessions", "withdrawal", "call", "merge", "closing_off")
FIELDS = ("card", "birth_era", "birth_year", "birth_month", "birth_day", "way")


class CounterVisitPages(Controller):
    path = HERE
    opt = PORTAL
    guards = (support_only,)
    include_in_schema = False

    @get("/")
    async def start(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _start(request, actor, {"birth_era": "showa"})

    @post("/")
    async def identify(
        self, request: PortalRequest, actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        form = await typed(request)
        born = Birth(
            form.get("birth_year", ""),
            form.get("birth_month", ""),
            form.get("birth_day", ""),
            form.get("birth_era", "western"),
        )
        try:
            found = await counter.identify(actor, form.get("card", ""), born, form.get("way", ""))
        except (EnrolmentFaults, NoMatch, NoNumberToCall) as refusal:
            return await _start(request, actor, form, refusal)
        return back_to(*found)

    @get("/{participant_id:uuid}/{visit_id:uuid}")
    async def show(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        return await visit_page(request, actor, participant_id, visit_id)

    @post("/{participant_id:uuid}/{visit_id:uuid}/code", status_code=200)
    async def code(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        """The letter, in the answer itself, and never again."""
        try:
            issued = await counter.send_code(actor, participant_id, visit_id)
        except (AccountClosed, HasAKey, IdentifiedByOne) as refusal:
            return await visit_page(request, actor, participant_id, visit_id, refusal)
        back = f"{HERE}/{participant_id}/{visit_id}"
        return await letter(request, actor, issued.card, issued.code, back)

    @post("/{participant_id:uuid}/{visit_id:uuid}/proxies")
    async def proxies(
        self,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        await counter.suspend_proxies(actor, participant_id, visit_id)
        return back_to(participant_id, visit_id, "proxies")

    @post("/{participant_id:uuid}/{visit_id:uuid}/sessions")
    async def sessions(
        self,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        await counter.end_sessions(actor, participant_id, visit_id)
        return back_to(participant_id, visit_id, "sessions")

    @post("/{participant_id:uuid}/{visit_id:uuid}/withdrawal")
    async def withdrawal(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        try:
            await counter.withdraw(actor, participant_id, visit_id)
        except NothingToWithdraw as refusal:
            return await visit_page(request, actor, participant_id, visit_id, refusal)
        return back_to(participant_id, visit_id, "withdrawal")

    @post("/{participant_id:uuid}/{visit_id:uuid}/call")
    async def call(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        form = await typed(request)
        try:
            await counter.wants_call(actor, participant_id, visit_id, form.get("phone", ""))
        except NoTelephoneNumber as refusal:
            return await visit_page(request, actor, participant_id, visit_id, refusal, form)
        return back_to(participant_id, visit_id, "call")

    @post("/{participant_id:uuid}/{visit_id:uuid}/merges/{merge_id:uuid}")
    async def merge(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
        merge_id: FromPath[UUID],
    ) -> Response[bytes]:
        reason = (await typed(request)).get("reason", "")
        try:
            await counter.accept_merge(actor, participant_id, visit_id, merge_id, reason)
        except (EnrolmentFaults, MergeRefused) as refusal:
            return await visit_page(request, actor, participant_id, visit_id, refusal)
        return back_to(participant_id, visit_id, "merge")

    @post("/{participant_id:uuid}/{visit_id:uuid}/end")
    async def end(
        self,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> Response[bytes]:
        await counter.end(actor, participant_id, visit_id)
        return Redirect(HERE, status_code=303)


async def _start(
    request: PortalRequest, actor: Actor, form: Mapping[str, str], refusal: Problem | None = None
) -> Response[bytes]:
    errors: dict[str, str] = {}
    if isinstance(refusal, EnrolmentFaults):
        errors = {
            name: f"{say(request, key)} {say(request, f'{key}.next')}"
            for name, key in refusal.fields.items()
        }
    return await render(
        request,
        "support/counter.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=None if errors else flash_of(request, refusal),
        path=HERE,
        values={name: shown_again(form.get(name, ""))[:40] for name in FIELDS},
        ways=[(each, say(request, f"counter.way.{each}")) for each in counter.WAYS],
        errors=errors,
    )


async def visit_page(
    request: PortalRequest,
    actor: Actor,
    participant_id: UUID,
    visit_id: UUID,
    refusal: Problem | None = None,
    form: Mapping[str, str] | None = None,
) -> Response[bytes]:
    found = await counter.visit(actor, participant_id, visit_id)
    errors: dict[str, str] = {}
    if isinstance(refusal, NoTelephoneNumber):
        errors["phone"] = say(request, refusal.key)
    elif isinstance(refusal, EnrolmentFaults):
        errors = {name: say(request, key) for name, key in refusal.fields.items()}
    done = request.query_params.get("done", "")
    flash = None if errors else flash_of(request, refusal)
    if flash is None and done in DONE:
        title = say(request, f"counter.deed.{done}")
        flash = Flash(kind="success", title=title, text=say(request, "counter.done"))
    values: dict[str, Any] = {"phone": shown_again((form or {}).get("phone", ""))[:40]}
    return await render(
        request,
        "support/visit.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=f"{HERE}/{participant_id}/{visit_id}",
        base=f"{HERE}/{participant_id}/{visit_id}",
        who=found._asdict() | {"way": say(request, f"counter.way.{found.way}")},
        values=values,
        errors=errors,
    )


def flash_of(request: PortalRequest, refusal: Problem | None) -> Flash | None:
    if refusal is None:
        return None
    return Flash(
        kind="error", title=say(request, refusal.key), text=say(request, f"{refusal.key}.next")
    )


def back_to(participant_id: UUID, visit_id: UUID, done: str = "") -> Response[bytes]:
    query = f"?done={done}" if done else ""
    return Redirect(f"{HERE}/{participant_id}/{visit_id}{query}", status_code=303)


routes: list[ControllerRouterHandler] = [CounterVisitPages]
