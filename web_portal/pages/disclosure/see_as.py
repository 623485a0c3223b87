"""See as somebody else: what a doctor, or a facility, gets of my records now."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.errors import UnknownChoice
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, VIEW, participants_only
from api.records.previewing import service as preview
from api.records.previewing.service import RECORDS_ON_A_PAGE, Eyes, Preview
from api.support import own
from web_portal.page import PortalRequest, pages_of, preferences, render
from web_portal.pages.disclosure.frame import Code, Query
from web_portal.pages.disclosure.people import find_people
from web_portal.pages.disclosure.said import about_facility, about_person, code_name

HERE = "/disclosure/see-as"
MOST_FACILITIES = 20
FIRST_PROFESSION = "physician"
Page = Annotated[int, QueryParameter(name="page", ge=1, le=100_000)]


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def choose(
    request: PortalRequest, actor: NamedDependency[Actor], q: Query = ""
) -> Response[bytes]:
    """With words, people and facilities found; without, the facilities known to the person."""
    locale = preferences(request).locale
    people, people_total = await find_people(actor, q)
    found = await own.facility_choices(actor, q)
    facilities = [each.facility for each in found.choices][:MOST_FACILITIES]
    return await render(
        request,
        "disclosure/see_as.html",
        actor,
        path=HERE,
        undo=None,
        query=q,
        people=[
            {
                "href": f"{HERE}/people/{each.professional_id}",
                "name": each.name,
                "about": about_person(request, each),
            }
            for each in people
        ],
        people_total=people_total,
        facilities=[
            {
                "href": f"{HERE}/facilities/{each.facility_id}",
                "name": each.label(locale),
                "about": about_facility(request, each),
            }
            for each in facilities
        ],
        facility_total=found.total if q.strip() else len(facilities),
    )


@get(
    HERE + "/people/{professional_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def as_person(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    professional_id: FromPath[UUID],
    kind: Code = "",
    page: Page = 1,
) -> Response[bytes]:
    seen = await _see(request, actor, Eyes(professional_id=professional_id), kind, page)
    return await _shown(
        request,
        actor,
        seen,
        kind,
        page,
        here=f"{HERE}/people/{professional_id}",
        settings=f"/disclosure/people/{professional_id}",
        name=seen.viewer.name or "",
        profession="",
        professions=[],
    )


@get(
    HERE + "/facilities/{facility_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | VIEW,
    include_in_schema=False,
)
async def as_facility(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    facility_id: FromPath[UUID],
    profession: Code = FIRST_PROFESSION,
    kind: Code = "",
    page: Page = 1,
) -> Response[bytes]:
    """Somebody of this profession there, whoever it is; nobody who is named in the settings."""
    eyes = Eyes(facility_id=facility_id, profession=profession)
    seen = await _see(request, actor, eyes, kind, page)
    return await _shown(
        request,
        actor,
        seen,
        kind,
        page,
        here=f"{HERE}/facilities/{facility_id}",
        settings=f"/disclosure/facilities/{facility_id}",
        name=code_name(request, "profession", profession),
        profession=profession,
        professions=[
            (each.code, code_name(request, "profession", each.code))
            for each in directory.profile().professions
        ],
    )


async def _see(request: PortalRequest, actor: Actor, eyes: Eyes, kind: str, page: int) -> Preview:
    """Nobody of that name here is an address that leads nowhere."""
    try:
        return await preview.see_as(
            actor, eyes, preferences(request).locale, category=kind or None, page=page
        )
    except UnknownChoice as error:
        raise NotFound from error


async def _shown(
    request: PortalRequest,
    actor: Actor,
    seen: Preview,
    kind: str,
    page: int,
    *,
    here: str,
    profession: str,
    **context: object,
) -> Response[bytes]:
    chosen = {"profession": profession} if profession else {}
    return await render(
        request,
        "disclosure/seen_as.html",
        actor,
        status=200,
        flash=None,
        path=here,
        undo=None,
        here=here,
        up=HERE,
        profession=profession,
        about=code_name(request, "profession", seen.viewer.profession),
        facility=seen.viewer.facility,
        sentence=seen.sentence,
        shown=seen.shown,
        kept=seen.kept,
        kind=code_name(request, "category", kind) if kind else "",
        all_kinds=_with(here, chosen),
        kinds=[
            {
                "label": code_name(request, "category", each.category),
                "shown": each.shown,
                "kept": each.kept,
                "reasons": each.reasons,
                "href": _with(here, chosen | {"kind": each.category}),
            }
            for each in seen.kinds
        ],
        records=[
            {
                "at": each.effective_at or each.effective_on,
                "title": each.title,
                "kind": code_name(request, "category", each.category),
                "facility": each.facility,
            }
            for each in seen.records
        ],
        pager={"page": page, "pages": pages_of(seen.listed, RECORDS_ON_A_PAGE)},
        pager_base=_with(here, chosen | ({"kind": kind} if kind else {})),
        **context,
    )


def _with(path: str, asked: dict[str, str]) -> str:
    return f"{path}?{urlencode(asked)}" if asked else path


routes: list[ControllerRouterHandler] = [choose, as_person, as_facility]
