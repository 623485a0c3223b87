"""The JSON door of the participant's answer to a facility that asks for its patient number."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import API, SETTINGS, participants_only
from api.records.linking import service as linking

ApiRequest = Request[Any, Any, Any]


class NumberAsked(Struct):
    """A facility asks whether I am its patient of this number; good until `expires_at`."""

    id: UUID
    facility_id: UUID
    facility: str
    number: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime


class NumbersAsked(Struct):
    asked: list[NumberAsked]


class NumberAnswer(Struct, forbid_unknown_fields=True):
    answer: Literal["linked", "refused"]


class PatientNumbers(Controller):
    path = "/me/patient-numbers"
    opt = API | SETTINGS
    guards = (participants_only,)
    tags = ("Settings",)

    @get("/", summary="Facilities that ask for my number there")
    async def waiting(self, request: ApiRequest, actor: NamedDependency[Actor]) -> NumbersAsked:
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return NumbersAsked(
            [
                NumberAsked(
                    each.link_id,
                    each.facility_id,
                    each.facility[locale],
                    each.local_id,
                    each.by_name,
                    each.asked_at,
                    each.expires_at,
                )
                for each in await linking.waiting(actor)
            ]
        )

    @post("/{link_id:uuid}/answer", status_code=204, summary="Yes, or no")
    async def answer(
        self,
        actor: NamedDependency[Actor],
        link_id: FromPath[UUID],
        data: JSONBody[NumberAnswer],
    ) -> None:
        await linking.answer(actor, link_id, data.answer)


routes: list[ControllerRouterHandler] = [PatientNumbers]
