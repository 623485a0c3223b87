"""Writing, correcting and removing one entry of a notebook's page, alike for every kind."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.entries import service as entries
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Wish
from api.phr.notes import rules, service
from web_portal.page import Flash, PortalRequest, say
from web_portal.pages.book import frame, saying
from web_portal.pages.book.frame import Way

Values = Mapping[str, str]


class Shelf(NamedTuple):
    """Where the entries of a kind stand. Its texts begin with `notes.<name>.`; `names` are the
    fields its form shows, `hidden` those it carries along, `said_as` whose texts it has."""

    kind: Kind
    name: str
    here: str
    names: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    said_as: Kind | None = None

    def back(self, request: PortalRequest) -> Way:
        return Way(self.here, say(request, f"notes.{self.name}.title"))


# The pages of a list, as its links ask for them.
After = Annotated[str, QueryParameter(max_length=100)]
ON_A_PAGE: Final = 50


def today() -> dict[str, str]:
    return {"on": clock.today_in_japan().isoformat()}


def flash_of(request: PortalRequest, done: str) -> Flash | None:
    """What happened on the page one comes from."""
    if done not in ("saved", "removed"):
        return None
    return {"kind": "success", "title": say(request, f"notes.done.{done}"), "text": ""}


async def form_of(
    request: PortalRequest,
    actor: Actor,
    shelf: Shelf,
    values: Values,
    *,
    entry_id: UUID | None = None,
    version: int = 0,
    **more: Any,
) -> Response[bytes]:
    what = "new" if entry_id is None else "edit"
    place = frame.place_of(entry_id)
    return await frame.form(
        request,
        actor,
        shelf.said_as or shelf.kind,
        title=say(request, f"notes.{shelf.name}.{what}"),
        action=f"{shelf.here}/{place}",
        back=shelf.back(request),
        values=values,
        version=version,
        remove=f"{shelf.here}/{place}/remove" if entry_id else "",
        names=shelf.names,
        has_on=shelf.kind.name not in rules.STANDING,
        hidden=shelf.hidden,
        **more,
    )


async def keep(
    request: PortalRequest,
    actor: Actor,
    shelf: Shelf,
    entry_id: UUID | None = None,
    book: str = "",
) -> Response[bytes]:
    """Nothing typed is lost: whatever is wrong, the form comes back as it was filled in."""
    fields = await frame.typed(request, shelf.kind)
    version = frame.version_in(fields)
    wish = Wish(
        shelf.kind,
        rules.typed(shelf.kind, fields, clock.today_in_japan()),
        book,
        fields.get("sure", ""),
        entry_id=entry_id,
        version=version,
    )
    more: dict[str, Any] = {"entry_id": entry_id, "version": version}
    try:
        await entries.write(actor, wish)
    except EntryFaults as wrong:
        return await form_of(request, actor, shelf, wrong.values, wrong=wrong, **more)
    except EntryChanged as refusal:
        by_now = await entries.one(actor, [shelf.kind], entry_id) if entry_id else None
        more["stands"] = by_now and frame.Stands(by_now.values, by_now.version)
        return await form_of(request, actor, shelf, fields, refusal=refusal, **more)
    except NotTakingPart as refusal:
        return await form_of(request, actor, shelf, fields, refusal=refusal, **more)
    return Redirect(f"{shelf.here}?done=saved", status_code=303)


async def removal_of(
    request: PortalRequest, actor: Actor, shelf: Shelf, entry_id: UUID
) -> Response[bytes]:
    found = await entries.one(actor, [shelf.kind], entry_id)
    facts = saying.facts_of(request, shelf.said_as or shelf.kind, found.values)
    return await frame.removal(
        request,
        actor,
        title=say(request, f"notes.{shelf.name}.remove"),
        facts=facts[:3],
        action=f"{shelf.here}/{entry_id}/remove",
        back=shelf.back(request),
    )


def pages_of(shelf: Shelf) -> list[ControllerRouterHandler]:
    """The pages of one entry: new, correct, remove."""
    here = shelf.here
    door: dict[str, Any] = {
        "guards": [participants_only],
        "opt": PORTAL | UPLOAD,
        "include_in_schema": False,
    }

    @get(f"{here}/new", **door)
    async def new(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await form_of(request, actor, shelf, today())

    @post(f"{here}/new", status_code=200, **door)
    async def write(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await keep(request, actor, shelf)

    @get(f"{here}/{{entry_id:uuid}}", **door)
    async def one(
        request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
    ) -> Response[bytes]:
        found = await entries.one(actor, [shelf.kind], entry_id)
        return await form_of(
            request, actor, shelf, found.values, entry_id=entry_id, version=found.version
        )

    @post(f"{here}/{{entry_id:uuid}}", status_code=200, **door)
    async def correct(
        request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
    ) -> Response[bytes]:
        return await keep(request, actor, shelf, entry_id)

    @get(f"{here}/{{entry_id:uuid}}/remove", **door)
    async def ask(
        request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
    ) -> Response[bytes]:
        return await removal_of(request, actor, shelf, entry_id)

    @post(f"{here}/{{entry_id:uuid}}/remove", **door)
    async def remove(actor: NamedDependency[Actor], entry_id: FromPath[UUID]) -> Response[bytes]:
        await service.remove(actor, shelf.kind, entry_id)
        return Redirect(f"{here}?done=removed", status_code=303)

    return [new, write, one, correct, ask, remove]
