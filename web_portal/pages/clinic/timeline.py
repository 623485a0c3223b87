"""Everything that may be seen, by day and facility, narrowed by kind, facility and period."""

from itertools import groupby
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.settings.telling import label
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, professionals_only
from api.records.viewing.service import Look, Wanted
from web_portal.page import PortalRequest, pages_of, preferences
from web_portal.pages.clinic.frame import (
    Months,
    Names,
    Page,
    Text,
    lines,
    opened,
    path_of,
    periods,
    refused,
    shown,
    since,
)

ON_A_PAGE: Final = 50
TAB: Final = "timeline"


@get(
    "/clinic/participants/{participant_id:uuid}/timeline",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def read(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    category: Text = "",
    facility: Text = "",
    months: Months = "",
    page: Page = 1,
) -> Response[bytes]:
    wanted = Wanted(
        categories=(category,) if category else (),
        facility_id=_facility(facility),
        since=since(months or "all"),
        count=ON_A_PAGE,
        page=page,
    )
    found = await opened(request, actor, participant_id, wanted)
    if found is None:
        return await refused(request, actor)
    seen, names = found
    part = seen.parts[1]
    chosen = {"category": category, "facility": facility, "months": months}
    chosen = {name: value for name, value in chosen.items() if value}
    own = path_of(participant_id, TAB)
    return await shown(
        request,
        actor,
        TAB,
        seen,
        names,
        path=f"{own}?{urlencode(chosen)}" if chosen else own,
        days=[
            {"on": on, "facility": facility, "records": list(members)}
            for (on, facility), members in groupby(
                lines(request, part, names), key=lambda each: (each["on"], each["facility"])
            )
        ],
        total=part.total,
        chosen=chosen,
        options=_options(request, seen, names) | {"months": periods(request)},
        pager={"page": page, "pages": pages_of(part.total, ON_A_PAGE)},
    )


def _options(request: PortalRequest, seen: Look, names: Names) -> dict[str, list[tuple[str, str]]]:
    """Only what there is to see."""
    profile, locale = directory.profile(), preferences(request).locale
    there = {each.category for each in seen.kinds}
    order = [category.code for category in profile.categories if category.code in there]
    order += sorted(there - set(order))
    facilities = {each.facility_id for each in seen.kinds}
    labels = sorted((names[each].label(locale), str(each)) for each in facilities)
    return {
        "category": [(code, label(profile, "category", code, locale)) for code in order],
        "facility": [(value, name) for name, value in labels],
    }


def _facility(text: str) -> UUID | None:
    """What names no facility finds nothing."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return UUID(int=0)


routes: list[ControllerRouterHandler] = [read]
