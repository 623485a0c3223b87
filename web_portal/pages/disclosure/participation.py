"""Taking part in the network and leaving it; from which day records are shown; signed papers."""

from typing import Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent import service as consent
from api.consent.lifecycle import dwelling, paper_import, schemes, terms
from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.profile import Withdrawal
from api.identity.guards import CONSENT, PORTAL, participants_only
from api.support import leaving
from web_portal.page import PortalRequest, preferences, render
from web_portal.pages.disclosure.frame import to

HERE = "/disclosure/participation"


class Participate(Struct):
    state: Literal["participating", "withdrawn"]
    undo: Literal["yes", "no"] = "no"


class ShowFrom(Struct):
    """`joined`: from the day of joining on."""

    wish: Literal["earlier", "joined", "undo"]


@get(HERE, guards=[participants_only], opt=PORTAL | CONSENT, include_in_schema=False)
async def participation(
    request: PortalRequest, actor: NamedDependency[Actor], changed: FromQuery[str] = ""
) -> Response[bytes]:
    state = (await consent.settings(actor)).participation
    now, profile = consent.state_now(state), directory.profile()
    joined_on = state.joined_at.astimezone(clock.JAPAN).date() if state.joined_at else None
    return await render(
        request,
        "disclosure/participation.html",
        actor,
        state=now,
        data_from=state.data_from,
        joined_on=joined_on,
        changed=changed if changed in (now, "records") else "",
        question=await terms.question(actor),
        scheme=await _scheme(request, actor),
        papers=await paper_import.own_papers(actor),
        by_document=profile.consent.withdrawal is Withdrawal.DOCUMENT,
        records_years=profile.retention.records_years,
        log_years=profile.retention.access_log_years,
    )


@post(HERE, guards=[participants_only], opt=PORTAL | CONSENT, include_in_schema=False)
async def take_part(
    actor: NamedDependency[Actor], data: URLEncodedBody[Participate]
) -> Response[bytes]:
    state = await leaving.take_part(actor, data.state, is_undo=data.undo == "yes")
    return to(f"{HERE}?changed={state.participation.state}")


@post(f"{HERE}/records", guards=[participants_only], opt=PORTAL | CONSENT, include_in_schema=False)
async def show_from(
    actor: NamedDependency[Actor], data: URLEncodedBody[ShowFrom]
) -> Response[bytes]:
    """Earlier records too, or only those from the day of joining on."""
    joined_at = (await consent.settings(actor)).participation.joined_at
    day = joined_at.astimezone(clock.JAPAN).date() if joined_at else clock.today_in_japan()
    await dwelling.show_from(
        actor, None if data.wish == "earlier" else day, is_undo=data.wish == "undo"
    )
    return to(f"{HERE}?changed=records#records")


@get(
    "/participation/papers/{paper_id:uuid}",
    guards=[participants_only],
    opt=PORTAL | CONSENT,
    include_in_schema=False,
)
async def paper(actor: NamedDependency[Actor], paper_id: FromPath[UUID]) -> Response[bytes]:
    """The scan of what I signed."""
    kind, content = await paper_import.own_scan(actor, paper_id)
    return Response(content, media_type=kind, headers={"content-disposition": "attachment"})


async def _scheme(request: PortalRequest, actor: Actor) -> str:
    """The name of the one that holds; empty where nobody picks."""
    chosen = await schemes.chosen(actor)
    offered = schemes.offers(preferences(request).locale)
    return next((each.name for each in offered if each.code == chosen), "")


routes: list[ControllerRouterHandler] = [participation, take_part, show_from, paper]
