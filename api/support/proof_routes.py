"""The log's proofs: for everybody the sealed tree, for a participant their own log."""

import re
from typing import Annotated, Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.access_log.showing import service
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import API, anyone, participants_only
from api.proxies import safety as proxy_safety

ApiRequest = Request[Any, Any, Any]
TEXT = "text/plain"
FOR_EVER = "public, max-age=31536000, immutable"
A_MOMENT = "public, max-age=5"
PROOF = re.compile(r"([1-9][0-9]{0,17})\.tlog-proof")
BUNDLE = {
    200: ResponseSpec(
        dict[str, Any], generate_examples=False, description="Format `tsunagu-log-bundle/1`"
    )
}
Size = Annotated[
    int, QueryParameter(ge=0, le=2**62, description="The size of the tree verified last.")
]
After = Annotated[
    int,
    QueryParameter(
        name="from", ge=0, le=2**62, description="The last event the app has kept; left out."
    ),
]


class WitnessView(Struct):
    """`key` is a verifier key (c2sp.org/signed-note)."""

    key: str
    url: str
    is_mirror: bool


class LogKeys(Struct):
    """Verifier keys of the log, the newest first; signed notes of key changes, the oldest first."""

    origin: str
    keys: list[str]
    key_changes: list[str]
    witnesses: list[WitnessView]


class SealedLog(Controller):
    """Nothing here tells anything of anybody: hashes of hashes, and signatures over them."""

    path = "/log/v1"
    opt = API
    guards = (anyone,)
    tags = ("The sealed log",)

    @get("/checkpoint", media_type=TEXT, summary="The newest checkpoint")
    async def checkpoint(self) -> Response[str]:
        """A signed note with the cosignatures it has (c2sp.org/tlog-checkpoint). 404 before the
        first."""
        return Response(
            await service.checkpoint(), media_type=TEXT, headers={"cache-control": A_MOMENT}
        )

    @get("/tile/{tile:path}", media_type="application/octet-stream", summary="A tile")
    async def tile(self, tile: FromPath[str]) -> Response[bytes]:
        """`<level>/<index>[.p/<width>]`, height 8 (c2sp.org/tlog-tiles)."""
        found = await service.tile(tile.removeprefix("/"))
        return Response(
            found.hashes,
            media_type="application/octet-stream",
            headers={"cache-control": FOR_EVER},
        )

    @get("/keys", summary="The log's keys and witnesses")
    async def keys(self) -> Response[LogKeys]:
        """What checkpoints, receipts and cosignatures are checked with."""
        found = await service.keys()
        witnesses = [
            WitnessView(str(each.key), each.url, each.is_mirror) for each in found.witnesses
        ]
        return Response(
            LogKeys(found.origin, found.keys, found.key_changes, witnesses),
            headers={"cache-control": A_MOMENT},
        )

    @get("/verifier.py", media_type=TEXT, summary="The verifier")
    async def verifier(self) -> Response[bytes]:
        """One file for Python 3.11 with `cryptography`; it checks a bundle without this service."""
        return Response(service.VERIFIER.read_bytes(), media_type=TEXT)


class MyProof(Controller):
    path = "/me/access-log"
    opt = API
    guards = (participants_only,)
    tags = ("My access log",)

    @get(
        "/bundle",
        media_type="application/json",
        responses=BUNDLE,
        summary="My log, to be verified",
    )
    async def bundle(
        self, request: ApiRequest, actor: NamedDependency[Actor], since: Size = 0, after: After = 0
    ) -> Response[bytes]:
        """Every event of my log with the proof that nothing is missing or altered
        (`tsunagu-log-bundle/1`). 403 in safe mode. `since` asks for a proof that the tree only
        grew from that size. `from` leaves out events that were verified before, as far as the head
        map covers them."""
        proxy_safety.refuse_file(actor)
        accepted = request.headers.get("accept-encoding", "")
        body, headers = await service.bundle(actor, since=since, after=after, accepted=accepted)
        return Response(body, media_type="application/json", headers=headers)

    @get("/{name:str}", media_type=TEXT, summary="The proof for one event")
    async def proof(self, name: FromPath[str], actor: NamedDependency[Actor]) -> Response[str]:
        """`<number>.tlog-proof` (c2sp.org/tlog-proof). 404 until the event is in the tree."""
        found = PROOF.fullmatch(name)
        if found is None:
            raise NotFound
        return Response(await service.proof(actor, int(found[1])), media_type=TEXT)


routes: list[ControllerRouterHandler] = [SealedLog, MyProof]
