"""`$summary`: the International Patient Summary of one person, for whoever may see them."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.apps.tokens import AppAccess
from api.identity.guards import (
    API,
    VIEW,
    participants_only,
    professionals_apps_and_reading_systems,
)
from api.records.errors import UnknownParameter, UnknownType
from api.records.reading.search import id_of
from api.records.reading.wire import Answer, evenly, fhir, not_found
from api.records.summary import service

FHIR_JSON = "application/fhir+json"
PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"
ApiRequest = Request[Any, Any, Any]


class Summaries(Controller):
    # A path that named Patient would hide the search and the read of Patients beside it.
    path = "/fhir/R4"
    opt = {"door": "fhir"}  # noqa: RUF012 - Litestar's own declaration
    guards = (professionals_apps_and_reading_systems,)
    tags = ("FHIR R4",)

    @get("/{resource_type:str}/{resource_id:str}/$summary", media_type=FHIR_JSON)
    async def summary(
        self,
        request: ApiRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """An IPS document of what the requester may see now; 404 where that is nothing. `profile`
        may name the IPS Bundle, no other."""
        asked = dict(request.query_params)
        if asked.pop("profile", PROFILE) != PROFILE:
            raise UnknownParameter("profile")
        if others := asked.keys() - {"_format"}:
            raise UnknownParameter(*sorted(others))
        if resource_type != service.PATIENT:
            raise UnknownType
        subject = id_of(resource_id)
        app: AppAccess | None = request.scope["state"].get("app")
        if app is not None:
            return Response(await service.for_app(app, subject), media_type=FHIR_JSON)
        return await evenly(_shown(actor, subject))


class MySummary(Controller):
    path = "/me/summary"
    opt = API | VIEW
    guards = (participants_only,)
    tags = ("My records",)

    @get("", summary="My records in short", media_type=FHIR_JSON)
    async def mine(self, actor: NamedDependency[Actor]) -> Response[bytes]:
        """An IPS document (FHIR Bundle) of what I know of myself."""
        return Response(await service.own_document(actor), media_type=FHIR_JSON)


async def _shown(actor: Actor, subject: UUID) -> Answer:
    made = await service.for_requester(actor, subject)
    if made.document is None:
        raise not_found(made.event)
    return fhir(made.document, made.event, is_shown=True)


routes: list[ControllerRouterHandler] = [Summaries, MySummary]
