"""`$export`: FHIR Bulk Data Access for a facility's own patients, by the asynchronous pattern."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from litestar.response import Response, Stream
from litestar.types import ControllerRouterHandler

from api.core import runtime
from api.core.actor import Actor
from api.core.errors import NotFound
from api.fhir.prefer import preferences
from api.identity.guards import systems_that_read
from api.records import parse
from api.records.bulk import files, service
from api.records.bulk.errors import AsyncNeeded, BadExport
from api.records.bulk.rules import FORMATS, NDJSON, Wish, manifest
from api.records.parse import as_objects, as_text, read_moment

FHIR_JSON: Final = "application/fhir+json"
PARAMETERS: Final = frozenset({"_type", "_since", "_outputFormat"})
MOST_BYTES: Final = 20_000

WAITING: Final = {
    202: ResponseSpec(
        data_container=None,
        generate_examples=False,
        description="Still being made: `X-Progress`, `Retry-After`.",
    )
}

FhirRequest = Request[Any, Any, Any]


class Exports(Controller):
    path = "/fhir/R4"
    opt = {"door": "fhir"}  # noqa: RUF012 - Litestar's own declaration
    guards = (systems_that_read,)
    tags = ("FHIR R4 Bulk Data",)

    @get("/Group/{group_id:str}/$export", status_code=202, media_type=FHIR_JSON)
    async def asked(
        self, request: FhirRequest, group_id: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Asks for all the facility may see of its own patients: `own-patients`, or the facility's
        id or number. `_type`, `_since`, `_outputFormat`; `Prefer: respond-async`."""
        return await _start(request, group_id, actor, list(request.query_params.multi_items()))

    @post("/Group/{group_id:str}/$export", status_code=202, media_type=FHIR_JSON)
    async def posted(
        self, request: FhirRequest, group_id: FromPath[str], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """As by GET, with a FHIR Parameters resource."""
        body = await request.body()
        if len(body) > MOST_BYTES:
            raise BadExport
        try:
            asked = parse.decode(body)
        except parse.Refused as error:
            raise BadExport from error
        if asked["resourceType"] != "Parameters":
            raise BadExport
        pairs = []
        for each in as_objects(asked.get("parameter")):
            value = next((each[name] for name in each if name.startswith("value")), None)
            pairs.append((as_text(each.get("name")), as_text(value)))
        return await _start(request, group_id, actor, pairs)

    @get("/bulk-export/{export_id:uuid}", media_type="application/json", responses=WAITING)
    async def status(
        self, export_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """202 with `X-Progress` while it is being made, then its manifest."""
        job = await service.status(actor, export_id)
        if job.state != "done":
            wait = {"x-progress": f"{job.percent}%", "retry-after": str(service.ASK_AGAIN_SECONDS)}
            return Response(b"", status_code=202, media_type=FHIR_JSON, headers=wait)
        headers = {}
        if job.expires_at is not None:
            headers["expires"] = f"{job.expires_at:%a, %d %b %Y %H:%M:%S} GMT"
        body = msgspec.json.encode(manifest(job, _place(export_id)))
        return Response(body, media_type="application/json", headers=headers)

    @delete("/bulk-export/{export_id:uuid}", status_code=202, media_type=FHIR_JSON)
    async def cancel(
        self, export_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Calls it off, or has its files removed before their time."""
        await service.cancel(actor, export_id)
        return Response(b"", status_code=202, media_type=FHIR_JSON)

    @get("/bulk-export/{export_id:uuid}/{name:str}", media_type=NDJSON)
    async def file(
        self, export_id: FromPath[UUID], name: FromPath[str], actor: NamedDependency[Actor]
    ) -> Stream:
        """One file, for the same system's access token."""
        found, path = await service.file(actor, export_id, name)
        if not path.is_file():
            raise NotFound
        headers = {"content-length": str(found.bytes)}
        return Stream(_pieces(path, found.bytes), media_type=NDJSON, headers=headers)


async def _pieces(path: Any, size: int) -> AsyncIterator[bytes]:
    pieces = files.pieces(path, size)
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


async def _start(
    request: FhirRequest, group_id: str, actor: Actor, pairs: list[tuple[str, str]]
) -> Response[bytes]:
    if "respond-async" not in preferences(request.headers.getall("prefer", [])):
        raise AsyncNeeded
    export_id = await service.start(actor, group_id, _wish(pairs, str(request.url.path)))
    headers = {"content-location": _place(export_id)}
    return Response(b"", status_code=202, media_type=FHIR_JSON, headers=headers)


def _wish(pairs: list[tuple[str, str]], path: str) -> Wish:
    """FHIR R4 §3.1.1: what we would ignore could widen the answer, so it is refused."""
    asked: dict[str, list[str]] = {}
    for name, value in pairs:
        asked.setdefault(name, []).append(value)
    if asked.keys() - PARAMETERS or any(len(asked.get(n, ())) > 1 for n in PARAMETERS - {"_type"}):
        raise BadExport
    if asked.get("_outputFormat", ["ndjson"])[0] not in FORMATS:
        raise BadExport
    types = tuple(dict.fromkeys(t for text in asked.get("_type", ()) for t in text.split(",") if t))
    since = _since(asked["_since"][0]) if "_since" in asked else None
    query = "&".join(
        f"{name}={value}"
        for name, value in (
            ("_type", ",".join(types)),
            ("_since", since.isoformat().replace("+00:00", "Z") if since else ""),
        )
        if value
    )
    url = f"{runtime.settings().public_url}{path}{'?' if query else ''}{query}"
    return Wish(types, since, url)


def _since(text: str) -> datetime:
    try:
        _, at = read_moment(text)
    except ValueError:
        at = None
    if at is None:
        raise BadExport
    return at


def _place(export_id: UUID) -> str:
    return f"{runtime.fhir_base()}/bulk-export/{export_id}"


routes: list[ControllerRouterHandler] = [Exports]
