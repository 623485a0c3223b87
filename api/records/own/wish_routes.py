"""Who may read my wishes now, for apps."""

from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from msgspec import Struct

from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import API, VIEW, participants_only
from api.phr.directives import service as wishes
from api.records.own.wishes import Reach, reach_of

ApiRequest = Request[Any, Any, Any]


class WishReadersView(Struct):
    """`reach`: `emergency` and `everyday` alone, `both`, or `closed`; `secret` where all of it is;
    `nobody` while I do not take part. `says` is the same in a sentence."""

    reach: Reach
    says: str


class MyWishReaders(Controller):
    path = "/me/wishes/readers"
    opt = API | VIEW
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My wishes"]  # noqa: RUF012

    @get("", summary="Who may read my wishes now")
    async def readers(self, request: ApiRequest, actor: NamedDependency[Actor]) -> WishReadersView:
        """As the settings and the choice for emergencies stand; `says` in the language of
        `Accept-Language`."""
        reach = await reach_of(actor, await wishes.wishes(actor))
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return WishReadersView(reach, i18n.text(locale, f"wish.reach.{reach}"))


routes = [MyWishReaders]
