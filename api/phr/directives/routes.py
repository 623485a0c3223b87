"""One's wishes for apps: the statement, whom to call, documents, versions, and taking all back."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody
from litestar.response import Response
from msgspec import Meta, Struct, field

from api.core.actor import Actor
from api.identity.guards import API, VIEW, participants_only
from api.phr.directives import paper, people, service
from api.phr.directives.kinds import STATEMENT
from api.phr.directives.people import MOST, Person
from api.phr.entries.known import known
from api.phr.entries.service import Entry

_TEXT = Annotated[str, Meta(max_length=5000)]
_SHORT = Annotated[str, Meta(max_length=100)]


class StatementView(Struct):
    """`fields` without those that say nothing; `version` goes with a change."""

    version: int
    on: date
    fields: dict[str, str]
    written_at: datetime


class WishPersonView(Struct):
    name: _SHORT = ""
    relation: _SHORT = ""
    telephone: _SHORT = ""


class DocumentView(Struct):
    id: UUID
    dated: date
    title: str
    media_type: str
    size: int


class WishesView(Struct):
    """`people` in the order to call them; `people_version` goes with a change, 0 for none yet."""

    statement: StatementView | None
    people: list[WishPersonView]
    people_version: int
    documents: list[DocumentView]


class ChangeView(Struct):
    """`before` and `after` as written, "" where nothing was said."""

    name: str
    before: str
    after: str


class VersionView(Struct):
    version: int
    on: date
    written_at: datetime
    changes: list[ChangeView]


class Stated(Struct, forbid_unknown_fields=True):
    """`version`: the one that was shown, 0 for none; `sure` says yes to odd values."""

    fields: dict[Annotated[str, Meta(max_length=40)], _TEXT] = field(default_factory=dict)
    version: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    sure: Annotated[str, Meta(max_length=64)] = ""


class Called(Struct, forbid_unknown_fields=True):
    """All of them, in the order to call them."""

    people: Annotated[list[WishPersonView], Meta(max_length=MOST)] = field(default_factory=list)
    version: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class CalledView(Struct):
    """As they stand now; `version` goes with the next change, 0 where there is nobody."""

    people: list[WishPersonView]
    version: int


class HandedIn(Struct):
    """`dated`: the day that stands on it. `key`: a name of the app's own; the same again adds
    nothing."""

    file: UploadFile
    title: _SHORT = ""
    dated: Annotated[str, Meta(max_length=40)] = ""
    key: _SHORT = ""


class MyWishes(Controller):
    """What I want done when I cannot say it. Nobody writes it for somebody else."""

    path = "/me/wishes"
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My wishes"]  # noqa: RUF012

    @get("", opt=API | VIEW, summary="My wishes")
    async def shown(self, actor: NamedDependency[Actor]) -> WishesView:
        found = await service.wishes(actor)
        called = people.people_of(found.people.values) if found.people else ()
        return WishesView(
            _statement(found.statement) if found.statement else None,
            [WishPersonView(*each) for each in called],
            found.people.version if found.people else 0,
            [_document(each) for each in found.documents],
        )

    @put("/statement", opt=API, summary="State my wishes")
    async def state(self, actor: NamedDependency[Actor], data: JSONBody[Stated]) -> StatementView:
        """A new version. 409 where another stands by now; 422 names what is wrong by field."""
        fields = known(STATEMENT, data.fields)
        return _statement(await service.state(actor, fields, data.version, data.sure))

    @put("/people", opt=API, summary="Say whom to call")
    async def call(self, actor: NamedDependency[Actor], data: JSONBody[Called]) -> CalledView:
        """The whole list anew; an empty one takes it away."""
        wanted = [Person(each.name, each.relation, each.telephone) for each in data.people]
        written = await service.call(actor, wanted, data.version)
        called = people.people_of(written.values if written else {})
        return CalledView(
            [WishPersonView(*each) for each in called], written.version if written else 0
        )

    @get("/versions", opt=API | VIEW, summary="What changed in my wishes")
    async def versions(self, actor: NamedDependency[Actor]) -> list[VersionView]:
        """The newest first."""
        return [
            VersionView(
                each.entry.version,
                each.entry.on,
                each.entry.written_at,
                [ChangeView(*change) for change in each.changes],
            )
            for each in await service.versions(actor)
        ]

    @delete("", opt=API, summary="Take back my wishes")
    async def revoke(self, actor: NamedDependency[Actor]) -> None:
        """The statement, the list and every document, for good."""
        await service.revoke(actor)

    @post("/document", opt=API, summary="Add a document", request_max_body_size=paper.MOST_BODY)
    async def add(
        self, actor: NamedDependency[Actor], data: MultipartBody[HandedIn]
    ) -> DocumentView:
        """PDF, JPEG or PNG by its bytes, 5 MB at most."""
        body = await data.file.read()
        return _document(await service.add_document(actor, data.title, data.dated, body, data.key))

    @get("/document/{entry_id:uuid}", opt=API | VIEW, summary="A document of mine")
    async def document(
        self, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
    ) -> Response[bytes]:
        found = await service.document(actor, entry_id)
        return Response(found.body, media_type=found.media_type)

    @delete("/document/{entry_id:uuid}", opt=API, summary="Remove a document of mine")
    async def remove(self, actor: NamedDependency[Actor], entry_id: FromPath[UUID]) -> None:
        await service.remove_document(actor, entry_id)


def _statement(entry: Entry) -> StatementView:
    values = {name: value for name, value in entry.values.items() if name != "on"}
    return StatementView(entry.version, entry.on, values, entry.written_at)


def _document(entry: Entry) -> DocumentView:
    values = entry.values
    return DocumentView(
        entry.entry_id,
        date.fromisoformat(values["dated"]),
        values["title"],
        paper.MEDIA[values["media"]],
        paper.size_of(values["content"]),
    )


routes = [MyWishes]
