"""わたしの手帳: every book somebody keeps, with what is newest in it and what comes next."""

from collections.abc import Sequence

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import clock, i18n
from api.core.actor import Actor, Power
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr import shelf
from api.phr.shelf import Standing
from web_portal.page import PortalRequest, preferences, render, say

HERE = "/book"


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def read(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """For a proxy, only what their powers let them know; taking out is the participant's own."""
    standings = await shelf.standings(actor)
    return await render(
        request,
        "book/hub.html",
        actor,
        path=HERE,
        ahead=_ahead(request, standings),
        books=[
            _card(request, each) for each in sorted(standings, key=lambda each: not each.entries)
        ],
        is_empty=not any(each.entries for each in standings),
        may_write=actor.powers is None or Power.UPLOAD in actor.powers,
        is_own=not actor.is_proxy,
    )


def _card(request: PortalRequest, standing: Standing) -> dict[str, object]:
    name, locale = standing.book.name, preferences(request).locale
    newest = ""
    if standing.written_at is not None:
        day = i18n.day(locale, clock.day_in_japan(standing.written_at))
        newest = say(request, "book.newest", day=day, count=standing.entries)
    return {
        "name": name,
        "href": standing.book.path,
        "title": say(request, f"book.{name}"),
        "about": say(request, f"book.{name}.about"),
        "newest": newest,
    }


def _ahead(request: PortalRequest, standings: Sequence[Standing]) -> list[dict[str, str]]:
    """What is to be done, the soonest first."""
    locale = preferences(request).locale
    dated = [(shelf.ends_on(each.next), each) for each in standings if each.next]
    return [
        {
            "says": say(
                request,
                f"book.next.{each.book.due}.{each.next.why}{'.of' if each.whose else ''}",
                day=i18n.day(locale, on),
                **({"name": each.whose} if each.whose else {}),
            ),
            "href": _page(each),
        }
        for on, each in sorted(dated, key=lambda found: found[0])
        if each.next
    ]


def _page(standing: Standing) -> str:
    """Of a child's day the child's own."""
    if not standing.child:
        return standing.book.path
    own = f"/book/children/{standing.child}"
    return f"{own}/vaccines" if standing.book.due == "immunization" else own


routes: list[ControllerRouterHandler] = [read]
