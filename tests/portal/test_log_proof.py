"""What a participant takes home verifies without trusting anybody, and only their own is there."""

import gzip
import time

import asyncpg
import httpx
import pytest

from api.access_log import service as access_log
from api.access_log import verifier
from api.access_log.events import EventName
from api.access_log.verifier import (
    Code,
    Outcome,
    Remembered,
    Verdict,
    parse_checkpoint,
    parse_note,
    parse_vkey,
)
from api.core.database import unit_of_work
from tests.access_log.sealed import seal
from tests.access_log.superuser import unguarded
from tests.conftest import Deployment
from tests.portal.scene import Visitor


def now() -> int:
    return time.time_ns() // 1000


async def verified(
    visitor: Visitor, query: str = "", remembered: Remembered | None = None
) -> Verdict:
    answer = await visitor.ask(f"/me/access-log/bundle{query}")
    assert answer.status_code == 200, answer.text
    keys = (await visitor.ask("/log/v1/keys")).json()["keys"]
    trusted = [] if remembered else [parse_vkey(keys[0])]
    return verifier.verify_bundle(answer.text, trusted, [], remembered, now())


async def happen(visitor: Visitor, count: int) -> None:
    async with unit_of_work(visitor.actor) as tx:
        for _ in range(count):
            await access_log.append(tx, EventName.DESK_CODE_MADE, detail={"level": 0})


async def test_hanako_verifies_her_whole_log(hanako: Visitor, database: Deployment):
    await happen(hanako, 5)
    await seal(database)
    verdict = await verified(hanako)
    assert verdict.findings == []
    assert verdict.outcome in (Outcome.VERIFIED, Outcome.PENDING)
    page = (await hanako.ask("/me/access-log")).json()
    assert [each.number for each in verdict.subject.events] == sorted(
        each["number"] for each in page["events"]
    )


async def test_what_was_verified_before_is_left_out_and_the_rest_follows(
    hanako: Visitor, database: Deployment
):
    await happen(hanako, 3)
    await seal(database)
    first = await verified(hanako)
    await happen(hanako, 2)
    await seal(database)
    size, last = first.subject.checkpoint.size, first.subject.events[-1].number
    again = await verified(hanako, f"?since={size}&from={last}", first.remember)
    assert again.findings == []
    assert again.subject.events[-1].number == last + 2
    unlinked = await verified(hanako, "", first.remember)
    assert [each.code for each in unlinked.findings] == [Code.UNLINKED]
    beyond = await verified(hanako, "?since=999999999&from=999999999")
    assert beyond.findings == []


async def test_an_event_of_this_moment_waits_with_a_receipt(hanako: Visitor, database: Deployment):
    await seal(database)
    await happen(hanako, 1)
    verdict = await verified(hanako)
    assert verdict.findings == []
    last = verdict.subject.events[-1]
    assert last.leaf is None or verdict.subject.checkpoint.size > last.leaf


async def test_one_event_has_a_proof_of_its_own(hanako: Visitor, database: Deployment):
    await happen(hanako, 2)
    await seal(database)
    key = parse_vkey((await hanako.ask("/log/v1/keys")).json()["keys"][0])
    answer = await hanako.ask("/me/access-log/2.tlog-proof")
    assert answer.headers["content-type"].startswith("text/plain")
    verdict = verifier.verify_proof(answer.text, [key], [], None, now())
    assert (verdict.outcome, verdict.findings) == (Outcome.VERIFIED, [])
    assert verdict.subject.number == 2


@pytest.mark.parametrize(
    "name",
    [
        "9999.tlog-proof",
        "0.tlog-proof",
        "1.proof",
        "x.tlog-proof",
        "00000000-0000-0000-0000-000000000007.tlog-proof",
        "１.tlog-proof",
        "-1.tlog-proof",
        f"{'9' * 30}.tlog-proof",
    ],
)  # fmt: skip
async def test_an_unknown_number_is_not_there(hanako: Visitor, name: str):
    assert (await hanako.ask(f"/me/access-log/{name}")).status_code == 404


