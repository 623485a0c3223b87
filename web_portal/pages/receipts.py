"""A receipt for every time I changed who can see my records, to keep and to check."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.exchange import receipts
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PageNumber, PortalRequest, pages_of, render
from web_portal.sentences import made_said

ON_A_PAGE = 20
Version = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


@get(
    "/disclosure/receipts",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def listed(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    newest = (await consent.settings(actor)).directive.version
    before = newest + 1 - (page - 1) * ON_A_PAGE  # versions are numbered without gaps
    found, _ = await receipts.saved(actor, before=max(before, 1), count=ON_A_PAGE)
    return await render(
        request,
        "receipts.html",
        actor,
        rows=[
            {
                "version": each.version,
                "at": each.saved_at,
                "change": await made_said(request, actor, each.change),
                "has_receipt": each.kid is not None,
            }
            for each in found
        ],
        pager={"page": page, "pages": pages_of(newest, ON_A_PAGE)},
    )


@get(
    "/disclosure/receipts/{version:int}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def one(actor: NamedDependency[Actor], version: Version) -> Response[bytes]:
    jws = await receipts.receipt(actor, version)
    return Response(
        jws.encode(),
        media_type="application/jose",
        headers={"content-disposition": f'attachment; filename="tsunagu-receipt-{version}.jws"'},
    )


routes: list[ControllerRouterHandler] = [listed, one]
