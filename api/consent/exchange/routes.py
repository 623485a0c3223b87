"""Settings to take along: signed receipts, FHIR Consent out and in, and the keys to check with."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent.errors import VersionNeeded
from api.consent.exchange import receipts
from api.consent.exchange import service as exchange
from api.consent.exchange.receipts import SavedVersion
from api.consent.settings.changes import Origin
from api.consent.settings.conflicts import both_shown
from api.core import i18n, runtime
from api.core.actor import Actor
from api.identity.guards import API, SETTINGS, anyone, participants_only

FHIR_JSON = "application/fhir+json"
JOSE = "application/jose"
KEYS_SECONDS = 300
BODY = {
    200: ResponseSpec(
        bytes, generate_examples=False, description="The Consent as taken in", media_type=FHIR_JSON
    )
}

ApiRequest = Request[Any, Any, Any]
# PostgreSQL's integers end before Python's do.
Version = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Before = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]
Count = Annotated[int, QueryParameter(ge=1, le=100)]


class ReceiptLine(Struct):
    """`change`: how the version came to be. `kid` is null where there is no receipt."""

    version: int
    saved_at: datetime
    change: Origin | Literal["switches"]
    kid: str | None


class Receipts(Struct):
    """Newest first; ask again with `before` for the next page, null at the end."""

    receipts: list[ReceiptLine]
    before: int | None


class JsonWebKeys(Struct):
    keys: list[dict[str, str]]


class MyConsent(Controller):
    path = "/me/disclosure"
    opt = API | SETTINGS
    guards = (participants_only,)
    tags = ("My settings",)

    @get("/receipts", summary="My receipts")
    async def listed(
        self, actor: NamedDependency[Actor], before: Before = None, count: Count = 20
    ) -> Receipts:
        """Every saved version of my settings."""
        found, following = await receipts.saved(actor, before=before, count=count)
        return Receipts([_line(each) for each in found], following)

    @get("/receipts/{version:int}", media_type=JOSE, summary="One receipt")
    async def receipt(self, version: Version, actor: NamedDependency[Actor]) -> Response[bytes]:
        """Compact JWS (EdDSA) over the RFC 8785 canonical JSON of the FHIR Consent. Check it with
        the keys at `/.well-known/jwks.json`."""
        jws = await receipts.receipt(actor, version)
        return Response(jws.encode(), media_type=JOSE, headers=_as_file(version))

    @get("/consent", media_type=FHIR_JSON, summary="My settings as FHIR Consent")
    async def current(self, actor: NamedDependency[Actor]) -> Response[bytes]:
        """What is in force now; `ETag` names the version."""
        version, body = await exchange.current(actor)
        return _consent(version, body)

    @get("/consent/{version:int}", media_type=FHIR_JSON, summary="An earlier version")
    async def past(self, version: Version, actor: NamedDependency[Actor]) -> Response[bytes]:
        """The very bytes the receipt of that version signs."""
        return _consent(version, await exchange.at_version(actor, version))

    @post(
        "/consent",
        status_code=200,
        media_type=FHIR_JSON,
        responses=BODY,
        summary="Take settings in from a FHIR Consent",
    )
    async def take(self, request: ApiRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """Puts the Consent (R4, in the shape of IHE PCF) in the place of my settings, as one new
        version. `If-Match` names the version it replaces: 409 when that is no longer the newest.
        422 where it does not fit; `where` gives the FHIRPath of every fault. Nothing is changed
        then."""
        body = await request.body()
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        async with both_shown(actor, locale):
            await exchange.take(actor, body, expected_version=_expected(request))
        return _consent(*await exchange.current(actor))


@get("/.well-known/jwks.json", guards=[anyone], opt=API, tags=["Systems"])
async def keys() -> Response[JsonWebKeys]:
    """The public keys receipts are checked with, retired ones too (RFC 7517)."""
    return Response(
        JsonWebKeys(list(runtime.keys().receipts.published())),
        headers={"cache-control": f"public, max-age={KEYS_SECONDS}"},
    )


def _line(saved: SavedVersion) -> ReceiptLine:
    change = saved.change if isinstance(saved.change, str) else "switches"
    return ReceiptLine(saved.version, saved.saved_at, change, saved.kid)


def _expected(request: ApiRequest) -> int:
    found = re.fullmatch(r'(?:W/)?"(\d{1,9})"', request.headers.get("if-match", ""), re.ASCII)
    if found is None:
        raise VersionNeeded
    return int(found.group(1))


def _consent(version: int, body: bytes) -> Response[bytes]:
    return Response(body, media_type=FHIR_JSON, headers={"etag": f'W/"{version}"'})


def _as_file(version: int) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="tsunagu-receipt-{version}.jws"'}


routes: list[ControllerRouterHandler] = [MyConsent, keys]
