"""Children's books for apps: read, written, offered and taken."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.core import clock, i18n
from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.child import handing_over, kinds, schemas, service, writing
from api.phr.child.schemas import (
    BookWish,
    ChildBookView,
    ChildContentView,
    ChildEntryView,
    ChildEntryWish,
    ChildOfferView,
    ChildView,
    CodeWish,
    GrowthCurvesView,
    OfferedView,
    TakenView,
)
from api.phr.child.writing import What
from api.phr.doors import After, Count
from api.phr.entries.known import known
from api.phr.entries.paging import USUAL

ApiRequest = Request[Any, Any, Any]


class MyChildren(Controller):
    path = "/me/children"
    opt = API | VIEW
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", summary="Children's books I keep, and that of myself")
    async def listed(self, actor: NamedDependency[Actor]) -> list[ChildView]:
        return [schemas.child_view(each) for each in await service.children(actor)]

    @post("", opt=UPLOAD, summary="Begin a child's book")
    async def begin(self, actor: NamedDependency[Actor], data: JSONBody[BookWish]) -> ChildView:
        """422 names each field that cannot be, and each value that is to be said right once."""
        fields = known(kinds.CHILD, data.fields)
        made = await service.begin(
            actor, fields, sure=data.sure, is_self=data.is_self, key=data.key
        )
        return schemas.child_view(made)

    @get("/{book_id:uuid}", summary="A child's book with positions and checkups")
    async def one(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        after: After = "",
        count: Count = USUAL,
    ) -> ChildBookView:
        book = await service.book(actor, book_id)
        return schemas.book_view(book, clock.today_in_japan(), after, count)

    @get("/{book_id:uuid}/growth", summary="A child's growth on the national curves")
    async def curves(
        self, request: ApiRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
    ) -> GrowthCurvesView:
        """The survey's percentile lines, the child's values beside them, and a sentence on each
        measure in the language of `Accept-Language`."""
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return schemas.curves_view(await service.book(actor, book_id), locale)

    @put("/{book_id:uuid}", opt=UPLOAD, summary="Correct whose book it is")
    async def amend(
        self, actor: NamedDependency[Actor], book_id: FromPath[UUID], data: JSONBody[ChildEntryWish]
    ) -> ChildView:
        """409 where `version` is no longer the newest."""
        fields = known(kinds.CHILD, data.fields)
        changed = await service.amend(actor, book_id, fields, version=data.version, sure=data.sure)
        return schemas.child_view(changed)

    @delete("/{book_id:uuid}", opt=UPLOAD, summary="Remove a child's book")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, with everything in it. 409 where `version` is no longer the newest."""
        await service.remove(actor, book_id, version)

    @post("/{book_id:uuid}/entries/{what:str}", opt=UPLOAD, summary="Write of a child")
    async def write(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        what: FromPath[What],
        data: JSONBody[ChildEntryWish],
    ) -> ChildEntryView:
        """`what`: growth, checkup or milestone. 422 as for a book."""
        fields = known(kinds.PAIRS[what].of_child, data.fields)
        entry = await writing.write(actor, book_id, what, fields, sure=data.sure, key=data.key)
        return schemas.entry_view(entry)

    @put(
        "/{book_id:uuid}/entries/{what:str}/{entry_id:uuid}",
        opt=UPLOAD,
        summary="Correct what was written of a child",
    )
    async def change(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        what: FromPath[What],
        entry_id: FromPath[UUID],
        data: JSONBody[ChildEntryWish],
    ) -> ChildEntryView:
        """409 where `version` is no longer the newest."""
        entry = await writing.write(
            actor,
            book_id,
            what,
            known(kinds.PAIRS[what].of_child, data.fields),
            sure=data.sure,
            entry_id=entry_id,
            version=data.version,
        )
        return schemas.entry_view(entry)

    @delete(
        "/{book_id:uuid}/entries/{what:str}/{entry_id:uuid}",
        opt=UPLOAD,
        summary="Remove what was written of a child",
    )
    async def remove_entry(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        what: FromPath[What],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, every version. 409 where `version` is no longer the newest."""
        await writing.remove_entry(actor, book_id, what, entry_id, version)


class MyChildBookOffers(Controller):
    """A child's book goes to the child's own account. No proxy of the keeper gives it away."""

    path = "/me/children"
    opt = API
    guards = [participants_only]  # noqa: RUF012
    tags = ["My records"]  # noqa: RUF012

    @get("/{book_id:uuid}/offer", summary="What would move with a child's book")
    async def waiting(self, actor: NamedDependency[Actor], book_id: FromPath[UUID]) -> OfferedView:
        _, content, offer = await handing_over.content(actor, book_id)
        until = offer.expires_at if offer else None
        return OfferedView(schemas.content_view(content), until)

    @post("/{book_id:uuid}/offer", summary="Offer a child's book")
    async def offer(self, actor: NamedDependency[Actor], book_id: FromPath[UUID]) -> ChildOfferView:
        """The code serves once, for seven days; an earlier one no longer."""
        code = await handing_over.offer(actor, book_id)
        return ChildOfferView(code.digits, code.expires_at)

    @delete("/{book_id:uuid}/offer", summary="Call an offer off")
    async def call_off(self, actor: NamedDependency[Actor], book_id: FromPath[UUID]) -> None:
        await handing_over.call_off(actor, book_id)

    @post("/take/preview", opt=UPLOAD, status_code=200, summary="What a code brings")
    async def look(
        self, actor: NamedDependency[Actor], data: JSONBody[CodeWish]
    ) -> ChildContentView:
        """Nothing moves. 422 for every code that brings nothing, alike; 409 where the book is of
        somebody born on another day."""
        return schemas.content_view(await handing_over.look(actor, data.code))

    @post("/take", opt=UPLOAD, summary="Take over a book that is of me")
    async def take(self, actor: NamedDependency[Actor], data: JSONBody[CodeWish]) -> TakenView:
        """Every entry with its history, all or nothing. Refusals as of the preview."""
        return TakenView(await handing_over.take(actor, data.code))


routes = [MyChildren, MyChildBookOffers]
