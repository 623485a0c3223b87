"""Where I live and lived, in my own words: what a setting for my home area goes by."""

from datetime import date, timedelta
from typing import Annotated, Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct, structs

from api.consent.errors import NotAPlace, SettingsChangedMeanwhile
from api.consent.facts import Residence
from api.consent.lifecycle import dwelling
from api.consent.lifecycle.dwelling import Dwelling
from api.consent.settings.telling import label
from api.core import clock
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages.disclosure.frame import to

HERE = "/disclosure/residence"
Day = Annotated[str, Meta(max_length=10)]


class Said(Struct):
    """`now`: I live there from today on; `earlier`: I did; `remove`: place `at` is wrong."""

    wish: Literal["now", "earlier", "remove"]
    version: int
    region: Annotated[str, Meta(max_length=40)] = ""
    from_on: Day = ""
    until_on: Day = ""
    at: Annotated[int, Meta(ge=0)] = 0


@get(HERE, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def residence(
    request: PortalRequest, actor: NamedDependency[Actor], changed: FromQuery[int | None] = None
) -> Response[bytes]:
    return await _page(request, actor, await dwelling.dwelling(actor), changed=changed)


@post(HERE, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def live_in(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Said]
) -> Response[bytes]:
    now = await dwelling.dwelling(actor)
    try:
        places = _following(now.places, data)
        after = await dwelling.live_in(actor, places, expected_version=data.version)
    except (NotAPlace, SettingsChangedMeanwhile) as refusal:
        return await _page(request, actor, await dwelling.dwelling(actor), refusal=refusal)
    return to(f"{HERE}?changed={after.version}#places")


def _following(places: tuple[Residence, ...], said: Said) -> tuple[Residence, ...]:
    """Moving in somewhere ends every place that has no end yet. Raises `NotAPlace`."""
    today = clock.today_in_japan()
    match said.wish:
        case "remove":
            if said.at >= len(places):
                raise NotAPlace
            return places[: said.at] + places[said.at + 1 :]
        case "earlier":
            until_on = _day(said.until_on)
            after = until_on + timedelta(days=1) if until_on else None
            return (*places, dwelling.place(said.region, _day(said.from_on), after))
    moved_out = tuple(
        structs.replace(each, until_on=today) if each.until_on is None else each
        for each in places
        if each.from_on is None or each.from_on < today or each.until_on is not None
    )
    began = None if not places else today
    return (*moved_out, Residence(said.region, began))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotAPlace from error


async def _page(
    request: PortalRequest,
    actor: Actor,
    now: Dwelling,
    *,
    changed: int | None = None,
    refusal: Problem | None = None,
) -> Response[bytes]:
    locale, profile = preferences(request).locale, directory.profile()
    flash: Flash | None = None
    if refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key, **refusal.params),
            text=say(request, f"{refusal.key}.next", **refusal.params),
        )
    today = clock.today_in_japan()
    return await render(
        request,
        "disclosure/residence.html",
        actor,
        status=refusal.status if refusal else 200,
        path=HERE,
        flash=flash,
        here=HERE,
        save=HERE,
        undo=None,
        version=now.version,
        is_new=bool(changed) and changed == now.version,
        regions=[(each.code, each.name.said(locale)) for each in profile.regions],
        places=[
            {
                "at": at,
                "region": label(profile, "region", each.region, locale),
                "from_on": each.from_on,
                "until_on": each.until_on - timedelta(days=1) if each.until_on else None,
                "is_now": (each.from_on is None or each.from_on <= today)
                and (each.until_on is None or today < each.until_on),
            }
            for at, each in enumerate(now.places)
        ],
    )


routes: list[ControllerRouterHandler] = [residence, live_in]
