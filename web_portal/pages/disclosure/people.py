"""Named people: let in one by one, or blocked whatever else the settings say."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.settings.switches import Exclude, SetProfessional
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import PersonLine
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.support import own
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure import limits
from web_portal.pages.disclosure.frame import Query, saved, section, turn, wish, with_query
from web_portal.pages.disclosure.limits import Limits
from web_portal.pages.disclosure.said import about_person, end_said, standing_said

MOST_PEOPLE = 30
Facility = Annotated[UUID | None, QueryParameter(name="facility")]


@get(
    "/disclosure/people", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def people(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    q: Query = "",
    facility_id: Facility = None,
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    """Those chosen already; with words or a facility, those found."""
    state = await consent.settings(actor)
    summary = consent.summary_of(state)
    chosen = [
        *((rule, "on") for rule in summary.professionals),
        *((rule, "off") for rule in summary.professionals_off),
        *((rule, "blocked") for rule in summary.exclusions if rule.professional_id),
    ]
    known = await directory.people(actor, (rule.professional_id for rule, _ in chosen))  # type: ignore[misc]
    place = (await directory.named(actor, [facility_id])).get(facility_id) if facility_id else None
    found, total = await find_people(actor, q, facility_id if place else None)
    return await section(
        request,
        actor,
        "people",
        state,
        here=with_query("/disclosure/people", {"q": q, "facility": str(facility_id or "")}),
        changed=changed,
        chosen=[
            {
                **_line(request, known[rule.professional_id]),
                "standing": say(request, f"disclosure.person.{way}"),
                "way": way,
                "end": end_said(request, rule),
            }
            for rule, way in chosen
            if rule.professional_id in known
        ],
        found=[_line(request, each) for each in found],
        total=total,
        query=q,
        facility_id=str(facility_id) if place else "",
        place=place.label(preferences(request).locale) if place else "",
        is_search=bool(q.strip() or place),
    )


@get(
    "/disclosure/people/{professional_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def person(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    professional_id: FromPath[UUID],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await _page(request, actor, professional_id, changed=changed)


@post(
    "/disclosure/people/{professional_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def limit(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    professional_id: FromPath[UUID],
    data: URLEncodedBody[Limits],
) -> Response[bytes]:
    term, errors = limits.read(request, data)
    if errors:
        return await _page(request, actor, professional_id, typed=data, errors=errors)
    command = SetProfessional(professional_id, True, **term)
    return await saved(request, actor, [command], data.version, "")


async def find_people(
    actor: Actor, words: str, facility_id: UUID | None = None
) -> tuple[list[PersonLine], int]:
    """Nobody where neither words nor a facility say whom to look for."""
    if not (words.strip() or facility_id):
        return [], 0
    return await directory.search_people(actor, words, limit=MOST_PEOPLE, facility_id=facility_id)


async def _page(
    request: PortalRequest,
    actor: Actor,
    professional_id: UUID,
    *,
    changed: int | None = None,
    typed: Limits | None = None,
    errors: dict[str, str] | None = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    choice = await own.person_choice(actor, professional_id)
    found, line = choice.entry, choice.person
    is_own = found.rule is not None and found.rule.professional_id == professional_id
    place = f"/disclosure/people/{professional_id}"
    return await section(
        request,
        actor,
        "person",
        state,
        here=place,
        changed=changed,
        status=422 if errors else 200,
        errors=errors or {},
        id=str(professional_id),
        name=line.name,
        about=about_person(request, line),
        standing=await standing_said(request, actor, state, found, own=is_own),
        end=end_said(request, found.rule) if is_own else "",
        is_excluded=found.is_excluded,
        is_blocked=is_own and found.is_excluded,
        facility_id=str(line.facility_id),
        is_on=found.is_open,
        item=turn(
            say(request, "disclosure.person.switch"),
            SetProfessional(professional_id, not found.is_open),
            on=found.is_open,
        ),
        limits=limits.shown(request, found.rule if is_own else None, typed),
        block=wish(Exclude(not (is_own and found.is_excluded), professional_id=professional_id)),
    )


def _line(request: PortalRequest, each: PersonLine) -> dict[str, str]:
    return {
        "id": str(each.professional_id),
        "name": each.name,
        "about": about_person(request, each),
    }


routes: list[ControllerRouterHandler] = [people, person, limit]
