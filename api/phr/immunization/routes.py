"""A child's doses for apps: read with what is next, written, corrected and removed."""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.child.handing_over import also_moves
from api.phr.child.service import also_follows
from api.phr.immunization import schemas, service
from api.phr.immunization.kinds import PAIR
from api.phr.immunization.schemas import DoseView, DoseWish, VaccinationsView

also_moves((PAIR,))
also_follows(service.follow_in)


class ChildImmunizations(Controller):
    path = "/me/children/{book_id:uuid}/immunizations"
    opt = API | UPLOAD
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", opt=VIEW, summary="A child's vaccines, given and next")
    async def listed(
        self, actor: NamedDependency[Actor], book_id: FromPath[UUID]
    ) -> VaccinationsView:
        return schemas.vaccinations_view(await service.vaccinations(actor, book_id))

    @post("", summary="Write a child's dose")
    async def write(
        self, actor: NamedDependency[Actor], book_id: FromPath[UUID], data: JSONBody[DoseWish]
    ) -> DoseView:
        """422 names what cannot be; of what is odd alone it gives a `sure` that says yes."""
        made = await service.write(actor, book_id, data.fields(), sure=data.sure, key=data.key)
        return schemas.dose_view(made)

    @put("/{entry_id:uuid}", summary="Correct a child's dose")
    async def correct(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        entry_id: FromPath[UUID],
        data: JSONBody[DoseWish],
    ) -> DoseView:
        """409 where `version` is no longer the newest."""
        changed = await service.write(
            actor,
            book_id,
            data.fields(),
            sure=data.sure,
            entry_id=entry_id,
            version=data.version,
        )
        return schemas.dose_view(changed)

    @delete("/{entry_id:uuid}", summary="Remove a child's dose")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        book_id: FromPath[UUID],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, every version. 409 where `version` is no longer the newest."""
        await service.remove(actor, book_id, entry_id, version=version)


routes = [ChildImmunizations]
