"""A participant's checkups year by year, for apps; the file itself goes to /me/checkup-files."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.checkup.items import DRAWN
from api.phr.doors import After
from api.phr.entries.service import cut
from api.records.checkups import schemas, service
from api.records.checkups.judging import judged
from api.records.checkups.schemas import (
    CheckupsView,
    CheckupView,
    CheckupWish,
    CheckupWrittenView,
    TrendView,
)


class MyCheckups(Controller):
    path = "/me/checkups"
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", opt=API | VIEW, summary="My checkups year by year")
    async def listed(
        self,
        actor: NamedDependency[Actor],
        after: After = "",
        count: Annotated[int, QueryParameter(ge=1, le=50)] = 20,
    ) -> CheckupsView:
        """Typed in, brought as a file, and sent by facilities; newest first."""
        shelf = await service.shelf(actor)
        page = cut(shelf.checkups, lambda each: each.checkup_id, after, count)
        return CheckupsView(
            [
                schemas.view(judged(each, shelf.person), is_safe=actor.is_safe)
                for each in page.items
            ],
            page.next,
        )

    @get("/{checkup_id:uuid}", opt=API | VIEW, summary="One of my checkups")
    async def one(self, actor: NamedDependency[Actor], checkup_id: FromPath[UUID]) -> CheckupView:
        shelf = await service.shelf(actor)
        found = judged(service.one_of(shelf, checkup_id), shelf.person)
        return schemas.view(found, is_safe=actor.is_safe)

    @get("/trends/{item:str}", opt=API | VIEW, summary="One item over the years")
    async def trend(self, actor: NamedDependency[Actor], item: FromPath[str]) -> TrendView:
        """404 for a word that names no item with numbers."""
        if item not in DRAWN:
            raise NotFound
        shelf = await service.shelf(actor)
        return schemas.trend_view(shelf.checkups, item, shelf.person)

    @post("", opt=API | UPLOAD, summary="Type in a checkup")
    async def add(
        self, actor: NamedDependency[Actor], data: JSONBody[CheckupWish]
    ) -> CheckupWrittenView:
        """422 names each field at fault; for odd values it gives `sure`, to be sent with the same
        again."""
        entry = await service.write(actor, data.fields(), sure=data.sure, key=data.key)
        return CheckupWrittenView(entry.entry_id, entry.version)

    @put("/{checkup_id:uuid}", opt=API | UPLOAD, summary="Correct a checkup I typed in")
    async def change(
        self,
        actor: NamedDependency[Actor],
        checkup_id: FromPath[UUID],
        data: JSONBody[CheckupWish],
    ) -> CheckupWrittenView:
        """409 when it has another version by now."""
        entry = await service.write(
            actor,
            data.fields(),
            sure=data.sure,
            checkup_id=checkup_id,
            version=data.version,
        )
        return CheckupWrittenView(entry.entry_id, entry.version)

    @delete("/{checkup_id:uuid}", opt=API | UPLOAD, summary="Remove a checkup I typed in")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        checkup_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """Every version, for good. 404 for any other record, 409 where `version` is no longer the
        newest."""
        await service.remove(actor, checkup_id, version)


routes = [MyCheckups]
