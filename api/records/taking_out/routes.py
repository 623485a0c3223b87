"""A participant takes theirs out, for apps: started, followed, fetched and called off."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core import clock, i18n
from api.core.actor import Actor
from api.identity.guards import API, VIEW, participants_only
from api.phr.doors import After, Count
from api.phr.entries.paging import USUAL
from api.records.taking_out import service
from api.records.taking_out.rules import MEDIA_TYPES, Form, Job, State
from api.records.taking_out.service import Fetched

ApiRequest = Request[Any, Any, Any]
FILE = {
    200: ResponseSpec(
        bytes, generate_examples=False, description="The file", media_type="application/fhir+json"
    )
}


class ExportWish(Struct, forbid_unknown_fields=True):
    """`forms`: all of them where none is named."""

    forms: list[Form] = []


class FileView(Struct):
    """`part`: above 20 MB the Bundle goes on in another file, each of which can be brought in, in
    any order."""

    form: Form
    records: int
    bytes: int
    part: int


class ExportView(Struct):
    """`stage` is the category that is being written; `files` are there once `state` is `done`."""

    id: UUID
    state: State
    percent: int
    stage: str
    done: int
    total: int
    requested_at: datetime
    expires_at: datetime | None
    files: list[FileView]


class ExportsView(Struct):
    """`next` asks for those after these."""

    exports: list[ExportView]
    next: str | None


class MyExports(Controller):
    """All my records, of facilities and my own, as they stand. Starting and fetching ask for a
    fresh session: 403 `error.step_up.needed` otherwise."""

    path = "/me/exports"
    opt = API | VIEW
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", summary="My exports")
    async def listed(
        self, actor: NamedDependency[Actor], after: After = "", count: Count = USUAL
    ) -> ExportsView:
        """The newest first."""
        found = await service.listed(actor, after, count)
        return ExportsView([_view(each) for each in found.items], found.next)

    @post("", status_code=202, summary="Take everything of mine out")
    async def start(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[ExportWish]
    ) -> ExportView:
        """Made in the background: ask for it again. 409 while another one is being made."""
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        export_id = await service.start(actor, locale, data.forms)
        return _view(await service.one(actor, export_id))

    @get("/{export_id:uuid}", summary="How far an export is")
    async def one(self, actor: NamedDependency[Actor], export_id: FromPath[UUID]) -> ExportView:
        return _view(await service.one(actor, export_id))

    @get("/{export_id:uuid}/{form:str}", summary="A file of an export", responses=FILE)
    async def fetch(
        self, actor: NamedDependency[Actor], export_id: FromPath[UUID], form: FromPath[str]
    ) -> Stream:
        """`fhir`, `csv` or `pdf`; of a Bundle in several parts `fhir-2` and on. 409 before it is
        ready, 410 once it is over."""
        return as_stream(await service.fetch(actor, export_id, form))

    @delete("/{export_id:uuid}", summary="Call an export off")
    async def cancel(self, actor: NamedDependency[Actor], export_id: FromPath[UUID]) -> None:
        """Its files are gone too."""
        await service.cancel(actor, export_id)


def as_stream(fetched: Fetched) -> Stream:
    pieces: Iterator[bytes] = fetched.pieces
    return Stream(
        pieces,
        media_type=MEDIA_TYPES[fetched.file.form],
        headers={
            "content-disposition": f'attachment; filename="{fetched.name}"',
            "content-length": str(fetched.file.bytes),
            "cache-control": "no-store",
        },
    )


def _view(job: Job) -> ExportView:
    files = job.files if job.is_ready(clock.now()) else ()
    return ExportView(
        id=job.export_id,
        state=job.state,
        percent=job.percent,
        stage=job.stage,
        done=job.done,
        total=job.total,
        requested_at=job.requested_at,
        expires_at=job.expires_at if files else None,
        files=[FileView(each.form, each.records, each.bytes, each.part) for each in files],
    )


routes: list[ControllerRouterHandler] = [MyExports]
