"""Who can see what now, what waits for me, and the way to each page of choices."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.agreeing import requests
from api.consent.settings.summary import Summary
from api.consent.settings.switches import Extend
from api.consent.stored import Settings
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.support import own
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure.frame import HUB, is_open, section, wish
from web_portal.pages.disclosure.said import day_said, names_of
from web_portal.sentences import now_sentence


@get("/disclosure", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def hub(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    summary = consent.summary_of(state)
    ending = await _ending(request, actor, state, summary)
    locale = preferences(request).locale
    waiting = await own.waiting_facilities(actor) if is_open(state) else []
    asking = await requests.waiting(actor) if is_open(state) else []
    return await section(
        request,
        actor,
        "hub",
        state,
        here=HUB,
        changed=changed,
        places=[str(each["place"]) for each in ending],
        is_participating=is_open(state),
        now=await now_sentence(request, actor, state),
        ending=ending,
        waiting=[each.label(locale) for each in waiting],
        requests=[each.asker.name for each in asking],
        standing=_standing(request, summary),
    )


async def _ending(
    request: PortalRequest, actor: Actor, state: Settings, summary: Summary
) -> list[dict[str, object]]:
    names = await names_of(request, actor, state, summary.ending)
    return [
        {
            "place": f"row-{rule.id}",
            "text": say(
                request,
                "disclosure.ending.row",
                name=names[rule.professional_id or rule.facility_id or rule.team_id],  # type: ignore[index]
                day=day_said(request, rule.valid_to),
            ),
            "renew": wish(Extend(rule.id)),
        }
        for rule in summary.ending
        if rule.valid_to is not None
    ]


def _standing(request: PortalRequest, summary: Summary) -> dict[str, str]:
    """How each page's choices stand, in a word."""
    switches = (*summary.lived, *summary.regions, *summary.facility_types, summary.everyone)
    rows = (*(each.row for each in switches), *summary.types_in_regions)
    on = sum(row is not None and row.kind == "permit" for row in rows)
    off = [
        sum(not each.is_on and each.by == "settings" for each in of)
        for of in (summary.professions, summary.categories)
    ]
    people, blocked = len(summary.professionals), len(summary.exclusions)
    counts = {
        "facilities": ("facilities.count", len(summary.facilities)),
        "areas": ("areas.count", on),
        "professions": ("off.count", off[0]),
        "categories": ("off.count", off[1]),
        "people": ("people.count", people),
        "teams": ("teams.count", len(summary.teams)),
    }
    said = {
        page: say(request, f"disclosure.{key}", count=count) if count else ""
        for page, (key, count) in counts.items()
    }
    if blocked:
        text = say(request, "disclosure.blocked.count", count=blocked)
        said["people"] = say(request, "disclosure.joint").join(filter(None, (said["people"], text)))
    asks = summary.asks_first_since is not None
    said["new_facilities"] = say(request, "disclosure.ask_first.on") if asks else ""
    uses = any(each.is_on for each in summary.secondary_uses)
    said["research"] = say(request, "disclosure.research.on" if uses else "disclosure.research.off")
    return said


routes: list[ControllerRouterHandler] = [hub]
