"""A participant takes everything out: started in one tap, followed, fetched, called off."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Response, Stream
from litestar.types import ControllerRouterHandler

from api.consent.settings.telling import label
from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, VIEW, participants_only
from api.records.taking_out import service
from api.records.taking_out.errors import EnoughToday, NotReady, OneAtATime, OverAlready
from api.records.taking_out.rules import FORMS, MEDIA_TYPES, Job
from web_portal.page import Flash, PortalRequest, preferences, render, say

HERE = "/book/out"
REFUSALS = (OneAtATime, EnoughToday, NotReady, OverAlready)


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    removed: Annotated[str, QueryParameter(max_length=3)] = "",
    after: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[bytes]:
    flash: Flash | None = None
    if removed == "yes":
        flash = {"kind": "success", "title": say(request, "taking_out.removed"), "text": ""}
    return await _page(request, actor, flash, after)


@post(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def start(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
    try:
        await service.start(actor, preferences(request).locale)
    except REFUSALS as refusal:
        return await _refused(request, actor, refusal)
    return Redirect(HERE, status_code=303)


@get(
    f"{HERE}/{{export_id:uuid}}/{{form:str}}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def fetch(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    export_id: FromPath[UUID],
    form: FromPath[str],
) -> Response[Any]:
    try:
        found = await service.fetch(actor, export_id, form)
    except REFUSALS as refusal:
        return await _refused(request, actor, refusal)
    return Stream(
        found.pieces,
        media_type=MEDIA_TYPES[found.file.form],
        headers={
            "content-disposition": f'attachment; filename="{found.name}"',
            "content-length": str(found.file.bytes),
            "cache-control": "no-store",
        },
    )


@post(
    f"{HERE}/{{export_id:uuid}}/cancel",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def cancel(actor: NamedDependency[Actor], export_id: FromPath[UUID]) -> Redirect:
    await service.cancel(actor, export_id)
    return Redirect(f"{HERE}?removed=yes", status_code=303)


async def _refused(
    request: PortalRequest,
    actor: Actor,
    refusal: OneAtATime | EnoughToday | NotReady | OverAlready,
) -> Response[bytes]:
    flash = Flash(
        kind="error",
        title=say(request, refusal.key, **refusal.params),
        text=say(request, f"{refusal.key}.next", **refusal.params),
    )
    return await _page(request, actor, flash, status=refusal.status)


async def _page(
    request: PortalRequest,
    actor: Actor,
    flash: Flash | None,
    after: str = "",
    *,
    status: int = 200,
) -> Response[bytes]:
    newest, ready = await service.overview(actor, after)
    return await render(
        request,
        "book/out.html",
        actor,
        status=status,
        flash=flash,
        path=HERE,
        making=_shown(request, newest) if newest and newest.is_open else None,
        ready=[_shown(request, each) for each in ready.items],
        next=ready.next,
        after=after,
        failed=newest is not None and newest.state == "failed",
    )


def _shown(request: PortalRequest, job: Job) -> dict[str, Any]:
    locale = preferences(request).locale
    stage = job.stage and label(directory.profile(), "category", job.stage, locale)
    files = job.files if job.is_ready(clock.now()) else ()
    return {
        "id": str(job.export_id),
        "state": job.state,
        "is_open": job.is_open,
        "percent": job.percent,
        "done": job.done,
        "total": job.total,
        "stage": stage,
        "requested_at": job.requested_at,
        "until": job.expires_at,
        "files": [
            {
                "form": each.form,
                "called": each.called,
                "part": each.part,
                "parts": job.parts(each.form),
                "records": each.records,
                "size": _size(each.bytes),
            }
            for each in sorted(files, key=lambda each: (-FORMS.index(each.form), each.part))
        ],
    }


def _size(count: int) -> str:
    """As people read it: to a tenth of a megabyte, or in whole kilobytes."""
    if count >= 1_000_000:
        return f"{count / 1_000_000:.1f} MB"
    return f"{max(1, round(count / 1000))} KB"


routes: list[ControllerRouterHandler] = [show, start, fetch, cancel]
