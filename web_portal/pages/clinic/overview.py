"""The first page about a participant: allergies, drugs of now, diagnoses, and what is newest."""

from collections import Counter
from datetime import timedelta
from typing import Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent.settings.telling import label
from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, professionals_only
from api.records import medicines
from api.records.linking import service as linking
from api.records.viewing import medication as drugs
from api.records.viewing import supplies
from api.records.viewing.service import KindAtFacility, Wanted
from web_portal.page import PortalRequest, preferences
from web_portal.pages.clinic import medication
from web_portal.pages.clinic.frame import lines, opened, path_of, refused, shown

NEWEST: Final = 12
MOST_OWN_KINDS: Final = 20
MOST_CONDITIONS: Final = 20


@get(
    "/clinic/participants/{participant_id:uuid}",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def read(
    request: PortalRequest, actor: NamedDependency[Actor], participant_id: FromPath[UUID]
) -> Response[bytes]:
    today = clock.today_in_japan()
    first = today - timedelta(days=medicines.LONGEST)
    found = await opened(
        request,
        actor,
        participant_id,
        Wanted(categories=supplies.KINDS, since=first, count=200),
        Wanted(categories=("condition",), count=MOST_CONDITIONS),
        Wanted(whose="facilities", count=NEWEST),
        Wanted(whose="own", count=MOST_OWN_KINDS),
    )
    if found is None:
        return await refused(request, actor)
    seen, names = found
    _, given, conditions, newest, own = seen.parts
    taken = supplies.supplies_of(medication.sources(given))
    current = [each for each in drugs.drugs_of(taken) if each.is_current(today)]
    overlaps = [each for each in drugs.overlaps_of(taken) if each.end >= today]
    return await shown(
        request,
        actor,
        "overview",
        seen,
        names,
        drugs=[medication.brief(request, each, names, today) for each in current],
        overlaps=[medication.overlap(request, each, names) for each in overlaps],
        conditions=lines(request, conditions, names),
        has_more_conditions=conditions.total > len(conditions.records),
        newest=lines(request, newest, names),
        own_newest=[
            line | {"alike": each.alike}
            for line, each in zip(lines(request, own, names), own.records, strict=True)
        ],
        kinds=_kinds(request, participant_id, seen.kinds),
        desk=await linking.at_desk(actor, participant_id),
    )


def _kinds(
    request: PortalRequest, participant_id: UUID, there: list[KindAtFacility]
) -> list[dict[str, object]]:
    """Every kind there is something of, in the profile's order, with how much may be seen."""
    profile, locale = directory.profile(), preferences(request).locale
    counted: Counter[str] = Counter()
    for each in there:
        counted[each.category] += each.records
    order = [category.code for category in profile.categories]
    order += sorted(counted.keys() - set(order))
    return [
        {
            "label": label(profile, "category", code, locale),
            "count": counted[code],
            "href": f"{path_of(participant_id, 'timeline')}?category={code}",
        }
        for code in order
        if counted[code]
    ]


routes: list[ControllerRouterHandler] = [read]
