"""The front page, and each person's own first page."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.access_log.events import EventName
from api.consent import service as consent
from api.consent.lifecycle import terms
from api.consent.stored import Settings
from api.core import clock, i18n
from api.core.actor import Actor, ActorKind, Power
from api.identity.guards import PORTAL, VIEW, anyone, participants_only
from api.support.closing import service as closings
from api.support.closing.rules import Closing
from api.support.reading import service as reading
from api.support.reading.log_lines import LogLine
from notifications import service as notifications
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.disaster import running_said
from web_portal.sentences import now_sentence

HOMES = {
    ActorKind.PARTICIPANT: "/home",
    ActorKind.PROFESSIONAL: "/clinic",
    ActorKind.SUPPORT: "/support",
    ActorKind.AUDITOR: "/auditor",
    ActorKind.FACILITY_ADMIN: "/facility",
}
LATELY, LOOKED_THROUGH = 5, 50

Need = dict[str, str]


@get("/", guards=[anyone], opt=PORTAL, include_in_schema=False)
async def welcome(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    if actor.kind in HOMES:
        return Redirect(HOMES[actor.kind], status_code=303)
    said = await running_said(request, actor)
    return await render(request, "welcome.html", actor, disasters=said)


@get("/home", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def home(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """For a proxy, only what their powers let them know."""
    state = await consent.settings(actor)
    lines: list[LogLine] = []
    if may(actor, Power.LOG):
        lines = (await reading.log(actor, preferences(request).locale, count=LOOKED_THROUGH)).lines
    return await render(
        request,
        "home.html",
        actor,
        summary=await now_sentence(request, actor, state),
        question=await terms.question(actor),
        disasters=await running_said(request, actor),
        needs=_needs(
            request,
            actor,
            state,
            await closings.running(actor),
            await notifications.unread(actor),
        ),
        happenings=[_happening(line) for line in lines if is_news(line)][:LATELY],
    )


def may(actor: Actor, power: Power) -> bool:
    return actor.powers is None or power in actor.powers


def _needs(
    request: PortalRequest, actor: Actor, state: Settings, closing: Closing | None, unread: int
) -> list[Need]:
    """What waits for the person, most pressing first."""
    needs: list[Need] = []
    if closing is not None:
        day = i18n.day(preferences(request).locale, clock.day_in_japan(closing.ends_at))
        text = say(request, "home.needs.closing", day=day)
        needs.append({"text": text, "href": "/account/closing"})
    standing = consent.state_now(state.participation)
    if standing != "participating" and may(actor, Power.CONSENT):
        key = f"home.needs.{standing}"
        needs.append({"text": say(request, key), "href": "/disclosure/participation"})
    elif not consent.summary_of(state).facilities and may(actor, Power.SETTINGS):
        needs.append({"text": say(request, "home.needs.choose"), "href": "/disclosure"})
    if unread and may(actor, Power.NOTICES):
        text = say(request, "home.needs.unread", count=unread)
        needs.append({"text": text, "href": "/inbox"})
    return needs


def is_news(line: LogLine) -> bool:
    """Signing in and out oneself is in the log, but no news."""
    is_own_session = line.event in (
        EventName.SIGNED_IN,
        EventName.SIGNED_OUT,
        EventName.STEPPED_UP,
    )
    return not (is_own_session and line.outcome == "permitted")


def _happening(line: LogLine) -> dict[str, object]:
    return {
        "text": line.sentence,
        "at": line.at,
        "href": f"/access-log#access-{line.number}" if line.is_access else None,
    }


routes: list[ControllerRouterHandler] = [welcome, home]
