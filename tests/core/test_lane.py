"""Calls that share a transaction: none is lost, none waits for nobody, one bad one harms itself."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import asyncpg
import pytest_asyncio

from api.core import lane as lanes
from api.core.actor import Actor, ActorKind
from api.core.database import DB
from api.core.errors import Unavailable
from api.core.ids import uuid7
from api.core.lane import Answer, Lane, Step
from tests.conftest import Deployment

READER = Actor(kind=ActorKind.SYSTEM, facility_id=uuid7(), purpose_of_use="TREAT")

PROBE = """
CREATE TYPE app.probe_call AS (context text, word text);
CREATE FUNCTION app.probe(p_calls app.probe_call[])
RETURNS TABLE (n bigint, word text, subject uuid, xid bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.check_calls(array_agg(c.context), array_agg(sha256(convert_to(c.word, 'UTF8'))))
    FROM unnest(p_calls) c;
  IF EXISTS (SELECT FROM unnest(p_calls) c WHERE c.word = 'bad') THEN
    RAISE EXCEPTION 'bad';
  END IF;
  RETURN QUERY SELECT c.n, c.word, split_part(c.context, '|', 4)::uuid,
      pg_current_xact_id()::text::bigint
    FROM unnest(p_calls) WITH ORDINALITY AS c(context, word, n)
    WHERE c.word <> 'unanswered' ORDER BY c.n DESC;
END $$;
REVOKE EXECUTE ON FUNCTION app.probe(app.probe_call[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.probe(app.probe_call[]) TO tsunagu_app;
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def probe(database: Deployment):
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute("SET ROLE tsunagu_owner")
    await admin.execute(PROBE)
    yield Lane("app.probe", "app.probe_call")
    await admin.execute("DROP FUNCTION app.probe; DROP TYPE app.probe_call")
    await admin.close()


async def ask(lane: Lane, subject: UUID, word: str) -> asyncpg.Record:
    digest = sha256(word.encode()).digest()
    return await asyncio.wait_for(lane.call(READER, subject, digest, [word]), 60)


async def test_many_calls_share_transactions_and_each_keeps_its_own_context(probe: Lane):
    subjects = [uuid7() for _ in range(100)]
    rows = await asyncio.gather(*(ask(probe, s, f"w{n}") for n, s in enumerate(subjects)))
    assert [row["subject"] for row in rows] == subjects
    assert [row["word"] for row in rows] == [f"w{n}" for n in range(100)]
    assert len({row["xid"] for row in rows}) < 100


async def test_a_call_the_function_says_nothing_of_is_told_so(probe: Lane):
    words = ["a", "unanswered", "b"]
    rows = await asyncio.gather(*(ask(probe, uuid7(), word) for word in words))
    assert [row and row["word"] for row in rows] == ["a", None, "b"]


async def test_no_call_waits_for_a_lane_that_has_gone(probe: Lane, monkeypatch):
    """A lane that is putting its connection back takes no more calls; a new one must open."""
    monkeypatch.setattr(lanes, "LANES", 1)

    async def visitor(number: int) -> int:
        for turn in range(40):
            await ask(probe, uuid7(), f"{number}-{turn}")
            await asyncio.sleep(0)
        return number

    assert await asyncio.gather(*map(visitor, range(8))) == list(range(8))


async def test_one_bad_call_fails_alone(probe: Lane, monkeypatch):
    monkeypatch.setattr(lanes, "LANES", 1)
    words = ["a", "b", "bad", "c", "d"]
    answers = await asyncio.gather(
        *(ask(probe, uuid7(), word) for word in words), return_exceptions=True
    )
    assert isinstance(answers[2], asyncpg.RaiseError)
    assert [a["word"] for a in answers if not isinstance(a, BaseException)] == ["a", "b", "c", "d"]


async def test_a_caller_who_leaves_costs_the_others_nothing(probe: Lane, monkeypatch):
    monkeypatch.setattr(lanes, "LANES", 1)
    tasks = [asyncio.create_task(ask(probe, uuid7(), f"x{n}")) for n in range(12)]
    await asyncio.sleep(0)
    tasks[5].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers.pop(5), asyncio.CancelledError)
    assert all(isinstance(answer, asyncpg.Record) for answer in answers)


async def test_what_is_committed_is_not_done_again_because_its_results_fail(
    probe: Lane, monkeypatch
):
    monkeypatch.setattr(lanes, "LANES", 1)
    asked: list[list[str]] = []

    async def then(_: object, answers: Sequence[Answer]) -> Step:
        asked.append([each.row["word"] for each in answers if each.row])

        def results() -> Sequence[str]:
            if len(asked) == 1:
                raise LookupError("no key to sign with")
            return asked[-1]

        return Step("SELECT", results)

    lane = Lane("app.probe", "app.probe_call", then)
    words = ["r1", "r2", "r3"]
    answers = await asyncio.gather(
        *(ask(lane, UUID(int=n), word) for n, word in enumerate(words)), return_exceptions=True
    )
    assert asked == [words], "once for all, and no more"
    assert all(isinstance(answer, LookupError) for answer in answers)
    assert await ask(lane, uuid7(), "r4") == "r4", "no transaction was left open"


async def test_without_a_database_every_waiting_call_is_told_so(probe: Lane, monkeypatch):
    class Gone:
        def acquire(self) -> None:
            raise ConnectionRefusedError

    monkeypatch.setattr(DB, "pool", Gone())
    answers = await asyncio.gather(
        *(ask(probe, uuid7(), f"y{n}") for n in range(50)), return_exceptions=True
    )
    assert all(isinstance(answer, Unavailable) for answer in answers)
