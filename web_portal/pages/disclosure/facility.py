"""One facility: whether, until when and how far it is let in, and what it may see."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.facts import Provision
from api.consent.settings.switches import Exclude, RefuseSource, SetCell, SetFacility
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.support import own
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure import limits
from web_portal.pages.disclosure.facilities import knows
from web_portal.pages.disclosure.frame import (
    Turn,
    saved,
    section,
    turn,
    wish,
)
from web_portal.pages.disclosure.limits import Limits
from web_portal.pages.disclosure.said import about_facility, code_name, end_said, standing_said


@get(
    "/disclosure/facilities/{facility_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def facility(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    facility_id: FromPath[UUID],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await _page(request, actor, facility_id, changed=changed)


@post(
    "/disclosure/facilities/{facility_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def limit(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    facility_id: FromPath[UUID],
    data: URLEncodedBody[Limits],
) -> Response[bytes]:
    term, errors = limits.read(request, data)
    if errors:
        return await _page(request, actor, facility_id, typed=data, errors=errors)
    command = SetFacility(facility_id, True, **term)
    return await saved(request, actor, [command], data.version, "")


@get(
    "/disclosure/facilities/{facility_id:uuid}/categories",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def categories(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    facility_id: FromPath[UUID],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    choice = await own.facility_choice(actor, facility_id)
    items = _categories(request, state, facility_id)
    return await section(
        request,
        actor,
        "facility_categories",
        state,
        here=f"/disclosure/facilities/{facility_id}/categories",
        changed=changed,
        places=[item["place"] for item in items],
        id=str(facility_id),
        name=choice.facility.label(preferences(request).locale),
        items=items,
    )


async def _page(
    request: PortalRequest,
    actor: Actor,
    facility_id: UUID,
    *,
    changed: int | None = None,
    typed: Limits | None = None,
    errors: dict[str, str] | None = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    choice = await own.facility_choice(actor, facility_id)
    found, line = choice.entry, choice.facility
    is_own = found.rule is not None and found.rule.facility_id == facility_id
    toggle = SetFacility(facility_id, not found.is_open)
    takes = facility_id not in state.directive.refused_sources
    source = turn(
        say(request, "disclosure.source"),
        RefuseSource(facility_id, takes),
        on=takes,
        detail=say(request, "disclosure.source.detail"),
    )
    return await section(
        request,
        actor,
        "facility",
        state,
        here=f"/disclosure/facilities/{facility_id}",
        changed=changed,
        status=422 if errors else 200,
        errors=errors or {},
        id=str(facility_id),
        name=line.label(preferences(request).locale),
        about=about_facility(request, line),
        knows=knows(request, choice),
        standing=await standing_said(request, actor, state, found, own=is_own),
        end=end_said(request, found.rule) if is_own else "",
        is_excluded=found.is_excluded,
        places=[source["place"]],
        source=source,
        item=turn(say(request, "disclosure.facility.switch"), toggle, on=found.is_open),
        is_on=found.is_open,
        limits=limits.shown(request, found.rule if is_own else None, typed),
        block=wish(Exclude(not found.is_excluded, facility_id=facility_id)),
        closed=sum(not each["on"] for each in _categories(request, state, facility_id)),
    )


def _categories(request: PortalRequest, state: Settings, facility_id: UUID) -> list[Turn]:
    """What this facility may see, in the network's order. A kind closed to all stays closed until
    it is opened for this facility alone."""
    cells = {
        rule.category: rule.kind
        for rule in state.directive.provisions
        if _is_cell(rule, facility_id) and rule.applies("TREAT", clock.now())
    }
    items: list[Turn] = []
    for each in consent.summary_of(state).categories:
        is_open = each.is_on if each.code not in cells else cells[each.code] == "permit"
        to_say = "none" if is_open != each.is_on else "permit" if not is_open else "deny"
        items.append(
            turn(
                code_name(request, "category", each.code),
                SetCell(to_say, category=each.code, facility_id=facility_id),  # type: ignore[arg-type]
                on=is_open,
                detail="" if each.is_on else say(request, "disclosure.cell.closed_to_all"),
            )
        )
    return items


def _is_cell(rule: Provision, facility_id: UUID) -> bool:
    return (
        rule.axis == "filter"
        and rule.facility_id == facility_id
        and rule.category is not None
        and rule.profession is None
        and rule.source_facility_id is None
        and rule.data_from is None
        and rule.data_to is None
    )


routes: list[ControllerRouterHandler] = [facility, limit, categories]
