"""A participant's own records, narrowed as they wish, visit by visit."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.settings.telling import label
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, VIEW, participants_only
from api.records.errors import UnknownPlace
from api.records.own import service as own
from api.records.own.service import Asked, Shelves
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.records.said import Names, line, name_of

ON_A_PAGE = 50

Text = Annotated[str, QueryParameter(max_length=100)]
YearText = Annotated[str, QueryParameter(pattern=r"^([1-9][0-9]{3})?$")]


@get("/records", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    category: Text = "",
    facility: Text = "",
    year: YearText = "",
    q: Text = "",
    after: Text = "",
    aside: Annotated[str, QueryParameter(pattern=r"^(yes)?$")] = "",
) -> Response[bytes]:
    wanted_year = int(year) if year else None
    asked = Asked(category or None, _facility(facility), wanted_year, q, bool(aside))
    page = await own.page(actor, asked, after=after or None, count=ON_A_PAGE)
    shelves = await own.shelves(actor, with_aside=asked.with_aside)
    names = await directory.named(actor, shelves.facilities)
    chosen = {"category": category, "facility": facility, "year": year, "q": q}
    chosen = {name: value for name, value in chosen.items() if value}
    shown = {"aside": aside} if aside else {}
    return await render(
        request,
        "records/list.html",
        actor,
        visits=[
            {
                "on": visit.on,
                "facility": say(request, "clinic.by.proxy")
                if visit.is_by_proxy
                else name_of(request, names, visit.facility_id),
                "records": [line(request, each) for each in visit.records],
            }
            for visit in page.visits
        ],
        total=page.total,
        has_any=bool(shelves.years),
        is_first=not after,
        chosen=chosen,
        options=_options(request, shelves, names),
        newest=_address(chosen | shown),
        following=_address(chosen | shown | {"after": page.after}) if page.after else None,
        with_aside=asked.with_aside,
        aside=_address(chosen | {"aside": "yes"}) if page.has_aside else None,
        usual=_address(chosen),
    )


def _options(
    request: PortalRequest, shelves: Shelves, names: Names
) -> dict[str, list[tuple[str, str]]]:
    """What the list can be narrowed to: only what there is, with how much of it."""
    locale, profile = preferences(request).locale, directory.profile()
    order = [category.code for category in profile.categories]
    order += sorted(shelves.categories.keys() - set(order))

    def counted(name: str, count: int) -> str:
        return say(request, "my_records.filter.option", name=name, count=count)

    return {
        "category": [
            (code, counted(label(profile, "category", code, locale), shelves.categories[code]))
            for code in order
            if code in shelves.categories
        ],
        "facility": [
            (str(each), counted(name_of(request, names, each), count))
            for each, count in shelves.facilities.most_common()
        ],
        "year": [
            (str(year), counted(say(request, "my_records.filter.in_year", year=year), count))
            for year, count in shelves.years.items()
        ],
    }


def _facility(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise UnknownPlace from error


def _address(chosen: Mapping[str, str]) -> str:
    return f"/records?{urlencode(chosen)}" if chosen else "/records"


routes: list[ControllerRouterHandler] = [listed]
