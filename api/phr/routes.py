"""The shelf over JSON: which books there are, what is newest and what comes next."""

from datetime import date, datetime

from litestar import Controller, get
from litestar.di import NamedDependency
from msgspec import Struct

from api.core.actor import Actor
from api.identity.guards import API, VIEW, participants_only
from api.phr import shelf


class ShelfNextView(Struct):
    """`why`: `opens` where something can be done from that day, `ends` where its time ends;
    `child`: the child's book it is of, none for oneself, `whose` the child's name, "" for oneself.
    """

    on: date
    why: str
    child: str | None
    whose: str


class ShelfBookView(Struct):
    """`newest` is what kind of entry was written last, and when."""

    name: str
    entries: int
    newest: str | None
    written_at: datetime | None
    next: ShelfNextView | None


class MyBooks(Controller):
    path = "/me/books"
    opt = API | VIEW
    guards = (participants_only,)
    tags = ("My books",)

    @get("", summary="My books")
    async def listed(self, actor: NamedDependency[Actor]) -> list[ShelfBookView]:
        return [
            ShelfBookView(
                each.book.name,
                each.entries,
                each.title or None,
                each.written_at,
                ShelfNextView(
                    shelf.ends_on(each.next), each.next.why, each.child or None, each.whose
                )
                if each.next
                else None,
            )
            for each in await shelf.standings(actor)
        ]
