"""The support centre hands in consents on paper, and sees which lines were not taken."""

from uuid import UUID

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent.lifecycle import paper_import, paper_jobs, paper_report
from api.consent.lifecycle.papers import NotAList
from api.consent.lifecycle.scans import NotAnArchive
from api.core.actor import Actor
from api.identity.guards import PORTAL, support_only
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render, say

HERE = "/support/papers"
UPLOAD_LIMIT = 50_000_000
MOST_FAULTS = 100
ON_A_PAGE = 20


class HandedIn(Struct):
    table: UploadFile
    scans: UploadFile


@get(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def show(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    return await _page(request, actor, {}, page)


@post(
    HERE,
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
    request_max_body_size=UPLOAD_LIMIT,
)
async def hand_in(
    request: PortalRequest, actor: NamedDependency[Actor], data: MultipartBody[HandedIn]
) -> Response[bytes]:
    """Both files are read before anything is taken in."""
    try:
        import_id = await paper_jobs.start(
            actor, data.table.filename, await data.table.read(), await data.scans.read()
        )
    except NotAList as fault:
        said = say(request, f"papers.list.{fault.reason}", **fault.params)
        return await _page(request, actor, {"table": said})
    except NotAnArchive:
        return await _page(request, actor, {"scans": say(request, "papers.not_an_archive")})
    return Redirect(f"{HERE}/{import_id}", status_code=303)


@get(f"{HERE}/{{import_id:uuid}}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def progress(
    request: PortalRequest, actor: NamedDependency[Actor], import_id: FromPath[UUID]
) -> Response[bytes]:
    """Asks for itself again while lines are still being taken in."""
    found, faults = await paper_import.one_import(actor, import_id)
    locale = preferences(request).locale
    page = await render(
        request,
        "support/paper_import.html",
        actor,
        found=found,
        faults=[(each.line, paper_report.said(each, locale)) for each in faults[:MOST_FAULTS]],
        fault_total=len(faults),
    )
    if found.finished_at is None and not found.is_stopped:
        page.headers["refresh"] = "2"
    return page


@get(
    f"{HERE}/{{import_id:uuid}}/report.csv",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def report(actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> Response[bytes]:
    _, faults = await paper_import.one_import(actor, import_id)
    return Response(
        paper_report.as_csv(faults),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="report.csv"'},
    )


async def _page(
    request: PortalRequest, actor: Actor, errors: dict[str, str], page: int = 1
) -> Response[bytes]:
    found, total = await paper_import.imports(actor, page=page, count=ON_A_PAGE)
    return await render(
        request,
        "support/papers.html",
        actor,
        status=422 if errors else 200,
        path=HERE,
        imports=found,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
        errors=errors,
    )


routes: list[ControllerRouterHandler] = [show, hand_in, progress, report]
