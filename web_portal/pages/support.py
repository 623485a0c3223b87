"""The support centre's queue, and the participant's way into it."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock, i18n
from api.core.actor import Actor
from api.identity.guards import ANYBODY, PORTAL, participants_only, support_only
from api.records.matching import deciding
from api.support import service
from api.support.errors import NoTelephoneNumber
from api.support.service import LOG_QUESTION, Case
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render, say

ON_A_PAGE = 20


class CallBack(Struct):
    phone: Annotated[str, Meta(max_length=40)]


@get("/help", guards=[participants_only], opt=PORTAL | ANYBODY, include_in_schema=False)
async def help_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await render(
        request,
        "help.html",
        actor,
        is_waiting=await service.is_call_waiting(actor),
        values={},
        errors={},
    )


@post("/help/call-back", guards=[participants_only], opt=PORTAL | ANYBODY, include_in_schema=False)
async def call_back(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    data: URLEncodedBody[CallBack],
) -> Response[bytes]:
    try:
        await service.ask_for_call(actor, data.phone)
    except NoTelephoneNumber as fault:
        return await render(
            request,
            "help.html",
            actor,
            status=fault.status,
            path="/help",
            is_waiting=False,
            values={"phone": data.phone},
            errors={"phone": say(request, fault.key)},
        )
    return _redirect("/help")


@get("/support", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def queue(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    cases, total = await service.queue(actor, page=page, count=ON_A_PAGE)
    doubts = await deciding.found(actor, [pair for case in cases for pair in _numbers(case)])
    locale = preferences(request).locale
    return await render(
        request,
        "support/queue.html",
        actor,
        cases=[
            _shown(case, locale)
            | {"doubts": [(n, doubts[f, n]) for f, n in _numbers(case) if (f, n) in doubts]}
            for case in cases
        ],
        total=total,
        matches=await deciding.how_many_wait(actor),
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


@get("/support/cases/{case_id:uuid}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], case_id: FromPath[UUID]
) -> Response[bytes]:
    case = await service.look(actor, case_id)
    shown = _shown(case, preferences(request).locale)
    return await render(request, "support/case.html", actor, case=shown)


@post(
    "/support/cases/{case_id:uuid}/close",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def close(actor: NamedDependency[Actor], case_id: FromPath[UUID]) -> Response[bytes]:
    await service.close(actor, case_id)
    return _redirect("/support")


def _shown(case: Case, locale: str) -> dict[str, object]:
    kind = case.kind if i18n.has_text(locale, f"support.case.{case.kind}") else "other"
    return {
        "id": case.case_id,
        "kind": i18n.text(locale, f"support.case.{kind}"),
        "do": i18n.text(locale, f"support.case.{kind}.do"),
        "facts": [
            (i18n.text(locale, f"support.param.{name}"), _said(name, value, locale))
            for name, value in case.params.items()
            if name != "phone" and i18n.has_text(locale, f"support.param.{name}")
        ],
        "phone": case.params.get("phone"),
        "href": _place(case),
        "open": "support.question.open" if case.kind == LOG_QUESTION else "support.case.open",
        "opened_at": case.opened_at,
        "due_on": case.due_on,
        "is_overdue": case.due_on < clock.today_in_japan(),
    }


def _said(name: str, value: Any, locale: str) -> str:
    """One fact of a case in words."""
    if name == "reason":
        return i18n.text(locale, value) if i18n.has_text(locale, value) else value
    if name == "numbers":
        return " / ".join(value)
    return str(value)


def _numbers(case: Case) -> list[tuple[UUID, str]]:
    """By which a facility asks for somebody it may mean."""
    facility = case.params.get("facility_id")
    return [(UUID(facility), each) for each in case.params.get("numbers", ())] if facility else []


def _place(case: Case) -> str | None:
    if case.kind == LOG_QUESTION:
        return f"/support/questions/{case.case_id}"
    return f"/support/cases/{case.case_id}" if case.is_about_somebody else None


def _redirect(path: str) -> Response[bytes]:
    return Redirect(path, status_code=303)


routes: list[ControllerRouterHandler] = [help_page, call_back, queue, one, close]