async def test_yumi_gets_nothing_of_hanako(hanako: Visitor, yumi: Visitor, database: Deployment):
    await happen(hanako, 8)
    await seal(database)
    whose = hanako.actor.participant_id
    query = f"?participant_id={whose}&participant={whose}&subject={whose}"
    verdict = await verified(yumi, query)
    assert verdict.subject.participant == yumi.actor.participant_id
    assert str(whose) not in (await yumi.ask(f"/me/access-log/bundle{query}")).text
    absent = await yumi.ask("/me/access-log/8.tlog-proof")
    unknown = await yumi.ask("/me/access-log/9999.tlog-proof")
    assert (absent.status_code, absent.text) == (unknown.status_code, unknown.text)
    assert absent.status_code == 404


async def test_the_bundle_is_compressed_where_that_is_understood(
    hanako: Visitor, database: Deployment
):
    await seal(database)
    headers = {"authorization": f"Bearer {hanako.token}", "accept-encoding": "gzip"}
    async with hanako.browser.stream("GET", "/me/access-log/bundle", headers=headers) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw).startswith(b'{"format":"tsunagu-log-bundle/1"')
    plain = await hanako.browser.get(
        "/me/access-log/bundle", headers=headers | {"accept-encoding": "identity"}
    )
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "no-store"


async def test_the_page_fetches_the_same_bundle_with_its_cookie(
    hanako: Visitor, database: Deployment
):
    await seal(database)
    answer = await hanako.browser.get("/access-log/bundle?since=0&from=0")
    assert answer.status_code == 200
    assert answer.json()["participant"] == str(hanako.actor.participant_id)
    answer = await hanako.browser.get(
        "/access-log/bundle", headers={"cookie": "", "accept": "application/json"}
    )


async def test_anybody_follows_the_log_by_checkpoint_and_tiles(
    hanako: Visitor, database: Deployment, client: httpx.AsyncClient
):
    await happen(hanako, 3)
    await seal(database)
    answer = await client.get("/log/v1/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    note = parse_note(answer.text)
    size = parse_checkpoint(note.text).size
    keys = (await client.get("/log/v1/keys")).json()
    assert verifier.is_signed(note, parse_vkey(keys["keys"][0]))
    assert keys["origin"] == parse_checkpoint(note.text).origin
    width = min(size, 256)
    place = "0/000" if width == 256 else f"0/000.p/{width}"
    tile = await client.get(f"/log/v1/tile/{place}")
    assert tile.status_code == 200
    assert len(tile.content) == 32 * width
    assert "immutable" in tile.headers["cache-control"]
    part = await client.get("/log/v1/tile/0/000.p/1")
    assert part.content == tile.content[:32]
    for absent in ("0/x001/x000/000", "0/0", "9/000", "0/000.p/256", "0/000.p/0", "-1/000", "a",
                   "0/x999/x999/x999/x999/x999/x999/x999/999", "0/000/000"):  # fmt: skip
        assert (await client.get(f"/log/v1/tile/{absent}")).status_code == 404, absent
    assert (await client.get("/log/v1/verifier.py")).text == service_file()


def service_file() -> str:
    with open(verifier.__file__, encoding="utf-8") as file:
        return file.read()


async def test_a_body_that_does_not_open_is_an_error_and_never_a_log(
    hanako: Visitor, database: Deployment
):
    await happen(hanako, 2)
    await seal(database)
    admin = await asyncpg.connect(database.admin_dsn)
    whose = hanako.actor.participant_id
    await unguarded(
        admin,
        "UPDATE access_event SET sealed = sealed || '\\x00'::bytea"
        f" WHERE participant_id = '{whose}' AND pseq = 2",
    )
    answer = await hanako.ask("/me/access-log/bundle")
    assert (answer.status_code, answer.json()["type"]) == (
        500,
        "urn:tsunagu:problem:error.log.unreadable",
    )
    await admin.close()
