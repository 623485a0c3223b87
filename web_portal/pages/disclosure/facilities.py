"""Which facilities may see my records: those that know me first, the others by searching."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.settings.switches import SetFacility
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.support import own
from api.support.own import FacilityChoice
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure.frame import (
    Code,
    Query,
    section,
    turn,
    with_query,
)
from web_portal.pages.disclosure.said import about_facility, end_said

Kind = Annotated[str, QueryParameter(name="type", max_length=40)]


@get(
    "/disclosure/facilities",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def facilities(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    q: Query = "",
    region: Code = "",
    kind: Kind = "",
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    found = await own.facility_choices(actor, q, region=region, facility_type=kind)
    items = [_item(request, choice) for choice in found.choices]
    return await section(
        request,
        actor,
        "facilities",
        state,
        here=with_query("/disclosure/facilities", {"q": q, "region": region, "type": kind}),
        changed=changed,
        places=[str(item["place"]) for item in items],
        facilities=items,
        query=q,
        region=region,
        kind=kind,
        is_search=bool(q.strip() or region or kind),
        total=found.total,
        regions=names(request, "region"),
        kinds=names(request, "facility_type"),
    )


def names(request: PortalRequest, kind: str) -> list[tuple[str, str]]:
    """Code and name of all the network's regions or facility types."""
    profile, locale = directory.profile(), preferences(request).locale
    entries = profile.regions if kind == "region" else profile.facility_types
    return [(each.code, each.name.ja if locale == "ja" else each.name.en) for each in entries]


def _item(request: PortalRequest, choice: FacilityChoice) -> dict[str, object]:
    line, found = choice.facility, choice.entry
    details = [about_facility(request, line), *knows(request, choice)]
    if found.is_excluded:
        details.append(say(request, "disclosure.blocked"))
    elif found.rule is not None and found.rule.facility_id is None and found.is_open:
        details.append(say(request, "disclosure.by_wider"))
    else:
        details.append(end_said(request, found.rule))
    item = turn(
        line.label(preferences(request).locale),
        SetFacility(line.facility_id, not found.is_open),
        on=found.is_open,
        detail="\n".join(filter(None, details)),
    )
    return {**item, "id": str(line.facility_id), "is_blocked": found.is_excluded}


def knows(request: PortalRequest, choice: FacilityChoice) -> list[str]:
    if choice.holds:
        return [say(request, "disclosure.facility.holds")]
    return [say(request, "disclosure.facility.has_read")] if choice.has_read else []


routes: list[ControllerRouterHandler] = [facilities]
