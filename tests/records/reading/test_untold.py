"""What Hanako is not told of yet is nowhere on her side: not in her app, her records or her log."""

from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.fhir.codes import INDICATION
from tests.attacks.conftest import connect_app, session_of
from tests.records.reading.scene import Emr, Someone, World, lab, someone
from tests.records.reading.twins import Question, answers


class Side(Emr):
    """Her own app by its session, or another house's app by its token, at any address."""

    async def send(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {**self.headers, "accept-language": "en"}
        more.pop("headers", None)
        return await self.http.request(method, path, headers=headers, **more)  # type: ignore[arg-type]


async def app_token(who: Someone) -> str:
    grant_id, token = await connect_app(who.actor), new_token()
    async with unit_of_work(who.actor) as tx:
        await tx.execute(
            "INSERT INTO app_token (account_id, token_hash, grant_id, kind, ends_at)"
            " VALUES (app.account(), $1, $2, 'access', now() + interval '1 hour')",
            sha256(token.encode()),
            grant_id,
        )
    return token


Pair = tuple[tuple[Someone, UUID], tuple[Someone, UUID]]


@pytest_asyncio.fixture(params=["UNINFORMED", "UNDELIVERED"])
async def pair(world: World, emr: Emr, request: pytest.FixtureRequest) -> Pair:
    """The first has three results she is not told of, between two she is; Dr Satō looked at both
    people's."""
    marked = {"meta": {"tag": [{"system": INDICATION, "code": request.param}]}}
    full, bare = await someone(world), await someone(world)
    for who in (full, bare):
        await who.has(lab("shown-0", "2026-01-01"))
    kept = await full.has(*(lab(f"kept-{n}", f"2026-01-0{n + 2}", **marked) for n in range(3)))
    for who in (full, bare):
        await who.has(lab("shown-1", "2026-01-09"))
        for pair_asked in ([], [("_count", 1)], [("code", "x")], [("_summary", "count")]):
            await emr.bundle("/Observation", ("patient", who.id), *pair_asked)
        await emr.bundle(f"/Patient/{who.id}/$everything")
    seen = await emr.bundle("/Observation", ("patient", full.id))
    assert seen["total"] == 5
    await emr.bundle("/Observation", ("patient", bare.id))
    return (full, kept[0]), (bare, uuid7())


def of_her_app(who: Someone, kept: UUID) -> list[Question]:
    paths = (
        "/me/records",
        "/me/records?category=lab",
        f"/me/records/{kept}",
        "/me/access-log?count=100",
        "/me/disclosure",
        "/me/notices",
    )
    return [("GET", path, [], {}) for path in paths]


def of_other_apps(who: Someone, kept: UUID) -> list[Question]:
    found: list[Question] = []
    for pairs in (
        [("patient", who.id)],
        [("patient", who.id), ("_count", 1)],
        [("_id", kept)],
        [],
    ):
        found.append(("GET", "/fhir/R4/Observation", list(pairs), {}))
    for path in (f"Observation/{kept}", f"Observation/{kept}/_history", f"Patient/{who.id}"):
        found.append(("GET", f"/fhir/R4/{path}", [], {}))
        found.append(("HEAD", f"/fhir/R4/{path}", [], {}))
    return found


async def test_her_own_side_looks_as_if_there_were_none(pair: Pair, http: httpx.AsyncClient):
    (full, kept), (bare, absent) = pair
    for questions, token in ((of_her_app, session_of), (of_other_apps, None)):
        sides = []
        for who in (full, bare):
            bearer = await app_token(who) if token is None else await token(who.actor)
            sides.append(Side(http, bearer))
        for one, two in zip(questions(full, kept), questions(bare, absent), strict=True):
            got, expected = await answers(sides[0], one), await answers(sides[1], two)
            assert got == expected, one
            assert "kept-" not in "".join(got)
