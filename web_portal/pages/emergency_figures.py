"""How often facilities opened records in an emergency, by quarter: for everybody, once settled."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency.quarters import figures
from api.emergency.quarters import service as publishing
from api.emergency.quarters.figures import Facility, Quarter
from api.identity.guards import PORTAL, anyone, support_only
from web_portal.charts import RowOf, Rows, rows
from web_portal.page import PortalRequest, preferences, render, say

HERE = "/emergency/figures"
OFFICERS: Final = "/support/emergency/figures"
MOST_QUARTERS: Final = 8


@get(HERE, guards=[anyone], opt=PORTAL, include_in_schema=False)
async def page(
    request: PortalRequest, actor: NamedDependency[Actor], quarter: FromQuery[str] = ""
) -> Response[bytes]:
    """Without a quarter, the newest that is published."""
    newest = figures.newest_published(clock.today_in_japan())
    chosen = _chosen(quarter, newest)
    found = await publishing.published(chosen)
    offered = _back(newest)
    return await _page(request, actor, found, chosen, offered, HERE)


@get(f"{HERE}.csv", guards=[anyone], opt=PORTAL, include_in_schema=False)
async def as_csv(
    request: PortalRequest, actor: NamedDependency[Actor], quarter: FromQuery[str] = ""
) -> Response[bytes]:
    chosen = _chosen(quarter, figures.newest_published(clock.today_in_japan()))
    found = await publishing.published(chosen)
    names = await _names(request, actor, found)
    return Response(
        publishing.as_csv(found, names, preferences(request).locale),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="emergency-{chosen.code}.csv"'},
    )


@get(OFFICERS, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def running(
    request: PortalRequest, actor: NamedDependency[Actor], quarter: FromQuery[str] = ""
) -> Response[bytes]:
    """Nothing hidden, and the quarter that runs too."""
    newest = figures.quarter_of(clock.today_in_japan())
    chosen = _chosen(quarter, newest)
    found = await publishing.so_far(actor, chosen)
    return await _page(request, actor, found, chosen, _back(newest), OFFICERS)


def _chosen(code: str, newest: Quarter) -> Quarter:
    chosen = figures.quarter_named(code) if code else newest
    if chosen is None or chosen > newest:
        raise NotFound
    return chosen


def _back(newest: Quarter) -> list[Quarter]:
    found = [newest]
    while len(found) < MOST_QUARTERS:
        found.append(found[-1].before)
    return found


async def _names(
    request: PortalRequest, actor: Actor, found: Sequence[Facility]
) -> Mapping[UUID, str]:
    locale = preferences(request).locale
    lines = await directory.named(actor, (each.facility_id for each in found))
    return {facility_id: line.label(locale) for facility_id, line in lines.items()}


async def _page(
    request: PortalRequest,
    actor: Actor,
    found: Sequence[Facility],
    chosen: Quarter,
    offered: Sequence[Quarter],
    path: str,
) -> Response[bytes]:
    names = await _names(request, actor, found)
    few = say(request, "figures.few", least=figures.LEAST)
    is_public = path == HERE
    total = figures.total(found)
    return await render(
        request,
        "figures.html",
        actor,
        path=path,
        is_public=is_public,
        quarters=[(each.code, _said(request, each)) for each in offered],
        chosen=chosen.code,
        heading=_said(request, chosen),
        total=total,
        picture=rows(
            Rows(
                "openings",
                say(request, "figures.openings"),
                say(request, "figures.says", count=total, facilities=len(found)),
                [
                    RowOf(
                        names[each.facility_id],
                        each.openings,
                        few if each.openings is None else str(each.openings),
                    )
                    for each in found
                ],
            )
        ),
        facilities=[_facility(request, each, names, few) for each in found],
    )


def _facility(
    request: PortalRequest, facility: Facility, names: Mapping[UUID, str], few: str
) -> dict[str, object]:
    locale = preferences(request).locale
    return {
        "name": names[facility.facility_id],
        "openings": few if facility.openings is None else facility.openings,
        "is_few": facility.openings is None,
        "median": None if facility.median_days is None else f"{facility.median_days:g}",
        "parts": [
            {
                "name": say(request, f"figures.part.{part}"),
                "rows": [
                    (publishing.kind_said(part, code, locale), "" if count is None else count)
                    for code, count in cells.items()
                ],
            }
            for part, cells in facility.parts.items()
        ],
    }


def _said(request: PortalRequest, quarter: Quarter) -> str:
    first = quarter.first.month
    return say(request, "figures.quarter", year=quarter.year, first=first, last=first + 2)


routes: list[ControllerRouterHandler] = [page, as_csv, running]
