"""FHIR R4 for facility systems: search, read and look back; every answer is a logged act."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from litestar import Controller, get, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath
from litestar.response import Response

from api.core import runtime
from api.core.actor import Actor
from api.fhir.capability import Offered, capability_statement
from api.identity.guards import anyone, apps_and_reading_systems, systems_that_read
from api.records.apps import doors as app_doors
from api.records.errors import UnknownParameter, WrongMediaType
from api.records.reading import doors, including, search
from api.records.reading.wire import FHIR_JSON, FhirRequest, evenly, fhir

__all__ = ["FHIR_JSON", "FhirReads"]

PUBLISHED_ON = "2026-11-29"
FORM = "application/x-www-form-urlencoded"
READS = [HttpMethod.GET, HttpMethod.HEAD]


class FhirReads(Controller):
    """Unknown, forbidden and empty answer alike: an empty Bundle, or 404 for one id."""

    path = "/fhir/R4"
    opt = {"door": "fhir"}  # noqa: RUF012 - Litestar's own declaration
    tags = ["FHIR R4"]  # noqa: RUF012

    @get("/metadata", guards=[anyone], media_type=FHIR_JSON)
    async def capabilities(self) -> Response[bytes]:
        """CapabilityStatement."""
        statement = capability_statement(runtime.fhir_base(), "0.1.0", PUBLISHED_ON, offered())
        return fhir(msgspec.json.encode(statement))

    @get("", guards=[systems_that_read], media_type=FHIR_JSON)
    async def search_all(
        self, request: FhirRequest, actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Search over several types at once (`_type`), by patient."""
        return await evenly(doors.find(request, actor, None, _asked(request)))

    @post("/_search", guards=[systems_that_read], media_type=FHIR_JSON, status_code=200)
    async def post_search_all(
        self, request: FhirRequest, actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """The same, with the parameters in a form."""
        pairs = await _posted(request)
        return await evenly(doors.find(request, actor, None, pairs))

    @get("/{resource_type:str}", guards=[apps_and_reading_systems], media_type=FHIR_JSON)
    async def search(
        self, request: FhirRequest, resource_type: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Search by `patient` (id) or `patient.identifier` / `patient:identifier`
        (system|value); which other parameters and includes a type has is in the
        CapabilityStatement. `_count` up to 200, paging through the `next` link. An app finds what
        it was allowed of the one person who connected it."""
        return await _find(request, actor, resource_type, _asked(request))

    @post(
        "/{resource_type:str}/_search",
        guards=[apps_and_reading_systems],
        media_type=FHIR_JSON,
        status_code=200,
    )
    async def post_search(
        self, request: FhirRequest, resource_type: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """The same, with the parameters in a form: a number so typed is in no address."""
        return await _find(request, actor, resource_type, await _posted(request))

    @route(
        "/{resource_type:str}/{resource_id:str}",
        http_method=READS,
        guards=[apps_and_reading_systems],
        media_type=FHIR_JSON,
    )
    async def one(
        self,
        request: FhirRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """One resource by its id; 304 for the version named in `If-None-Match`."""
        app = request.scope["state"].get("app")
        if app is not None:
            return await app_doors.read(app, resource_type, search.id_of(resource_id))
        _only(request, "_format")
        return await evenly(doors.read(request, actor, resource_type, resource_id))

    @get(
        "/{resource_type:str}/{resource_id:str}/_history",
        guards=[systems_that_read],
        media_type=FHIR_JSON,
    )
    async def history(
        self,
        request: FhirRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """All versions of one resource, the newest first; `_since`, `_count`."""
        pairs = _asked(request)
        return await evenly(doors.history(actor, resource_type, resource_id, pairs))

    @route(
        "/{resource_type:str}/{resource_id:str}/_history/{version:str}",
        http_method=READS,
        guards=[systems_that_read],
        media_type=FHIR_JSON,
    )
    async def version(
        self,
        request: FhirRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        version: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """One version of one resource."""
        _only(request, "_format")
        return await evenly(doors.version(request, actor, resource_type, resource_id, version))

    @get(
        "/{resource_type:str}/{resource_id:str}/$everything",
        guards=[systems_that_read],
        media_type=FHIR_JSON,
    )
    async def everything(
        self,
        request: FhirRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """Of a Patient: who it is and every record that may be seen; `start`, `end`, `_since`,
        `_type`, `_count` up to 200."""
        pairs = _asked(request)
        return await evenly(doors.everything(actor, resource_type, resource_id, pairs))


def offered() -> list[Offered]:
    """What each type is searched by; the access log is served above this feature
    (reading.fhir_routes). Modifiers are no parameters of their own."""
    by_patient = {"patient": "reference", "patient.identifier": "token"}
    return [
        *(
            Offered(
                name,
                _listed(search.parameters(name)),
                is_stored=True,
                includes=including.listed(name),
            )
            for name in search.STORED
        ),
        Offered("Patient", {"identifier": "token", "birthdate": "date", "_id": "token"}),
        Offered(doors.CONSENT, by_patient),
        Offered("AuditEvent", {"patient": "reference"}),
    ]


def _listed(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in parameters.items() if ":" not in name}


async def _find(
    request: FhirRequest, actor: Actor, resource_type: str, pairs: doors.Pairs
) -> Response[bytes]:
    app = request.scope["state"].get("app")
    if app is not None:
        return await app_doors.find(app, resource_type, pairs)
    return await evenly(doors.find(request, actor, resource_type, pairs))


def _asked(request: FhirRequest) -> doors.Pairs:
    return [(name, str(value)) for name, value in request.query_params.multi_items()]


def _only(request: FhirRequest, *known: str) -> None:
    doors.named(_asked(request), frozenset(known))


async def _posted(request: FhirRequest) -> doors.Pairs:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise WrongMediaType
    try:
        text = (await request.body()).decode()
        return [*_asked(request), *parse_qsl(text, keep_blank_values=True, max_num_fields=100)]
    except ValueError:
        raise UnknownParameter from None
