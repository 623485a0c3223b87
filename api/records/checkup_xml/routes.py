"""A participant's own checkup file, for apps: looked at, kept, listed and removed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, participants_only
from api.records.checkup_xml import own
from api.records.provenance import By

BODY_LIMIT = 4 * 1024 * 1024

ApiRequest = Request[Any, Any, Any]


class FindingView(Struct):
    """`value` in the file's words and units; `level` what the file says of it, empty if nothing.

    `is_known`: item and unit are in the tables of the national form.
    """

    name: str
    value: str
    level: str
    is_known: bool


class PreviewView(Struct):
    """Nothing is stored. `is_held`: this very checkup is stored already. `counted`: the ZIP's index
    speaks of so many checkups, though one came. In safe mode `institution` is empty."""

    on: date
    name: str
    institution: str
    findings: list[FindingView]
    has_unknown: bool
    is_other_insurer: bool
    is_held: bool
    counted: int | None


class KeptView(Struct):
    """`id` removes it again."""

    id: UUID
    changed: int


class BroughtView(Struct):
    """`by`: `brought` by the participant, or `proxy` for somebody acting for them."""

    id: UUID
    on: date
    institution: str
    findings: int
    brought_at: datetime
    by: By


class MyCheckupFiles(Controller):
    """The body is the file itself: the national checkup XML, or a ZIP with one in it."""

    path = "/me/checkup-files"
    opt = API | UPLOAD
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", summary="Checkups I added")
    async def listed(self, actor: NamedDependency[Actor]) -> list[BroughtView]:
        """`institution` is empty in safe mode: no directory knows every name a file may hold."""
        found = await own.brought(actor)
        if actor.is_safe:
            found = [each._replace(institution="") for each in found]
        return [BroughtView(*each) for each in found]

    @post(
        "/preview",
        summary="What a checkup file says",
        status_code=200,
        request_max_body_size=BODY_LIMIT,
    )
    async def look(self, request: ApiRequest, actor: NamedDependency[Actor]) -> PreviewView:
        """422 for a file that cannot be read or is about somebody else; nothing is stored."""
        seen = await own.look(actor, await request.body())
        if actor.is_safe:
            seen = seen._replace(institution="")
        findings = [FindingView(*each) for each in seen.findings]
        return PreviewView(**{**seen._asdict(), "findings": findings})

    @post("", summary="Add a checkup file", request_max_body_size=BODY_LIMIT)
    async def keep(self, request: ApiRequest, actor: NamedDependency[Actor]) -> KeptView:
        """The file and its findings, all or nothing; the same file again changes nothing."""
        return KeptView(*await own.keep(actor, await request.body()))

    @delete("/{document_id:uuid}", summary="Remove a checkup I added")
    async def remove(self, actor: NamedDependency[Actor], document_id: FromPath[UUID]) -> None:
        """For good: the file, its findings and their versions. 404 for any other record."""
        await own.remove(actor, document_id)


routes = [MyCheckupFiles]
