"""A month of the access log in sum, and the way to ask about what is unexpected."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.access_log.filters import Kind
from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import LOG, PORTAL, participants_only
from api.support.reading import months
from api.support.reading.digest import Month
from notifications.choices import digests
from notifications.choices.digests import Answer
from web_portal.page import PortalRequest, preferences, render

MonthText = Annotated[str, PathParameter(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")]


class Said(Struct):
    answer: Answer


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
    period = _period(days)
    asked = await digests.of_month(actor, days.first)
    return await render(
        request,
        "month.html",
        actor,
        name=said(locale, days),
        month=month,
        asks=asked is not None,
        answer=asked.answer if asked else None,
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


@post(
    "/access-log/months/{month:str}/answer",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def answer(
    actor: NamedDependency[Actor], month: MonthText, data: URLEncodedBody[Said]
) -> Response[bytes]:
    """What looks wrong leads to the list, where each line can be asked about."""
    days = Month.read(month)
    await digests.answer(actor, days.first, data.answer)
    if data.answer == "wrong":
        return Redirect(_log(_period(days)), status_code=303)
    return Redirect(f"/access-log/months/{month}#unexpected", status_code=303)


def _period(days: Month) -> dict[str, str]:
    return {"since": days.first.isoformat(), "until": days.last.isoformat()}


def said(locale: str, month: Month) -> str:
    return i18n.month(locale, month.first)


def _log(chosen: Mapping[str, str]) -> str:
    return f"/access-log?{urlencode(chosen)}"


routes: list[ControllerRouterHandler] = [month_page, answer]
