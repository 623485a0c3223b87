"""The participant's own maternal record, for apps."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.doors import After, Count
from api.phr.entries.known import known
from api.phr.entries.paging import USUAL
from api.phr.maternal import kinds, schemas, service
from api.phr.maternal.schemas import (
    KINDS,
    FetalWeightsView,
    IdView,
    PregnancyEntryWish,
    PregnancyView,
    PregnancyWish,
    WholeView,
)

ApiRequest = Request[Any, Any, Any]


class MyPregnancies(Controller):
    """One pregnancy at a time is open. What a form may send, `fields` may, in the same words."""

    path = "/me/pregnancies"
    opt = API | UPLOAD
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My own record"]  # noqa: RUF012

    @get("", summary="My pregnancies", opt=API | VIEW)
    async def listed(
        self, actor: NamedDependency[Actor], closed: FromQuery[bool] = False
    ) -> list[PregnancyView]:
        """The latest first. What was closed without a birth only where it is asked for."""
        found = await service.books(actor)
        return [schemas.pregnancy(each) for each in found if closed or each.state != "closed"]

    @post("", summary="Begin the record of a pregnancy")
    async def begin(self, actor: NamedDependency[Actor], data: JSONBody[PregnancyWish]) -> IdView:
        """409 while another is open; 422 for days that cannot be."""
        known(kinds.PREGNANCY, data.fields)
        return IdView(await service.begin(actor, data.asked()))

    @get("/{pregnancy_id:uuid}", summary="One pregnancy, all of it", opt=API | VIEW)
    async def one(
        self,
        actor: NamedDependency[Actor],
        pregnancy_id: FromPath[UUID],
        after: After = "",
        count: Count = USUAL,
    ) -> WholeView:
        """With the visits and tests ahead, and what the figures say beside the published ones."""
        found = await service.book(actor, pregnancy_id)
        dated = await service.due_dates(actor, pregnancy_id)
        return schemas.whole(found, dated, after, count)

    @get(
        "/{pregnancy_id:uuid}/fetal-weights",
        summary="Estimated weights before birth on the national curve",
        opt=API | VIEW,
    )
    async def fetal_weights(
        self, request: ApiRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
    ) -> FetalWeightsView:
        """The curve, what was measured beside it, and a sentence on the newest."""
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return schemas.fetal_weights(await service.book(actor, pregnancy_id), locale)

    @put("/{pregnancy_id:uuid}", summary="Correct the due date or the figures before")
    async def correct(
        self,
        actor: NamedDependency[Actor],
        pregnancy_id: FromPath[UUID],
        data: JSONBody[PregnancyWish],
    ) -> IdView:
        """What stood before is kept."""
        known(kinds.PREGNANCY, data.fields)
        await service.correct(actor, pregnancy_id, data.asked())
        return IdView(pregnancy_id)

    @delete("/{pregnancy_id:uuid}", summary="Remove a pregnancy and all that was written in it")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        pregnancy_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good. 409 where `version` is no longer the newest."""
        await service.remove(actor, pregnancy_id, version)

    @post("/{pregnancy_id:uuid}/close", summary="Close a record without a birth", status_code=200)
    async def close(self, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]) -> IdView:
        """Nothing is asked, and it is shown no more unless asked for."""
        await service.close(actor, pregnancy_id)
        return IdView(pregnancy_id)

    @post("/{pregnancy_id:uuid}/reopen", summary="Open a closed record again", status_code=200)
    async def reopen(self, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]) -> IdView:
        """409 while another is open."""
        await service.reopen(actor, pregnancy_id)
        return IdView(pregnancy_id)

    @post("/{pregnancy_id:uuid}/entries", summary="Write a visit, a test, the birth or a newborn")
    async def write(
        self,
        actor: NamedDependency[Actor],
        pregnancy_id: FromPath[UUID],
        data: JSONBody[PregnancyEntryWish],
    ) -> IdView:
        """A birth closes the pregnancy. 422 with `odd` and `sure` for what is asked about once."""
        kind = KINDS[data.kind]
        known(kinds.OF_NAME[kind], data.fields)
        return IdView(await service.write(actor, pregnancy_id, kind, data.asked()))

    @put("/{pregnancy_id:uuid}/entries/{entry_id:uuid}", summary="Correct an entry")
    async def change(
        self,
        actor: NamedDependency[Actor],
        pregnancy_id: FromPath[UUID],
        entry_id: FromPath[UUID],
        data: JSONBody[PregnancyEntryWish],
    ) -> IdView:
        """Of the `version` that was read; 409 where there is a newer one."""
        kind = KINDS[data.kind]
        known(kinds.OF_NAME[kind], data.fields)
        return IdView(await service.write(actor, pregnancy_id, kind, data.asked(), entry_id))

    @delete("/{pregnancy_id:uuid}/entries/{entry_id:uuid}", summary="Remove an entry")
    async def remove_entry(
        self,
        actor: NamedDependency[Actor],
        pregnancy_id: FromPath[UUID],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good; a birth with its newborns, and the pregnancy is open again. 409 where `version`
        is no longer the newest."""
        await service.remove_entry(actor, pregnancy_id, entry_id, version)


class MyPregnancyShown(Controller):
    """A minor's own say: nobody has it for them."""

    path = "/me/pregnancies"
    opt = API
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My own record"]  # noqa: RUF012

    @post(
        "/{pregnancy_id:uuid}/show",
        summary="Show it to whoever acts for me",
        status_code=200,
    )
    async def show(self, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]) -> IdView:
        """A minor's own say: from 15 to 17 it is kept from a parent until then."""
        await service.show_to_proxies(actor, pregnancy_id, is_shown=True)
        return IdView(pregnancy_id)

    @post(
        "/{pregnancy_id:uuid}/keep",
        summary="Keep it from whoever acts for me",
        status_code=200,
    )
    async def keep(self, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]) -> IdView:
        await service.show_to_proxies(actor, pregnancy_id, is_shown=False)
        return IdView(pregnancy_id)


routes = [MyPregnancies, MyPregnancyShown]
