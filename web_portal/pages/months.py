"""A month of the access log in sum, and the way to ask about what is unexpected."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from babel.dates import format_date
from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.access_log.filters import Kind
from api.core.actor import Actor
from api.identity.guards import LOG, PORTAL, participants_only
from api.support.reading import months
from api.support.reading.digest import Month
from web_portal.page import PortalRequest, preferences, render

MonthText = Annotated[str, PathParameter(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")]


@get(
    "/access-log/months/{month:str}",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def month_page(
    request: PortalRequest, actor: NamedDependency[Actor], month: MonthText
) -> Response[bytes]:
    locale = preferences(request).locale
    found = await months.month(actor, locale, month)
    days = Month.read(month)
    period = {"since": days.first.isoformat(), "until": days.last.isoformat()}
    return await render(
        request,
        "month.html",
        actor,
        name=said(locale, days),
        found=found,
        looked=[
            (
                each,
                _log(period | {"kind": Kind.READS.value, "facility": each.facility_id or ""}),
            )
            for each in found.looked
        ],
        everything=_log(period),
        others={
            way: (each, said(locale, Month.read(each)))
            for way, each in (("previous", found.previous), ("following", found.following))
            if each
        },
    )


def said(locale: str, month: Month) -> str:
    return format_date(month.first, {"ja": "y年M月", "en": "MMMM y"}[locale], locale=locale)


def _log(chosen: Mapping[str, str]) -> str:
    return f"/access-log?{urlencode(chosen)}"


routes: list[ControllerRouterHandler] = [month_page]
