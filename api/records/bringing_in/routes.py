"""A participant brings in what they took out elsewhere, for apps: seen first, then stored."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, participants_only
from api.phr.doors import After, Count
from api.phr.entries.paging import USUAL
from api.records.bringing_in import service
from api.records.bringing_in.planning import LeftLine
from api.records.bringing_in.reading import MAX_BYTES
from api.records.bringing_in.service import Import, State

# A little over, so that what is too large is told so in words.
BODY_LIMIT = MAX_BYTES + 1024 * 1024

ApiRequest = Request[Any, Any, Any]


class ImportView(Struct):
    """`new` by category; `held` is here already; `changed` is here and says something else by now,
    and stays as it is; `left` is not taken. Nothing is stored before `state` is `done`."""

    id: UUID
    state: State
    looked_at: datetime
    new: dict[str, int]
    facilitys: int
    held: int
    changed: int
    doubles: int
    left: list[LeftLine]
    since: date | None
    until: date | None


class ImportsView(Struct):
    """`next` asks for those after these."""

    imports: list[ImportView]
    next: str | None


class MyImports(Controller):
    """The body is the FHIR Bundle that /me/exports makes, at most 32 MB."""

    path = "/me/imports"
    opt = API | UPLOAD
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", summary="What I brought in")
    async def listed(
        self, actor: NamedDependency[Actor], after: After = "", count: Count = USUAL
    ) -> ImportsView:
        """The newest first."""
        found = await service.listed(actor, after, count)
        return ImportsView([view(each) for each in found.items], found.next)

    @post("", status_code=201, summary="Look at a file", request_max_body_size=BODY_LIMIT)
    async def look(self, request: ApiRequest, actor: NamedDependency[Actor]) -> ImportView:
        """422 for a file that cannot be read or is about somebody else. Nothing is stored; the
        file waits an hour for `keep`."""
        return view(await service.look(actor, await request.body()))

    @get("/{import_id:uuid}", summary="How far it is")
    async def one(self, actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> ImportView:
        return view(await service.one(actor, import_id))

    @post("/{import_id:uuid}/keep", status_code=202, summary="Store what was looked at")
    async def keep(self, actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> ImportView:
        """In the background, all of it or nothing."""
        await service.keep(actor, import_id)
        return view(await service.one(actor, import_id))

    @delete("/{import_id:uuid}", summary="Leave it")
    async def cancel(self, actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> None:
        """Before it is stored; afterwards nothing is changed."""
        await service.cancel(actor, import_id)


def view(found: Import) -> ImportView:
    counts = found.counts
    return ImportView(
        id=found.import_id,
        state=found.state,
        looked_at=found.looked_at,
        new=counts.new,
        facilitys=counts.facilitys,
        held=counts.held,
        changed=counts.changed,
        doubles=counts.doubles,
        left=counts.left,
        since=counts.since,
        until=counts.until,
    )


routes: list[ControllerRouterHandler] = [MyImports]
