"""Many facilities at once: where I live, regions, facility types, everyone."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.settings.summary import Switch
from api.consent.settings.switches import Command, SetEveryone, SetFacilityType, SetLived, SetRegion
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PortalRequest, say
from web_portal.pages.disclosure.frame import Turn, section, turn
from web_portal.pages.disclosure.said import code_name, end_said


@get(
    "/disclosure/areas", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def areas(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    summary = consent.summary_of(state)
    lived = [
        _item(request, say(request, f"disclosure.lived.{each.code}"), each, SetLived)
        for each in summary.lived
    ]
    kinds = [
        _item(request, code_name(request, "facility_type", each.code), each, SetFacilityType)
        for each in summary.facility_types
    ]
    regions = [
        {
            **_item(request, code_name(request, "region", each.code), each, SetRegion),
            "code": each.code,
            "narrowed": sum(rule.region == each.code for rule in summary.types_in_regions),
        }
        for each in summary.regions
    ]
    everyone = turn(
        say(request, "disclosure.everyone"),
        SetEveryone(not summary.everyone.is_on),
        on=summary.everyone.is_on,
        asks=True,
    )
    return await section(
        request,
        actor,
        "areas",
        state,
        here="/disclosure/areas",
        changed=changed,
        places=[str(each["place"]) for each in (*lived, *kinds, *regions, everyone)],
        lived=lived,
        homes=_homes(request, state),
        kinds=kinds,
        regions=regions,
        everyone=everyone,
    )


@get(
    "/disclosure/areas/{code:str}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def kinds_in_region(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    code: FromPath[str],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    """Facility types in one region."""
    profile = directory.profile()
    if code not in {region.code for region in profile.regions}:
        raise NotFound
    state = await consent.settings(actor)
    summary = consent.summary_of(state)
    region = next(each for each in summary.regions if each.code == code)
    rows = {rule.facility_type: rule for rule in summary.types_in_regions if rule.region == code}
    wider = {each.code: each.is_on for each in summary.facility_types}
    items = []
    for each in profile.facility_types:
        row = rows.get(each.code)
        is_on = row.kind == "permit" if row else region.is_on or wider[each.code]
        items.append(
            turn(
                code_name(request, "facility_type", each.code),
                SetFacilityType(each.code, not is_on, code),
                on=is_on,
                detail=end_said(request, row),
                asks=True,
            )
        )
    return await section(
        request,
        actor,
        "kinds_in_region",
        state,
        here=f"/disclosure/areas/{code}",
        changed=changed,
        places=[each["place"] for each in items],
        name=code_name(request, "region", code),
        is_on=region.is_on,
        items=items,
    )


def _item(
    request: PortalRequest,
    label: str,
    switch: Switch,
    command: type[SetRegion] | type[SetLived] | type[SetFacilityType],
) -> Turn:
    wanted: Command = command(switch.code, not switch.is_on)  # type: ignore[arg-type]
    detail = end_said(request, switch.row)
    if isinstance(wanted, SetFacilityType) and switch.is_on and switch.row is None:
        detail = say(request, "disclosure.kinds.in_regions")
    return turn(label, wanted, on=switch.is_on, detail=detail, asks=True)


def _homes(request: PortalRequest, state: Settings) -> list[str]:
    """Where the network knows the person to live now."""
    today = clock.today_in_japan()
    return [
        code_name(request, "region", home.region)
        for home in state.participation.residences
        if (home.from_on is None or home.from_on <= today)
        and (home.until_on is None or today < home.until_on)
    ]


routes: list[ControllerRouterHandler] = [areas, kinds_in_region]
