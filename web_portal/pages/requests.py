"""Clinicians who ask to see the records, and what is open by agreement: answered with one tap."""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.agreeing import amending, requests
from api.consent.agreeing.asking import Whom, agreed
from api.consent.agreeing.requests import AccessRequest
from api.consent.errors import CannotApprove
from api.consent.facts import Provision
from api.consent.settings.telling import label
from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import Flash, PortalRequest, preferences, render, say

PATH = "/disclosure/requests"
DAYS = (1, 7, 30, 90, 180, 365)
DONE = ("approved", "refused", "ended")


class Approve(Struct):
    whom: Whom
    days: Annotated[int, Meta(ge=1, le=365)]
    level: Literal["yes", "no"] = "no"


@get(PATH, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def requests_page(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    flash: Flash | None = None
    if done in DONE:
        flash = {"kind": "success", "title": say(request, f"requests.done.{done}"), "text": ""}
    return await _page(request, actor, flash)


@post(
    f"{PATH}/{{request_id:uuid}}/approve",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def approve(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    request_id: FromPath[UUID],
    data: URLEncodedBody[Approve],
) -> Response[bytes]:
    until = requests.end_after(data.days)
    try:
        await requests.approve(
            actor, request_id, whom=data.whom, until=until, level=int(data.level == "yes")
        )
    except CannotApprove as fault:
        warning: Flash = {
            "kind": "warning",
            "title": say(request, fault.key),
            "text": say(request, f"{fault.key}.next"),
        }
        return await _page(request, actor, warning, status=fault.status)
    return _done("approved")


@post(
    f"{PATH}/{{request_id:uuid}}/refuse",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def refuse(actor: NamedDependency[Actor], request_id: FromPath[UUID]) -> Response[bytes]:
    await requests.refuse(actor, request_id)
    return _done("refused")


@post(
    "/disclosure/agreed/{provision_id:int}/end",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def end(actor: NamedDependency[Actor], provision_id: FromPath[int]) -> Response[bytes]:
    """A second tap finds it ended."""
    try:
        await amending.end(actor, provision_id)
    except NotFound:
        return Redirect(PATH, status_code=303)
    return _done("ended")


async def _page(
    request: PortalRequest, actor: Actor, flash: Flash | None, *, status: int = 200
) -> Response[bytes]:
    directive = (await consent.settings(actor)).directive
    rows = agreed(directive, clock.now())
    return await render(
        request,
        "requests.html",
        actor,
        status=status,
        flash=flash,
        path=PATH,
        requests=[_request(request, each) for each in await requests.waiting(actor)],
        agreed=await _agreed(request, actor, rows),
        days=[(each, say(request, f"asking.days.{each}")) for each in DAYS],
    )


def _request(request: PortalRequest, each: AccessRequest) -> dict[str, object]:
    locale, asker, wish = preferences(request).locale, each.asker, each.wish
    return {
        "id": each.request_id,
        "name": asker.name,
        "profession": label(directory.profile(), "profession", asker.profession, locale),
        "facility": asker.facility_label(locale),
        "whom": wish.whom,
        "days": min(DAYS, key=lambda days: abs(days - wish.days)),
        "level": wish.level,
        "reason": say(request, f"asking.reason.{wish.reason}"),
        "note": wish.note,
        "asked_at": each.asked_at,
        "expires_at": each.expires_at,
    }


async def _agreed(
    request: PortalRequest, actor: Actor, rows: Iterable[Provision]
) -> list[dict[str, object]]:
    rows = list(rows)
    locale = preferences(request).locale
    facilities = await directory.named(actor, (r.facility_id for r in rows if r.facility_id))
    ids = [each for r in rows for each in (r.professional_id, r.delegated_by) if each]
    people = await directory.people(actor, ids)

    def person(professional_id: UUID) -> str:
        each = people[professional_id]
        return say(
            request,
            "asking.whom.professional",
            name=each.name,
            facility=each.facility_label(locale),
        )

    return [
        {
            "id": row.id,
            "whom": person(row.professional_id)
            if row.professional_id
            else facilities[row.facility_id].label(locale)
            if row.facility_id
            else "",
            "how": say(request, f"asking.origin.{row.origin}"),
            "by": person(row.delegated_by) if row.delegated_by else None,
            "until": row.valid_to,
            "level": row.level,
        }
        for row in rows
    ]


def _done(what: str) -> Response[bytes]:
    return Redirect(f"{PATH}?done={what}", status_code=303)


routes: list[ControllerRouterHandler] = [requests_page, approve, refuse, end]
