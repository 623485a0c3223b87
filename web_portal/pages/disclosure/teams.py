"""Care teams: the people who look after me together, of any facilities, let in as one."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct, structs

from api.consent import service as consent
from api.consent.facts import Team
from api.consent.settings.summary import TeamSwitch
from api.consent.settings.switches import SetTeam
from api.consent.stored import Settings
from api.core.actor import Actor
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PortalRequest, say
from web_portal.pages.disclosure import limits
from web_portal.pages.disclosure.frame import Query, saved, section, wish, with_query
from web_portal.pages.disclosure.limits import Limits
from web_portal.pages.disclosure.people import find_people
from web_portal.pages.disclosure.said import about_person, end_said

TeamName = Annotated[str, Meta(max_length=60)]


class NewTeam(Struct):
    version: Annotated[int, Meta(ge=0, le=2_000_000_000)]
    name: TeamName = ""
    professional_id: UUID | None = None
    q: Annotated[str, Meta(max_length=100)] = ""


class TeamForm(Limits):
    name: TeamName = ""


@get(
    "/disclosure/teams", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def teams(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    q: Query = "",
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await _list(request, actor, q, changed=changed)


@post(
    "/disclosure/teams", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def make(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[NewTeam]
) -> Response[bytes]:
    """A team begins with one member."""
    errors = {}
    if not data.name.strip():
        errors["name"] = say(request, "disclosure.team.name.fault")
    if data.professional_id is None:
        errors["professional_id"] = say(request, "disclosure.team.first.fault")
    if errors or data.professional_id is None:
        return await _list(request, actor, data.q, errors=errors, name=data.name)
    team = Team(uuid7(), data.name.strip(), (data.professional_id,))
    place = f"/disclosure/teams/{team.id}"
    return await saved(request, actor, [SetTeam(team, True)], data.version, place)


@get(
    "/disclosure/teams/{team_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def team(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    team_id: FromPath[UUID],
    q: Query = "",
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await _page(request, actor, team_id, q, changed=changed)


@post(
    "/disclosure/teams/{team_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def limit(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    team_id: FromPath[UUID],
    data: URLEncodedBody[TeamForm],
) -> Response[bytes]:
    """Its name, end and level together."""
    found = _team(await consent.settings(actor), team_id)
    term, errors = limits.read(request, data)
    if not data.name.strip():
        errors["name"] = say(request, "disclosure.team.name.fault")
    if errors:
        return await _page(request, actor, team_id, "", typed=data, errors=errors)
    named = structs.replace(found.team, name=data.name.strip())
    place = f"/disclosure/teams/{team_id}"
    return await saved(request, actor, [SetTeam(named, True, **term)], data.version, place)


async def _list(
    request: PortalRequest,
    actor: Actor,
    query: str,
    *,
    changed: int | None = None,
    errors: dict[str, str] | None = None,
    name: str = "",
) -> Response[bytes]:
    state = await consent.settings(actor)
    found, total = await find_people(actor, query)
    return await section(
        request,
        actor,
        "teams",
        state,
        here=with_query("/disclosure/teams", {"q": query}),
        changed=changed,
        status=422 if errors else 200,
        errors=errors or {},
        teams=[
            {
                "id": str(each.team.id),
                "name": each.team.name,
                "members": len(each.team.professional_ids),
                "end": end_said(request, each.row),
            }
            for each in consent.summary_of(state).teams
        ],
        found=[
            (str(each.professional_id), f"{each.name}　{about_person(request, each)}")
            for each in found
        ],
        total=total,
        query=query,
        name=name,
    )


async def _page(
    request: PortalRequest,
    actor: Actor,
    team_id: UUID,
    query: str,
    *,
    changed: int | None = None,
    typed: TeamForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    current = _team(state, team_id)
    people = await directory.people(actor, current.team.professional_ids)
    found, total = await find_people(actor, query)
    term = _term(current)

    def with_members(*ids: UUID) -> str:
        return wish(SetTeam(structs.replace(current.team, professional_ids=ids), True, **term))

    ids = current.team.professional_ids
    return await section(
        request,
        actor,
        "team",
        state,
        here=with_query(f"/disclosure/teams/{team_id}", {"q": query}),
        changed=changed,
        status=422 if errors else 200,
        errors=errors or {},
        id=str(team_id),
        name=current.team.name,
        typed_name=typed.name if typed else current.team.name,
        members=[
            {
                "id": str(each),
                "name": people[each].name,
                "about": about_person(request, people[each]),
                "without": with_members(*(other for other in ids if other != each)),
            }
            for each in ids
            if each in people
        ],
        found=[
            {
                "name": each.name,
                "about": about_person(request, each),
                "with": with_members(*ids, each.professional_id),
            }
            for each in found
            if each.professional_id not in ids
        ],
        total=total,
        query=query,
        end=end_said(request, current.row),
        limits=limits.shown(request, current.row, typed),
        off=wish(SetTeam(current.team, False)),
    )


def _team(state: Settings, team_id: UUID) -> TeamSwitch:
    for each in consent.summary_of(state).teams:
        if each.team.id == team_id:
            return each
    raise NotFound


def _term(current: TeamSwitch) -> limits.Term:
    """As it stands, so that a change of members leaves it alone."""
    row = current.row
    return {
        "until": row.valid_to if row else None,
        "is_endless": row is not None and row.valid_to is None,
        "level": row.level if row else 0,
    }


routes: list[ControllerRouterHandler] = [teams, make, team, limit]
