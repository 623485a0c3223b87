"""Exports in bulk: a facility's administrator starts, follows and calls off; officers see that they
were. No participant and no record stands here."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound, Problem
from api.directory import service as directory
from api.directory import staff
from api.identity.guards import PORTAL, facility_administrators_only, support_only
from api.records.bulk import service as exports
from api.records.bulk.errors import BadExport, ExportNotAllowed, ExportRunning
from api.records.bulk.rules import Job, Wish
from web_portal.page import Flash, PageNumber, PortalRequest, pages_of, preferences, render, say

HERE = "/facility/exports"
ON_A_PAGE = 20
MOST_PEOPLE = 500
Short = Annotated[str, Meta(max_length=200)]


class StartForm(Struct):
    professional: Short = ""
    client: Short = ""


@get(HERE, guards=[facility_administrators_only], opt=PORTAL, include_in_schema=False)
async def show(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    return await _page(request, actor, page=page)


@post(HERE, guards=[facility_administrators_only], opt=PORTAL, include_in_schema=False)
async def start(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[StartForm]
) -> Response[Any]:
    try:
        who = UUID(data.professional)
    except ValueError:
        return await _page(request, actor, errors={"professional": "error.bulk.who"}, form=data)
    try:
        await exports.start_for(actor, who, data.client, Wish())
    except NotFound:
        return await _page(request, actor, errors={"professional": "error.bulk.who"}, form=data)
    except (BadExport, ExportNotAllowed, ExportRunning) as refusal:
        return await _page(request, actor, refusal=refusal, form=data)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{export_id:uuid}}/cancel",
    guards=[facility_administrators_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def cancel(actor: NamedDependency[Actor], export_id: FromPath[UUID]) -> Redirect:
    await exports.call_off(actor, export_id)
    return Redirect(HERE, status_code=303)


@get("/support/exports", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def everywhere(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    seen, total = await exports.everywhere(actor, page=page, count=ON_A_PAGE)
    names = await directory.named(actor, (each.facility_id for each in seen))
    locale = preferences(request).locale
    return await render(
        request,
        "support/exports.html",
        actor,
        exports=[
            _shown(each.job) | {"facility": names[each.facility_id].label(locale)} for each in seen
        ],
        total=total,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


async def _page(
    request: PortalRequest,
    actor: Actor,
    *,
    page: int = 1,
    errors: dict[str, str] | None = None,
    refusal: Problem | None = None,
    form: StartForm | None = None,
) -> Response[bytes]:
    found, total = await exports.page(actor, page=page, count=ON_A_PAGE)
    clients = await exports.exporting(actor)
    people, _ = await staff.staff(actor, page=1, count=MOST_PEOPLE)
    today = clock.today_in_japan()
    flash = None
    if refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key, **refusal.params),
            text=say(request, f"{refusal.key}.next", **refusal.params),
        )
    wrong = {field: say(request, key) for field, key in (errors or {}).items()}
    form = form or StartForm()
    return await render(
        request,
        "facility/exports.html",
        actor,
        status=refusal.status if refusal else 422 if wrong else 200,
        flash=flash,
        path=HERE,
        exports=[_shown(each) for each in found],
        total=total,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
        clients=[(each, each) for each in clients],
        people=[
            (str(each.professional_id), each.name)
            for each in people
            if each.state(today) == "working"
        ],
        values={"professional": form.professional, "client": form.client},
        errors=wrong,
    )


def _shown(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.export_id),
        "state": job.state,
        "by": job.by_name,
        "client": job.client_id,
        "requested_at": job.requested_at,
        "percent": job.percent,
        "patients": job.patients,
        "done": job.done,
        "records": job.records,
        "counts": list(job.counts.items()),
        "expires_at": job.expires_at if job.state == "done" else None,
    }


routes: list[ControllerRouterHandler] = [show, start, cancel, everywhere]
