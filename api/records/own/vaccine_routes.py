"""One's own vaccines for apps: read with what is next, written, corrected and removed."""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.core.actor import Actor
from api.identity.guards import API, UPLOAD, VIEW, participants_only
from api.phr.immunization import schemas
from api.phr.immunization.schemas import DoseView, DoseWish, VaccinationsView
from api.records.own import vaccines


class MyImmunizations(Controller):
    path = "/me/immunizations"
    opt = API | UPLOAD
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My records"]  # noqa: RUF012

    @get("", opt=VIEW, summary="My vaccines, given and next")
    async def listed(self, actor: NamedDependency[Actor]) -> VaccinationsView:
        """Also doses that facilities recorded; `doses` are those I wrote."""
        return schemas.vaccinations_view(await vaccines.mine(actor))

    @post("", summary="Write a dose of mine")
    async def write(self, actor: NamedDependency[Actor], data: JSONBody[DoseWish]) -> DoseView:
        """422 names what cannot be; of what is odd alone it gives a `sure` that says yes."""
        made = await vaccines.write(actor, data.fields(), sure=data.sure, key=data.key)
        return schemas.dose_view(made)

    @put("/{entry_id:uuid}", summary="Correct a dose of mine")
    async def correct(
        self, actor: NamedDependency[Actor], entry_id: FromPath[UUID], data: JSONBody[DoseWish]
    ) -> DoseView:
        """409 where `version` is no longer the newest."""
        changed = await vaccines.write(
            actor, data.fields(), sure=data.sure, entry_id=entry_id, version=data.version
        )
        return schemas.dose_view(changed)

    @delete("/{entry_id:uuid}", summary="Remove a dose of mine")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        entry_id: FromPath[UUID],
        version: FromQuery[int | None] = None,
    ) -> None:
        """For good, every version. 409 where `version` is no longer the newest."""
        await vaccines.remove(actor, entry_id, version)


routes = [MyImmunizations]
