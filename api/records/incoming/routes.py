"""FHIR R4 for facility systems: transactions, batches and single resources coming in."""

from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

import msgspec
from litestar import Request, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.params import FromPath
from litestar.response import Response

from api.core import i18n, runtime
from api.core.actor import Actor
from api.fhir.bundle import Written, written_bundle
from api.fhir.outcome import Issue, operation_outcome
from api.fhir.prefer import preferences
from api.identity.guards import systems_that_write
from api.records.errors import NotStored, UnknownType, WrongMediaType
from api.records.incoming import service as ingest
from api.records.incoming.service import Stored, StoredRecord, Update
from api.records.incoming.versions import instant
from api.records.parse import MAX_BYTES
from api.records.routes import FHIR_JSON, FhirReads
from api.records.shapes import R4_TYPES, SHAPES

# Above our own limit, so that a body a little too large still gets our own answer.
BODY_LIMIT = MAX_BYTES + 64 * 1024
STORED = {
    200: ResponseSpec(
        bytes,
        generate_examples=False,
        description="A Bundle's answers, or a version of a resource held already",
        media_type=FHIR_JSON,
    )
}

RESOURCE = Schema(
    type=OpenAPIType.OBJECT,
    required=["resourceType"],
    properties={
        "resourceType": Schema(type=OpenAPIType.STRING, enum=["Bundle", *SHAPES]),
        "type": Schema(type=OpenAPIType.STRING, description="Of a Bundle: what is done with it"),
        "entry": Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT)),
    },
)


@dataclass
class TakesFhir(Operation):
    """A FHIR resource in the body, which is read as it came."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            {FHIR_JSON: OpenAPIMediaType(schema=RESOURCE)}, required=True
        )


UPDATED = STORED | {
    201: ResponseSpec(
        bytes, generate_examples=False, description="A new record", media_type=FHIR_JSON
    )
}

FhirRequest = Request[Any, Any, Any]


class Fhir(FhirReads):
    """Reads, and writes beside them: Litestar wants one controller for one path.

    A body is stored wholly or not at all; in a batch, each entry is.
    """

    @post(
        "",
        guards=[systems_that_write],
        request_max_body_size=BODY_LIMIT,
        operation_class=TakesFhir,
        media_type=FHIR_JSON,
        responses=STORED,
    )
    async def submit(self, request: FhirRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """A transaction or batch Bundle, a document, or one resource.

        Under an `Idempotency-Key` the same request has the same answer for a day."""
        stored = await ingest.store(actor, await _body(request), key=_key(request))
        return _answer(request, stored)

    @post(
        "/{resource_type:str}",
        guards=[systems_that_write],
        request_max_body_size=BODY_LIMIT,
        operation_class=TakesFhir,
        media_type=FHIR_JSON,
        responses=STORED,
    )
    async def create(
        self, request: FhirRequest, resource_type: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """One resource of this type: 201 when it is new, 200 when it is a version of one held, or
        when `If-None-Exist` (`identifier=system|value`) finds one."""
        if resource_type not in R4_TYPES:
            raise UnknownType
        stored = await ingest.store(
            actor,
            await _body(request),
            resource_type=resource_type,
            if_none_exist=request.headers.get("if-none-exist"),
            key=_key(request),
        )
        return _answer(request, stored)

    @put(
        "/{resource_type:str}",
        guards=[systems_that_write],
        request_max_body_size=BODY_LIMIT,
        operation_class=TakesFhir,
        media_type=FHIR_JSON,
        responses=UPDATED,
    )
    async def update_named(
        self, request: FhirRequest, resource_type: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """The record that `?identifier=system|value` names, or a new one where there is none."""
        query = request.scope["query_string"].decode("ascii", "replace")
        update = Update(query=query, if_match=request.headers.get("if-match"))
        return await self._update(request, resource_type, actor, update)

    @put(
        "/{resource_type:str}/{resource_id:str}",
        guards=[systems_that_write],
        request_max_body_size=BODY_LIMIT,
        operation_class=TakesFhir,
        media_type=FHIR_JSON,
        responses=UPDATED,
    )
    async def update(
        self,
        request: FhirRequest,
        resource_type: FromPath[str],
        resource_id: FromPath[str],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """The record of this id of ours; or under an id of the sender's own, which stays its name
        for it. `If-Match` with the version it follows refuses what came in between."""
        update = Update(resource_id, if_match=request.headers.get("if-match"))
        return await self._update(request, resource_type, actor, update)

    async def _update(
        self, request: FhirRequest, resource_type: str, actor: Actor, update: Update
    ) -> Response[bytes]:
        if resource_type not in R4_TYPES:
            raise UnknownType
        body = await _body(request)
        stored = await ingest.store(
            actor, body, resource_type=resource_type, update=update, key=_key(request)
        )
        return _answer(request, stored)


routes = [Fhir]


def _key(request: FhirRequest) -> str | None:
    key: str | None = request.headers.get("idempotency-key")
    return key


async def _body(request: FhirRequest) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (FHIR_JSON, "application/json"):
        raise WrongMediaType
    return await request.body()


def _answer(request: FhirRequest, stored: Stored) -> Response[bytes]:
    if stored.kind in ("single", "document"):
        record = stored.entries[0]
        if not isinstance(record, StoredRecord):
            raise LookupError("a single resource is a record")
        return _one(request, record)
    is_batch = stored.kind == "batch"
    bundle = written_bundle("batch" if is_batch else "transaction", map(_written, stored.entries))
    return Response(msgspec.json.encode(bundle), status_code=200, media_type=FHIR_JSON)


def _one(request: FhirRequest, record: StoredRecord) -> Response[bytes]:
    is_minimal = preferences(request.headers.getall("prefer", [])).get("return") == "minimal"
    return Response(
        b"" if is_minimal else record.version.body.encode(),
        status_code=201 if record.change == "created" else 200,
        media_type=FHIR_JSON,
        headers={
            "Location": f"{runtime.fhir_base()}/{_location(record)}",
            "ETag": _etag(record),
            "Last-Modified": format_datetime(record.version.recorded_at, usegmt=True),
        },
    )


def _written(entry: StoredRecord | NotStored | None) -> Written:
    match entry:
        case StoredRecord():
            return Written(
                "201 Created" if entry.change == "created" else "200 OK",
                _location(entry),
                _etag(entry),
                instant(entry.version.recorded_at),
            )
        case NotStored():
            return Written(f"{entry.status}", outcome=operation_outcome(entry.issues))
        case None:
            return Written("200 OK", outcome=operation_outcome([_folded()]))


def _folded() -> Issue:
    words = " / ".join(i18n.text(locale, "record.folded") for locale in i18n.LOCALES)
    return Issue("informational", "record.folded", words, severity="information")


def _location(record: StoredRecord) -> str:
    return f"{record.resource_type}/{record.resource_id}"


def _etag(record: StoredRecord) -> str:
    return f'W/"{record.version.number}"'
